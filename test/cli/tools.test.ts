// NSQ's tools, against a broker and against the real nsqd.

import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { channelStats } from "../broker/stats.ts";
import { freePort } from "../helpers/free-port.ts";
import { CliProcess, type Outcome, runCli } from "./run-cli.ts";
import { HAS_NSQD, publish, publishMany, type Servers, startServers, TARGETS, type Target } from "./servers.ts";

const POLL = { timeout: 30_000, interval: 20 };
/** go-nsq's options, so that what fails comes again soon. */
const SOON = ["--consumer-opt", "default_requeue_delay,10ms", "--consumer-opt", "backoff_multiplier,10ms"];
const DONE = { status: 0, stdout: "", stderr: "" };

let servers: Servers;
const ends: (() => void)[] = [];
let topics = 0;

beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers?.stop());
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function newTopic(): string {
  return `tools-${process.pid}-${++topics}`;
}

function start(...args: string[]): CliProcess {
  const started = new CliProcess(args, { stdin: "" });
  ends.push(() => started.child.kill("SIGKILL"));
  return started;
}

/** A web server that notes what it is asked; `answer` says with which status, and when. */
async function startHook(answer: (count: number) => number) {
  const seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
    response.writeHead(answer(seen.length), { Location: "/elsewhere" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Resolves when all of so many messages, at least, are finished. */
async function drained(target: Target, topic: string, channel: string, count = 1): Promise<void> {
  await vi.waitFor(async () => {
    const stats = await channelStats(target.http, topic, channel);
    expect(stats).toMatchObject({ depth: 0, in_flight_count: 0, deferred_count: 0 });
    expect(stats?.message_count).toBeGreaterThanOrEqual(count);
  }, POLL);
}

describe.each(TARGETS)("against %s", (name) => {
  const test = it.skipIf(name === "nsqd" && !HAS_NSQD);
  /** What does not depend on how the tool is connected need not be tried twice. */
  const testOnce = it.skipIf(name === "broker over TCP" || (name === "nsqd" && !HAS_NSQD));
  const target = () => servers.target(name) as Target;

  testOnce("[CLI4] pub publishes what is given, or stdin as it is", async () => {
    const { api, source } = target();
    const topic = newTopic();
    expect(await runCli(["pub", topic, "one", "two", ...api])).toEqual(DONE);
    expect(await runCli(["pub", topic, ...api, "--json"], { stdin: "three\nlines\n" })).toEqual({
      ...DONE,
      stdout: `{"topic":"${topic}","messages":1}\n`,
    });
    const { stdout } = await runCli(["tail", "--topic", topic, "-n", "3", ...source]);
    expect(stdout.replace("three\nlines\n\n", "").split("\n").sort()).toEqual(["", "one", "two"]);
    expect(stdout).toContain("three\nlines\n\n");
  });

  testOnce("[CLI4] pub --defer publishes for later", async () => {
    const { api, http } = target();
    const topic = newTopic();
    expect(await runCli(["topic", "create", topic, ...api])).toEqual(DONE);
    expect(await runCli(["channel", "create", topic, "c", ...api])).toEqual(DONE);
    expect(await runCli(["pub", topic, "later", "too", "--defer", "1h", ...api])).toEqual(DONE);
    await vi.waitFor(async () => {
      expect(await channelStats(http, topic, "c")).toMatchObject({ deferred_count: 2 });
    }, POLL);
  });

  test("[CLI5] tail prints each message on a line, and finishes it; after n it ends, and gives back the rest", async () => {
    const { http, source } = target();
    const topic = newTopic();
    await publishMany(http, topic, 10, 3);
    const { status, stdout } = await runCli([
      "tail",
      "-topic",
      topic,
      "--channel=c",
      "-n=4",
      "--print-topic",
      ...source,
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${topic} | xxx\n`.repeat(4) });
    await vi.waitFor(async () => {
      expect(await channelStats(http, topic, "c")).toMatchObject({ depth: 6, in_flight_count: 0, client_count: 0 });
    }, POLL);
  });

  testOnce("[CLI5] tail takes several topics, and has a channel of its own that goes with it", async () => {
    const { http, source, api } = target();
    const [a, b] = [newTopic(), newTopic()];
    await publish(http, a, "from a");
    await publish(http, b, "from b");
    const tail = start("tail", "--topic", a, "--topic", b, "--json", ...source);
    await tail.printed("from a");
    await tail.printed("from b");
    const [line] = tail.stdout.split("\n").filter((line) => line.includes("from a"));
    const { stdout: channels } = await runCli(["channels", a, ...api]);
    expect(channels).toMatch(/^tail\d{6}#ephemeral /m);
    expect(JSON.parse(line as string)).toEqual({
      topic: a,
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      timestamp: expect.stringMatching(/^\d{19}$/),
      attempts: 1,
      body: "from a",
    });
    expect(await tail.stop("SIGINT")).toMatchObject({ status: 0, stderr: "" });
    await vi.waitFor(async () => {
      expect((await runCli(["channels", a, "--json", ...api])).stdout).toBe("[]\n");
    }, POLL);
  });

  testOnce("[CLI6] stat prints nsq_stat's columns, and the same as JSON", async () => {
    const { http, api } = target();
    const topic = newTopic();
    await publishMany(http, topic, 7, 3);
    expect(await runCli(["channel", "create", topic, "c", ...api])).toEqual(DONE);
    await vi.waitFor(async () => expect(await channelStats(http, topic, "c")).toMatchObject({ depth: 7 }), POLL);
    const stat = ["stat", "--topic", topic, "--channel", "c", "--interval", "10ms", ...api];
    const { status, stdout } = await runCli([...stat, "--count", "2"]);
    const row = "      0       0 |       7       7       0     0     0 |       0       0            7       0\n";
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `${[
        "------rate------+----------------depth----------------+--------------metadata---------------",
        "ingress  egress |   total     mem    disk inflt   def |     req     t-o         msgs clients",
      ].join("\n")}\n${row}${row}`,
    });
    const { stdout: json } = await runCli([...stat, "--count", "1", "--json"]);
    expect(JSON.parse(json)).toMatchObject({ ingress: 0, egress: 0, depth: 7, message_count: 7, client_count: 0 });
  });

  test("[CLI5] tail with several topics ends when each has had its n, and gives no message up meanwhile", async () => {
    const { http, source } = target();
    const [a, b] = [newTopic(), newTopic()];
    await publish(http, a, "first", "second");
    const tail = start("tail", "--topic", a, "--topic", b, "-n", "1", "--channel", "c", ...source);
    await tail.printed("first");
    await vi.waitFor(async () => {
      // It wants no more of a topic that has had its n: so the second one comes back once at most.
      expect(await channelStats(http, a, "c")).toMatchObject({
        depth: 1,
        in_flight_count: 0,
        clients: [{ ready_count: 0 }],
      });
    }, POLL);
    await publish(http, b, "other");
    expect(await tail.ended).toMatchObject({ status: 0, stderr: "" });
    const stats = await channelStats(http, a, "c");
    expect(stats?.depth).toBe(1);
    expect(stats?.requeue_count).toBeLessThanOrEqual(1);
  });

  test("[CLI7] to-nsq publishes each piece of stdin that is not empty", async () => {
    const { destination, source } = target();
    const topic = newTopic();
    const published = await runCli(["to-nsq", "--topic", topic, "--delimiter", ",", "--json", ...destination], {
      stdin: "a,,b\n,last",
    });
    expect(published).toEqual({ ...DONE, stdout: `{"topic":"${topic}","messages":3}\n` });
    const { stdout } = await runCli(["tail", "--topic", topic, "-n", "3", ...source]);
    expect(stdout.replace("b\n\n", "").split("\n").sort()).toEqual(["", "a", "last"]);
  });

  test("[CLI7] to-nsq says how many were stored before one was refused", async () => {
    const { destination } = target();
    const stdin = `small\n${"x".repeat(2 * 2 ** 20)}\n`;
    const { status, stderr } = await runCli(["to-nsq", "--topic", newTopic(), ...destination], { stdin });
    expect(status).toBe(1);
    // TCP may reset the connection before the error has come.
    expect(stderr).toMatch(/^nsq-edge: [01] messages were stored before that\nnsq-edge: [^\n]+\n$/);
    if (name === "broker") expect(stderr).toContain("1 messages were stored before that\nnsq-edge: E_BAD_MESSAGE ");
  });

  test("[CLI8] to-file has every message on disk before it finishes it, though it is killed again and again", async () => {
    const { http, source } = target();
    const topic = newTopic();
    const count = 400;
    const bodies = Array.from({ length: count }, (_, at) => `message ${at}`);
    await publish(http, topic, "message 0");
    await runCli(["to-nsq", "--topic", topic, ...target().destination], { stdin: bodies.slice(1).join("\n") });
    const dir = mkdtempSync(join(tmpdir(), "nsq-edge-"));
    const lines = () =>
      readdirSync(dir).flatMap((file) =>
        readFileSync(join(dir, file), "utf8")
          .split("\n")
          .filter((line) => line !== ""),
      );
    // What was in flight to one that was killed comes again after its time.
    const soon = ["--sync-interval", "50ms", "--consumer-opt", "msg_timeout,1s"];
    const args = ["to-file", "--topic", topic, "--output-dir", dir, "--max-in-flight", "10", ...soon, ...source];
    for (const killedAt of [1, 100, 200]) {
      const tool = start(...args);
      await vi.waitFor(() => expect(lines().length).toBeGreaterThanOrEqual(killedAt), POLL);
      await tool.stop("SIGKILL");
      // What was finished is there, whatever else is.
      const stats = await channelStats(http, topic, "nsq_to_file");
      const finished = (stats?.message_count ?? 0) - (stats?.depth ?? 0) - (stats?.in_flight_count ?? 0);
      expect(new Set(lines()).size).toBeGreaterThanOrEqual(finished);
    }
    const tool = start(...args);
    await drained(target(), topic, "nsq_to_file", count);
    expect(await tool.stop()).toMatchObject({ status: 0 });
    expect([...new Set(lines())].filter((line) => bodies.includes(line)).sort()).toEqual([...bodies].sort());
  });

  testOnce("[CLI8] to-file ends when it cannot write, and has finished nothing", async () => {
    const { http, source } = target();
    const topic = newTopic();
    await publish(http, topic, "precious");
    const flags = ["--output-dir", "/dev", "--filename-format", "full", ...source];
    const { status, stderr } = await runCli(["to-file", "--topic", topic, "--max-in-flight", "1", ...flags]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^nsq-edge: cannot write: ENOSPC[^\n]*\n$/),
    });
    const stats = await channelStats(http, topic, "nsq_to_file");
    expect((stats?.depth ?? 0) + (stats?.in_flight_count ?? 0)).toBe(1);
  });

  testOnce(
    "[CLI8] to-file that cannot write what it still has, when it is told to end, says so and has finished nothing",
    async () => {
      const { http, source } = target();
      const topic = newTopic();
      await publish(http, topic, "precious");
      const flags = ["--output-dir", "/dev", "--filename-format", "full", "--sync-interval", "1h", ...source];
      const tool = start("to-file", "--topic", topic, ...flags);
      await vi.waitFor(async () => {
        expect(await channelStats(http, topic, "nsq_to_file")).toMatchObject({ in_flight_count: 1 });
      }, POLL);
      const { status, stderr } = await tool.stop();
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/^nsq-edge: cannot write: ENOSPC[^\n]*\n$/),
      });
      const stats = await channelStats(http, topic, "nsq_to_file");
      expect((stats?.depth ?? 0) + (stats?.in_flight_count ?? 0)).toBe(1);
    },
  );

  testOnce("[CLI10] to-http finishes what the server took, and requeues the rest until it takes it", async () => {
    const { http, source } = target();
    const topic = newTopic();
    await publish(http, topic, "a", "b");
    const hook = await startHook((count) => (count <= 3 ? 503 : 201));
    const header = ["--header", "X-Test: yes: no", "--content-type", "text/plain"];
    const tool = start("to-http", "--topic", topic, "--post", `${hook.url}/hook`, ...header, ...SOON, ...source);
    await drained(target(), topic, "nsq_to_http", 2);
    const { status, stderr } = await tool.stop();
    expect(status).toBe(0);
    expect(stderr).toMatch(/^nsq-edge: message [0-9a-f]{16}: 127\.0\.0\.1:\d+ answered 503$/m);
    expect(hook.seen.length).toBe(5);
    expect(new Set(hook.seen.slice(3).map(({ body }) => body))).toEqual(new Set(["a", "b"]));
    expect(hook.seen[0]).toMatchObject({
      method: "POST",
      url: "/hook",
      headers: { "x-test": "yes: no", "content-type": "text/plain" },
    });
  });

  testOnce("[CLI10] to-http --get puts the message into the URL, and wants 200", async () => {
    const { http, source } = target();
    const topic = newTopic();
    await publish(http, topic, "a b&é");
    const hook = await startHook((count) => (count === 1 ? 204 : 200));
    const tool = start("to-http", "--topic", topic, "--get", `${hook.url}/?m=%s`, ...SOON, ...source);
    await vi.waitFor(() => expect(hook.seen.length).toBe(2), POLL);
    await drained(target(), topic, "nsq_to_http");
    expect(hook.seen[1]).toMatchObject({ method: "GET", url: "/?m=a+b%26%C3%A9" });
    expect((await tool.stop()).status).toBe(0);
  });

  testOnce("[CLI10] to-http --mode all sends a message to all, and --sample 0 to none", async () => {
    const { http, source } = target();
    const topic = newTopic();
    const hook = await startHook(() => 200);
    const posts = ["--post", `${hook.url}/1`, "--post", `${hook.url}/2`];
    const toAll = start("to-http", "--topic", topic, "--channel", "all", "--mode", "all", ...posts, ...source);
    const toNone = start("to-http", "--topic", topic, "--channel", "none", "--sample", "0", ...posts, ...source);
    for (const channel of ["all", "none"]) {
      await vi.waitFor(async () => {
        expect(await channelStats(http, topic, channel)).toMatchObject({ client_count: 1 });
      }, POLL);
    }
    await publish(http, topic, "a");
    for (const channel of ["all", "none"]) await drained(target(), topic, channel, 1);
    expect(hook.seen.map(({ url }) => url)).toEqual(["/1", "/2"]);
    await Promise.all([toAll.stop(), toNone.stop()]);
    expect(hook.seen.length).toBe(2);
  });

  test("[CLI11] to-nsq-topic publishes what passes its filter, and finishes it when it is stored", async () => {
    const { http, source, destination } = target();
    const [from, to] = [newTopic(), newTopic()];
    await publish(http, from, '{"kind":"x","n":1,"secret":2}', '{"kind":"y"}', "no JSON");
    const [flag, address] = destination as [string, string];
    const there = flag === "--url" ? ["--destination-url", address] : ["--destination-nsqd-tcp-address", address];
    const filter = ["--require-json-field", "kind", "--require-json-value", "x", "--whitelist-json-field", "n"];
    const tool = start("to-nsq-topic", "--topic", from, "--destination-topic", to, ...filter, ...there, ...source);
    await drained(target(), from, "nsq_to_nsq", 3);
    const { stdout } = await runCli(["tail", "--topic", to, "-n", "1", ...source]);
    expect(stdout).toBe('{"n":1}\n');
    const { status, stderr } = await tool.stop();
    expect(status).toBe(0);
    expect(stderr).toMatch(/^nsq-edge: message [0-9a-f]{16} is no JSON object, and is dropped\n$/);
  });

  testOnce("[CLI15] topics and channels are listed and steered", async () => {
    const { http, api } = target();
    const topic = newTopic();
    const order = (...args: string[]): Promise<Outcome> => runCli([...args, ...api]);
    expect(await order("topic", "create", topic, "--json")).toMatchObject({
      status: 0,
      stdout: `{"topic":"${topic}","action":"create"}\n`,
    });
    for (const args of [
      ["channel", "create", topic, "c"],
      ["topic", "pause", topic],
      ["channel", "pause", topic, "c"],
    ]) {
      expect(await order(...args)).toEqual(DONE);
    }
    await publish(http, topic, "a");
    expect((await order("topics")).stdout).toMatch(new RegExp(`^${topic} +1 +1 +1  paused$`, "m"));
    expect((await order("channels", topic)).stdout).toMatch(/^c +0 +0 +0 +0 +0 +0 +0 {2}paused$/m);
    for (const args of [
      ["topic", "unpause", topic],
      ["channel", "unpause", topic, "c"],
    ])
      expect(await order(...args)).toEqual(DONE);
    await vi.waitFor(async () => {
      expect(JSON.parse((await order("channels", topic, "--json")).stdout)).toMatchObject([
        { channel_name: "c", depth: 1, paused: false },
      ]);
    }, POLL);
    expect(await order("channel", "empty", topic, "c")).toEqual(DONE);
    expect(JSON.parse((await order("channels", topic, "--json")).stdout)).toMatchObject([{ depth: 0 }]);
    expect(await order("topic", "empty", topic)).toEqual(DONE);
    expect(await order("channel", "delete", topic, "c")).toEqual(DONE);
    expect(await order("topic", "delete", topic)).toEqual(DONE);
    expect(await order("channels", topic)).toEqual({
      status: 3,
      stdout: "",
      stderr: `nsq-edge: there is no topic ${topic}\n`,
    });
    expect(await order("topic", "delete", topic)).toMatchObject({
      status: 3,
      stderr: `nsq-edge: there is no topic ${topic}\n`,
    });
  });
});

describe("a tool", () => {
  it("[CLI4] finds producers through a lookup", async () => {
    const { http } = servers.target("broker") as Target;
    const { source } = servers.target("broker over TCP") as Target;
    const topic = newTopic();
    await publish(http, topic, "found");
    // The broker says that it is at port 4150, where it is not: what is looked up is reached where the look-up says.
    const producer = { broadcast_address: "127.0.0.1", tcp_port: Number(source[1]?.split(":")[1]), http_port: 1 };
    const lookup = createServer((_, response) => {
      response
        .writeHead(200, { "Content-Type": "application/json" })
        .end(JSON.stringify({ channels: [], producers: [producer] }));
    });
    lookup.listen(0, "127.0.0.1");
    await once(lookup, "listening");
    ends.push(() => lookup.close());
    const address = `127.0.0.1:${(lookup.address() as AddressInfo).port}`;
    const { stdout } = await runCli(["tail", "--topic", topic, "-n", "1", "--lookupd-http-address", address]);
    expect(stdout).toBe("found\n");
  });

  it("[CLI4] goes on when one lookup is gone, or names a producer that is", async () => {
    const { http } = servers.target("broker") as Target;
    const { source } = servers.target("broker over TCP") as Target;
    const topic = newTopic();
    await publish(http, topic, "found");
    const gone = await freePort();
    const producers = [gone, Number(source[1]?.split(":")[1])].map((tcp_port) => {
      return { broadcast_address: "127.0.0.1", tcp_port, http_port: 1 };
    });
    const lookup = createServer((_, response) => {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ channels: [], producers }));
    });
    lookup.listen(0, "127.0.0.1");
    await once(lookup, "listening");
    ends.push(() => lookup.close());
    const addresses = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${(lookup.address() as AddressInfo).port}`];
    const lookups = addresses.flatMap((address) => ["--lookupd-http-address", address]);
    const { status, stdout } = await runCli(["tail", "--topic", topic, "-n", "1", ...lookups]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "found\n" });
  });

  it("[CLI10] to-http does not take being sent elsewhere for success", async () => {
    const target = servers.target("broker") as Target;
    const topic = newTopic();
    await publish(target.http, topic, "a");
    const hook = await startHook((count) => (count === 1 ? 302 : 200));
    const tool = start("to-http", "--topic", topic, "--post", hook.url, ...SOON, ...target.source);
    await drained(target, topic, "nsq_to_http");
    expect((await tool.stop()).stderr).toContain("answered 302");
    expect(hook.seen.map(({ method, body }) => [method, body])).toEqual(Array(2).fill(["POST", "a"]));
  });

  it("[CLI9] to-file takes all topics that match a pattern, also those to come", async () => {
    const target = servers.target("broker") as Target;
    const prefix = newTopic();
    const dir = mkdtempSync(join(tmpdir(), "nsq-edge-"));
    await publish(target.http, `${prefix}.a`, "a");
    await publish(target.http, `not-${prefix}.b`, "not this");
    const flags = [
      "--topic-pattern",
      `^${prefix}\\.`,
      "--topic-refresh",
      "50ms",
      "--output-dir",
      dir,
      "--filename-format",
      "<TOPIC>",
    ];
    const tool = start("to-file", ...flags, "--sync-interval", "20ms", ...target.source);
    await drained(target, `${prefix}.a`, "nsq_to_file");
    await publish(target.http, `${prefix}.c`, "c");
    await vi.waitFor(async () => {
      expect(await channelStats(target.http, `${prefix}.c`, "nsq_to_file")).toMatchObject({
        depth: 0,
        in_flight_count: 0,
      });
    }, POLL);
    expect((await tool.stop()).status).toBe(0);
    expect(readdirSync(dir).sort()).toEqual([`${prefix}.a`, `${prefix}.c`]);
    expect(readFileSync(join(dir, `${prefix}.c`), "utf8")).toBe("c\n");
  });

  it("[CLI12] that is told to end answers what is in flight first", async () => {
    const target = servers.target("broker") as Target;
    const topic = newTopic();
    await publish(target.http, topic, "slow");
    const answer = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const server = createServer(async (_, response) => {
      asked.resolve();
      await answer.promise;
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const tool = start("to-http", "--topic", topic, "--post", url, ...target.source);
    await asked.promise;
    const ended = tool.stop("SIGTERM");
    answer.resolve();
    expect(await ended).toEqual(DONE);
    expect(await channelStats(target.http, topic, "nsq_to_http")).toMatchObject({
      depth: 0,
      in_flight_count: 0,
      requeue_count: 0,
    });
  });

  it("[CLI12] that is told twice does not wait", async () => {
    const target = servers.target("broker") as Target;
    const topic = newTopic();
    await publish(target.http, topic, "never answered");
    const asked = Promise.withResolvers<void>();
    const server = createServer(() => asked.resolve());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const tool = start(
      "to-http",
      "--topic",
      topic,
      "--post",
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      ...target.source,
    );
    await asked.promise;
    tool.child.kill("SIGINT");
    await vi
      .waitFor(async () => {
        // It has heard the first one when it takes no more.
        expect(await channelStats(target.http, topic, "nsq_to_http")).toMatchObject({ clients: [{ ready_count: 0 }] });
      }, POLL)
      .catch(() => {});
    expect((await tool.stop("SIGINT")).status).toBe(130);
  });

  it("[CLI13] does not give up a message that fails again and again", async () => {
    const target = servers.target("broker") as Target;
    const topic = newTopic();
    await publish(target.http, topic, "stubborn");
    const hook = await startHook((count) => (count <= 7 ? 500 : 200));
    const tool = start("to-http", "--topic", topic, "--post", hook.url, ...SOON, ...target.source);
    await vi.waitFor(() => expect(hook.seen.length).toBe(8), POLL);
    await drained(target, topic, "nsq_to_http");
    await tool.stop();
  });

  it("[CLI3] ends quietly when nobody reads what it prints any more", async () => {
    const target = servers.target("broker") as Target;
    const topic = newTopic();
    await publishMany(target.http, topic, 3, 10);
    const tail = start("tail", "--topic", topic, ...target.source);
    await tail.printed("x\n");
    tail.child.stdout?.destroy();
    await publishMany(target.http, topic, 3, 10);
    expect(await tail.ended).toMatchObject({ status: 0, stderr: "" });
  });
});
