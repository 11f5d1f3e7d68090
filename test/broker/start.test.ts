// `npm start` as a user runs it, in a copy of the project with ports of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { Client } from "./client.ts";
import { copyProject } from "./project-copy.ts";

const MINUTE = 60_000;
/** On a busy machine; 3 s else. */
const STARTED_WITHIN_MS = 45_000;
const STOPPED_WITHIN_MS = 10_000;
const POLL = { timeout: 10_000, interval: 20 };
/** The clocks of two processes, in whole ms. */
const CLOCK_MS = 3;
/** What a user's shell would not hand on: the test runner's own settings. */
const NOT_INHERITED = /^(VITEST|NODE_ENV$|WRANGLER_|CLOUDFLARE_|X_LOCAL_|npm_)/;
/** In what is printed: warnings, errors, and look-ups in the network that failed or brought news. */
const COMPLAINT =
  /warn|error|fail|unable|cannot|could not|fetch|ENOTFOUND|EAI_AGAIN|update available|out of date|[▲✘]/i;

interface Started {
  /** The leader of a process group that all belong to. */
  readonly npm: ChildProcess;
  readonly http: string;
  readonly ws: string;
  readonly tcp: string;
  /** What it has printed. */
  readonly output: string;
  /** Ends what is left of it, and removes its folder. */
  remove(): Promise<void>;
}

interface Received {
  readonly body: string;
  readonly at: number;
}

const consumers: Client[] = [];
afterEach(() => {
  for (const consumer of consumers.splice(0)) consumer.close();
});

describe.skipIf(process.platform === "win32")("npm start", () => {
  let broker: Started;
  beforeAll(async () => {
    broker = await start();
  }, MINUTE);
  afterAll(() => broker.remove());

  it("[RUN1] [DOOR1] serves HTTP, WebSocket and TCP", { timeout: MINUTE }, async () => {
    const received = await Promise.all([consume(broker.tcp, "tcp"), consume(broker.ws, "websocket")]);
    const bodies = () => received.map((messages) => messages.map(({ body }) => body));

    expect(await publish(broker, "hello world 1")).toBe("OK");
    await expect.poll(bodies, POLL).toEqual([["hello world 1"], ["hello world 1"]]);

    const publishedAt = performance.now();
    expect(await publish(broker, "hello world 2", "&defer=1500")).toBe("OK");
    await expect.poll(bodies, POLL).toEqual(Array(2).fill(["hello world 1", "hello world 2"]));
    for (const messages of received) {
      expect((messages[1]?.at ?? 0) - publishedAt).toBeGreaterThanOrEqual(1_500 - CLOCK_MS);
    }
  });

  it("[RUN1] prints nothing that a user would wonder about", () => {
    expect(broker.output.split("\n").filter((line) => COMPLAINT.test(line))).toEqual([]);
    expect(broker.output).toContain("TOPIC(test): created");
    expect(broker.output).not.toContain("/pub");
  });

  it("[AUTH9] says on one line that it is open", () => {
    expect(
      broker.output.split("\n").filter((line) => line.includes("INFO: open: whoever can reach this broker may use it")),
    ).toHaveLength(1);
  });
});

describe.skipIf(process.platform === "win32")("npm start, with clients connected,", () => {
  it.each(["SIGTERM to npm", "Ctrl-C"])(
    "[RUN1] ends with all its processes on %s",
    { timeout: MINUTE },
    async (how) => {
      const broker = await start();
      onTestFinished(() => broker.remove());
      await openConsumer(broker.tcp, "tcp");
      await openConsumer(broker.ws, "websocket");
      if (how === "Ctrl-C") signalGroup(broker.npm, "SIGINT");
      else broker.npm.kill("SIGTERM");
      await expect.poll(() => signalGroup(broker.npm, 0), { ...POLL, timeout: STOPPED_WITHIN_MS }).toBe(false);
      expect(await ping(broker.http)).not.toBe("OK");
    },
  );
});

/** Starts it and waits until it answers. */
async function start(): Promise<Started> {
  const project = await copyProject();
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name)));
  const npm = spawn("npm", ["start", "--", "--port", "0"], {
    cwd: project.dir,
    env: { ...env, npm_config_loglevel: "error" }, // npm's own warnings are about the user's own settings
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // so that it leads a process group
  });
  let output = "";
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += stripVTControlCharacters(String(chunk));
    });
  }
  const remove = async (): Promise<void> => {
    signalGroup(npm, "SIGKILL");
    await project.remove();
  };
  const url = (): string => /Ready on (http:\/\/\S+)/.exec(output)?.[1] ?? "";
  const ended = once(npm, "exit").then(() => Promise.reject(new Error(`it ended:\n${output}`)));
  ended.catch(() => {}); // later it ends because it is asked to
  try {
    const answers = vi.waitUntil(async () => (await ping(url())) === "OK", { ...POLL, timeout: STARTED_WITHIN_MS });
    await Promise.race([answers, ended]);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    npm,
    http: url(),
    ws: `${url().replace("http", "ws")}/v2`,
    tcp: `127.0.0.1:${project.tcpPort}`,
    get output() {
      return output;
    },
    remove,
  };
}

function ping(http: string): Promise<string> {
  return fetch(`${http}/ping`).then(
    (response) => response.text(),
    (error: Error) => error.message,
  );
}

/** As `curl -d`. */
async function publish({ http }: Started, body: string, more = ""): Promise<string> {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const response = await fetch(`${http}/pub?topic=test${more}`, { method: "POST", headers, body });
  return response.text();
}

/** What a consumer receives, as it comes. */
async function consume(address: string, channel: string): Promise<Received[]> {
  const received: Received[] = [];
  const consumer = await openConsumer(address, channel);
  consumer.onMessage = (body) => received.push({ body: String(body), at: performance.now() });
  consumer.ready(1);
  return received;
}

async function openConsumer(address: string, channel: string): Promise<Client> {
  const consumer = await Client.open(address);
  consumers.push(consumer);
  await consumer.subscribe("test", channel);
  return consumer;
}

/** False when no process of the group is left. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
