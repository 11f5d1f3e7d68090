// The bridge to a broker that takes a token, for clients that know none, and what it says when it cannot begin.

import { once } from "node:events";
import { createServer } from "node:net";
import { type Message, Reader, Writer } from "nsqjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BrokerProcess } from "../../scripts/broker.ts";
import { NsqAuthServer, startBehind } from "../broker/auth-server.ts";
import { V1Producer } from "../broker/v1-producer.ts";
import { freePort } from "../helpers/free-port.ts";
import { type BridgeProcess, runBridge, startBridge } from "./bridge-process.ts";

const TOKEN = "secret-of-the-bridge";
const everything = { topic: ".*", channels: [".*"], permissions: ["publish", "subscribe", "admin"] };

const server = new NsqAuthServer({
  [TOKEN]: { ttl: 3600, identity: "bridge", authorizations: [everything] },
  "secret-of-alice": { ttl: 3600, identity: "alice", authorizations: [{ ...everything, topic: "^hers$" }] },
});

let broker: BrokerProcess;
let bridge: BridgeProcess;
const ends: (() => void)[] = [];

beforeAll(async () => {
  broker = await startBehind(server);
  bridge = await startBridge([broker.http], { env: { NSQ_EDGE_TOKEN: TOKEN } });
});
afterAll(async () => {
  await bridge?.stop();
  await broker?.stop();
  await server.stop();
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function publish(to: BridgeProcess, topic: string, options = {}): Promise<string> {
  const [host = "", port] = to.tcp.split(":");
  const writer = new Writer(host, Number(port), options);
  ends.push(() => writer.close());
  writer.on("error", () => {}); // it is the callback's
  writer.connect();
  await once(writer, "ready");
  return new Promise((resolve) => writer.publish(topic, "hello", (error) => resolve(error?.message ?? "OK")));
}

describe("a broker that takes a token", () => {
  it("[BRIDGE10] has clients and producers that know none, and look-ups", async () => {
    expect(await publish(bridge, "guarded")).toBe("OK");
    const reader = new Reader("guarded", "ch", { lookupdHTTPAddresses: [bridge.lookupd] });
    ends.push(() => reader.close());
    const received = once(reader, "message") as Promise<[Message]>;
    reader.connect();
    const [message] = await received;
    expect(message.body.toString()).toBe("hello");
    message.finish();
    const producer = await V1Producer.open(bridge.tcp, "nsqd.example");
    ends.push(() => producer.close());
    producer.write("REGISTER guarded\n");
    expect(await producer.replies(1)).toEqual(["OK"]);
  });

  it("[BRIDGE10] hears a client that says AUTH by itself, with the bridge's token or without one", async () => {
    const plain = await startBridge([broker.http]);
    ends.push(() => void plain.stop());
    for (const one of [bridge, plain]) {
      expect(await publish(one, "hers", { authSecret: "secret-of-alice" })).toBe("OK");
      expect(await publish(one, "others", { authSecret: "secret-of-alice" })).toContain("E_UNAUTHORIZED");
    }
    expect(await publish(plain, "hers")).toContain("E_AUTH_FIRST");
  });

  it("[BRIDGE10] neither end says the token", () => {
    expect(bridge.log + broker.log).not.toContain("secret-of");
  });
});

describe("what cannot begin ends in one line", () => {
  it("[BRIDGE11] a token that nobody knows: 4", async () => {
    const { status, stdout, stderr } = await runBridge([broker.http, "--token", "guess"]);
    const at = new URL(broker.http).host;
    expect([status, stdout, stderr]).toEqual([4, "", `nsq-edge: ${at} wants a token that it knows (--token)\n`]);
  });

  it("[BRIDGE11] a broker that cannot be reached: 5", async () => {
    const { status, stderr } = await runBridge([`ws://localhost:${await freePort()}`]);
    expect([status, stderr]).toEqual([
      5,
      expect.stringMatching(/^nsq-edge: localhost:\d+ cannot be reached: .*ECONNREFUSED.*\n$/),
    ]);
  });

  it("[BRIDGE11] something else that answers there: 5", async () => {
    const other = createServer((socket) => socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    ends.push(() => void other.close());
    const { status, stderr } = await runBridge([`http://127.0.0.1:${(other.address() as { port: number }).port}`]);
    expect([status, stderr]).toEqual([5, expect.stringMatching(/^nsq-edge: .* cannot be reached: .*404\n$/)]);
  });

  it("[BRIDGE11] a port that is taken: 1", async () => {
    const { status, stderr } = await runBridge([broker.http, "--token", TOKEN, "--tcp-address", bridge.tcp]);
    const lines = stderr.trim().split("\n");
    expect([status, lines.at(-1)]).toEqual([1, `nsq-edge: cannot listen on ${bridge.tcp}: something else does`]);
  });

  it.each([
    [["wss://broker.example/path"], "wss://broker.example"],
    [["broker.example:4150"], "wss://broker.example"],
    [["wss://a.example", "--url=https://b.example"], "named twice"],
    [["wss://a.example", "wss://b.example"], "too many arguments"],
    [["--tcp-address=4150"], "host:port"],
    [["--http-address=127.0.0.1:65536"], "host:port"],
    [["--lookupd-http-address="], "host:port"],
    [["--no-such-flag"], "unknown option"],
  ])("[BRIDGE11] %j: 2", async (args, text) => {
    const { status, stderr } = await runBridge(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(text)]);
    expect(stderr.trim().replace(/\n\(--help tells.*\)$/, "")).not.toContain("\n");
  });

  it("[BRIDGE9] that others can reach it, and what they can do then, is said", async () => {
    const open = await startBridge([broker.http, "--token", TOKEN, "--http-address=0.0.0.0:0"]);
    ends.push(() => void open.stop());
    expect(open.log).toMatch(/^nsq-edge: whoever can reach 0\.0\.0\.0:\d+ acts with the token$/m);
    expect(open.log.match(/whoever/g)).toHaveLength(1);
    expect(bridge.log).not.toContain("whoever");
  });
});
