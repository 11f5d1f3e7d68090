// `serve` is ended, kindly and not, with clients that publish and consume: what is lost, what is left running, and what comes next.

import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Client } from "../broker/client.ts";
import { readDumps, restoreObject } from "../helpers/storage-dump.ts";
import { commandOf, folder, isRunning, Served, workerdOf } from "./served.ts";

const POLL = { timeout: 10_000, interval: 20 };
const FIXTURES = "test/fixtures/storage";
const PUBLISHERS = 8;
/** Answers before a kill. */
const ANSWERS = 150;
/** A body of more than the buffers of two sockets hold: 16 lines of a MB. */
const LINES = 16;
const LARGE = 1_000_000;

describe.skipIf(process.platform === "win32")("serve, killed under load,", () => {
  it("[SERVE8] loses nothing that was answered OK, whichever of its processes is killed, and starts again at once", async () => {
    const dir = await folder();
    const acknowledged: string[] = [];
    const delivered = new Set<string>();
    const victims = {
      "all of its group": (broker: Served) => process.kill(-broker.pid, "SIGKILL"),
      workerd: () => process.kill(workerdOf(dir), "SIGKILL"),
      "its own process": (broker: Served) => process.kill(broker.pid, "SIGKILL"),
    };
    for (const [victim, kill] of Object.entries(victims)) {
      const broker = await Served.start(dir);
      await order(broker, "/topic/create?topic=t");
      await order(broker, "/channel/create?topic=t&channel=c");
      const consumer = await consume(broker, delivered);
      const workerd = workerdOf(dir);
      const before = acknowledged.length;
      const publishing = Array.from({ length: PUBLISHERS }, (_, i) =>
        publishUntilGone(broker, `${victim} ${i}`, acknowledged),
      );
      await expect.poll(() => acknowledged.length - before, POLL).toBeGreaterThan(ANSWERS);
      kill(broker);
      const [{ status }] = await Promise.all([broker.ended(), ...publishing]);
      // That its own process ended by a signal makes it null.
      expect(status, victim).toBe(victim === "workerd" ? 1 : null);
      if (victim === "workerd")
        expect(await broker.logged("workerd ended by itself")).toMatchObject({ signal: "SIGKILL" });
      consumer.close();
      await expect.poll(() => isRunning(workerd), POLL).toBe(false);
    }
    const broker = await Served.start(dir);
    const consumer = await consume(broker, delivered);
    onTestFinished(() => consumer.close());
    const lost = () => acknowledged.filter((body) => !delivered.has(body));
    await expect.poll(lost, POLL).toEqual([]);
  });

  it.skipIf(process.platform !== "linux")(
    "[SERVE9] leaves no workerd behind: whatever watches over it is made again, and the next server ends an orphan",
    async () => {
      const dir = await folder();
      const broker = await Served.start(dir);
      const [watcher] = watchersOf(broker.pid);
      process.kill(watcher as number, "SIGKILL");
      await expect.poll(() => watchersOf(broker.pid).filter((pid) => pid !== watcher), POLL).toHaveLength(1);

      // With both gone in one instant nobody ends it.
      process.kill(broker.pid, "SIGSTOP");
      for (const pid of [...watchersOf(broker.pid), broker.pid]) process.kill(pid, "SIGKILL");
      await broker.ended();
      const orphan = workerdOf(dir);
      expect(isRunning(orphan)).toBe(true);
      const next = await Served.start(dir);
      expect(isRunning(orphan)).toBe(false);
      expect(await next.logged("ended what an earlier server left running")).toMatchObject({
        level: "warn",
        pid: orphan,
      });
      process.kill(next.pid, "SIGKILL");
      await expect.poll(() => isRunning(workerdOf(dir)), POLL).toBe(false);
    },
  );
});

