import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Consumer, type ConsumerOptions } from "../../src/client/index.ts";
import { FakeServer } from "./fake-server.ts";
import { settled, VirtualClock } from "./virtual-clock.ts";

interface Asked {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** What lookups were asked. */
let asked: Asked[] = [];
let answer: (url: string) => Response | Promise<Response>;

const producer = (name: string) => ({ broadcast_address: name, tcp_port: 4150, http_port: 4151 });
const found = (...names: string[]) => Response.json({ channels: [], producers: names.map(producer) });

beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", async (url: URL, { headers, signal }: Omit<Asked, "url">) => {
    asked.push({ url: url.href, headers, signal });
    return answer(url.href);
  });
});
afterEach(() => vi.unstubAllGlobals());

function start(options: ConsumerOptions = {}) {
  const server = new FakeServer();
  const clock = new VirtualClock();
  const fixed = { transport: server.transport, clock, heartbeatInterval: -1 };
  const consumer = new Consumer("t", "ch", { ...fixed, ...options }).handle(() => {});
  const errors: string[] = [];
  consumer.on("error", ({ error }) => errors.push((error as Error).message));
  return { server, clock, consumer, errors };
}

/** Lets real promises of a response go on. */
async function responded(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  await settled();
}

const HOSTS = ["http://one:4161", "two:4161", "https://three/path"];

describe("lookups", () => {
  it("[CLIENT9] are asked one after the other, each interval", async () => {
    answer = () => found();
    const { clock, consumer } = start();
    consumer.connectToLookup(...HOSTS);
    await responded();
    for (let i = 0; i < 3; i++) {
      await clock.pass(70_000);
      await responded();
    }
    expect(asked.map(({ url }) => url)).toEqual([
      "http://one:4161/lookup?topic=t",
      "http://two:4161/lookup?topic=t",
      "https://three/path?topic=t",
      "http://one:4161/lookup?topic=t",
    ]);
  });

  it("[CLIENT9] that fail are passed over, three at most", async () => {
    answer = (url) => (url.includes("three") ? found("a") : new Response("no", { status: 500 }));
    const { server, consumer, errors } = start();
    consumer.connectToLookup(...HOSTS);
    await responded();
    expect(server.connections.map(({ address }) => address)).toEqual(["a:4150"]);
    expect(errors).toEqual(["http://one:4161/lookup answered 500", "http://two:4161/lookup answered 500"]);
    answer = () => new Response("no", { status: 500 });
    asked = [];
    const second = start();
    second.consumer.connectToLookup(...HOSTS);
    await responded();
    expect(asked).toHaveLength(3);
  });

  it("[CLIENT9] that know no such topic are no error, and those of old are understood", async () => {
    answer = () => new Response('{"message":"TOPIC_NOT_FOUND"}', { status: 404 });
    const { server, clock, consumer, errors } = start();
    consumer.connectToLookup("one:4161");
    await responded();
    answer = () => Response.json({ status_code: 200, data: { producers: [producer("a"), {}] } });
    await clock.pass(70_000);
    await responded();
    expect([errors, server.connections.map(({ address }) => address)]).toEqual([[], ["a:4150"]]);
  });

  it("[CLIENT8] are given the secret, unless they should not be", async () => {
    answer = () => found();
    for (const options of [{ authSecret: "s" }, { authSecret: "s", lookupdAuthorization: false }, {}]) {
      start(options).consumer.connectToLookup("one:4161");
      await responded();
    }
    expect(asked.map(({ headers }) => headers)).toEqual([
      { Accept: "application/vnd.nsq; version=1.0", Authorization: "Bearer s" },
      { Accept: "application/vnd.nsq; version=1.0" },
      { Accept: "application/vnd.nsq; version=1.0" },
    ]);
  });

  it("[CLIENT9] are asked soon when connections were lost, once for all of them", async () => {
    answer = () => found("a", "b", "c");
    const { server, clock, consumer } = start();
    consumer.connectToLookup("one:4161");
    await responded();
    for (const connection of server.connections.slice()) connection.hangUp();
    await clock.pass(100);
    await responded();
    expect([asked.length, server.connections.length]).toEqual([2, 6]);
  });

  it("[CLIENT9] bring nobody back at once who refuses the subscription", async () => {
    answer = () => found("a");
    const { server, clock, consumer } = start();
    server.isPolite = false;
    consumer.connectToLookup("one:4161");
    for (let i = 0; i < 100; i++) {
      await responded();
      server.last?.response("{}");
      await settled();
      server.last?.error("E_SUB_FAILED no");
      server.last?.hangUp();
      await clock.pass(100);
    }
    expect(server.connections.length).toBeLessThan(4);
  });

  it("[CLIENT9] do not bring back what was left, but for being connected to by name", async () => {
    answer = () => found("a");
    const { server, clock, consumer } = start();
    consumer.connectToLookup("one:4161");
    await responded();
    consumer.disconnect("a:4150");
    await clock.pass(200_000);
    await responded();
    expect(server.connections).toHaveLength(1);
    consumer.connect("a:4150");
    await settled();
    expect(server.connections).toHaveLength(2);
  });

  it("[CLIENT9] an address that they found and that is connected to by name is kept", async () => {
    answer = () => found("a");
    const { server, clock, consumer } = start();
    consumer.connectToLookup("one:4161");
    await responded();
    consumer.connect("a:4150");
    answer = () => found();
    server.last.hangUp();
    await clock.pass(1_000);
    await responded();
    expect(server.connections).toHaveLength(2);
  });

  it("[CLIENT10] are not waited for when the consumer stops", async () => {
    answer = () => new Promise(() => {});
    const { clock, consumer } = start();
    consumer.connectToLookup("one:4161");
    await responded();
    await consumer.stop();
    expect([asked[0]?.signal.aborted, clock.pending]).toEqual([true, 0]);
  });
});