describe.skipIf(process.platform === "win32")("serve, told to end,", () => {
  it("[SERVE10] takes no more requests, and answers what is under way", async () => {
    const broker = await Served.start(await folder(), [`--max-body-size=${LARGE * LINES}`, "--drain-timeout=1m"]);
    const upload = slowPublish(broker);
    await upload.begun;
    process.kill(broker.pid, "SIGTERM");
    await broker.logged("stopping");
    await expect.poll(() => isUnheard(broker), POLL).toBe(true);
    expect(await upload.end()).toBe("OK");
    expect(await broker.ended()).toMatchObject({ status: 0, stderr: expect.stringContaining('"stopped"') });
  });

  it("[SERVE10] saves what was finished before it ends, and does not wait for consumers to go", async () => {
    const dir = await folder();
    const broker = await Served.start(dir, ["--sync-timeout=300ms", "--drain-timeout=2s"]);
    const consumer = await Client.open(broker.tcp);
    onTestFinished(() => consumer.close());
    const ids: string[] = [];
    consumer.finishes = false;
    consumer.onMessage = (_, id) => ids.push(id);
    await consumer.subscribe("t", "c");
    consumer.ready(4);
    for (const body of ["m1", "m2", "m3", "m4"]) await publish(broker, body);
    await consumer.received(4);
    consumer.write(`FIN ${ids[0]}\nFIN ${ids[1]}\n`);
    process.kill(broker.pid, "SIGTERM");
    expect(await broker.ended()).toMatchObject({ status: 0 });

    const next = await Served.start(dir);
    const delivered = new Set<string>();
    const other = await consume(next, delivered);
    onTestFinished(() => other.close());
    await other.received(2);
    expect([...delivered].sort()).toEqual(["m3", "m4"]);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("[SERVE10] ends at once at a second %s", async (signal) => {
    const dir = await folder();
    const broker = await Served.start(dir);
    const consumer = await Client.open(broker.tcp);
    onTestFinished(() => consumer.close());
    await consumer.subscribe("t", "c");
    process.kill(broker.pid, signal);
    await broker.logged("stopping");
    process.kill(broker.pid, signal);
    const { status, stderr } = await broker.ended();
    expect(status).toBe(130);
    expect(stderr).not.toContain("stopped");
    await expect.poll(() => isRunning(workerdOf(dir)), POLL).toBe(false);
  });
});

describe.skipIf(process.platform === "win32")("serve, on what earlier versions have stored,", () => {
  const versions = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it.each([versions[0]?.name, versions.at(-1)?.name] as string[])(
    "[SERVE11] goes on with all of it: %s",
    async (version) => {
      const dir = await folder();
      for (const dump of readDumps(join(FIXTURES, version))) restoreObject(dir, dump);
      const broker = await Served.start(dir);
      const { topics } = (await (await fetch(`${broker.http}/stats?format=json`)).json()) as {
        topics: { topic_name: string; message_count: number }[];
      };
      expect(topics.map(({ topic_name, message_count }) => `${topic_name} ${message_count}`)).toEqual([
        ...["again 2", "alone 2", "clients 2", "emptied 4", "held-back 3", "orders 12", "paused 2"],
      ]);
      const delivered = new Set<string>();
      const consumer = await consume(broker, delivered, "orders", "audit");
      onTestFinished(() => consumer.close());
      await consumer.received(6);
      expect([...delivered]).toEqual(["o6", "o7", "o8", "o10", "o11", "o12"]);
    },
  );
});

async function publish({ http }: Served, body: string): Promise<string> {
  return (await fetch(`${http}/pub?topic=t`, { method: "POST", body })).text();
}

async function order({ http }: Served, path: string): Promise<void> {
  expect((await fetch(http + path, { method: "POST" })).status).toBe(200);
}

/** One message after the other, until the broker is gone. */
async function publishUntilGone(broker: Served, name: string, acknowledged: string[]): Promise<void> {
  for (let n = 0; ; n++) {
    const body = `${name} ${n}`;
    const answer = await publish(broker, body).catch(() => null);
    if (answer === null) return;
    expect(answer).toBe("OK");
    acknowledged.push(body);
  }
}

async function consume({ tcp }: Served, delivered: Set<string>, topic = "t", channel = "c"): Promise<Client> {
  const consumer = await Client.open(tcp);
  consumer.onMessage = (body) => delivered.add(`${body}`);
  await consumer.subscribe(topic, channel);
  consumer.ready(20);
  return consumer;
}

/** Most of the lines of a body, of which the broker has read some before there was room for the last; and the rest when it is told to. */
function slowPublish({ http }: Served): { begun: Promise<void>; end(): Promise<string> } {
  const lines = Array.from({ length: LINES }, (_, n) => `slow ${n} `.padEnd(LARGE - 1, "x"));
  const body = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  const most = LARGE * (LINES - 2);
  const upload = request(`${http}/mpub?topic=t`, { method: "POST", headers: { "Content-Length": body.length } });
  const answer = Promise.withResolvers<string>();
  upload.on("error", answer.reject).on("response", (response) => {
    response.on("data", (chunk) => answer.resolve(String(chunk)));
  });
  return {
    begun: new Promise((resolve) => upload.write(body.subarray(0, most), () => resolve())),
    end: () => {
      upload.end(body.subarray(most));
      return answer.promise;
    },
  };
}

/** Whether a new request gets no answer: until all are answered that workerd has, the kernel still takes connections for it. */
function isUnheard({ http }: Served): Promise<boolean> {
  return fetch(`${http}/ping`, { signal: AbortSignal.timeout(500) }).then(
    () => false,
    () => true,
  );
}

/** The shells among the children of a process. */
function watchersOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return children.filter((child) => commandOf(child).startsWith("/bin/sh"));
}
