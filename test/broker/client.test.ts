// The client against everything that speaks V2: one suite for all doors of the broker, and for the real nsqd if there is one.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { findNsqd, startNsqd } from "../../bench/nsqd.ts";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Consumer, type ConsumerOptions, Producer, ProtocolError, webSocketTransport } from "../../src/client/index.ts";
import { tcpTransport } from "../../src/client/tcp.ts";

/** A way to a server. */
interface Door {
  readonly http: string;
  producer(topic: string): Producer;
  consumer(topic: string, options?: ConsumerOptions): Consumer;
}

const CHANNEL = "ch";
const nsqdBinary = findNsqd();
let broker: BrokerProcess;
let nsqd: { readonly http: string; readonly tcp: string; stop(): Promise<void> } | null = null;

beforeAll(async () => {
  broker = await startBroker();
  if (nsqdBinary) nsqd = await startNsqd(nsqdBinary);
});
afterAll(async () => {
  await Promise.all([broker.stop(), nsqd?.stop()]);
});

const DOORS: Record<string, () => Door | null> = {
  "the direct path": () => ({
    http: broker.http,
    producer: (topic) => new Producer(`${broker.ws}?topic=${topic}`),
    consumer: (topic, options) => new Consumer(topic, CHANNEL, options).connectToEdge(broker.http),
  }),
  "/v2": () => ({
    http: broker.http,
    producer: () => new Producer(broker.ws),
    consumer: (topic, options) => new Consumer(topic, CHANNEL, options).connect(broker.ws),
  }),
  "/v2, with another WebSocket": () => ({
    http: broker.http,
    producer: () => new Producer(broker.ws, { transport: webSocketTransport(WebSocket) }),
    consumer: (topic, options) =>
      new Consumer(topic, CHANNEL, { transport: webSocketTransport(WebSocket), ...options }).connect(broker.ws),
  }),
  TCP: () => overTcp(broker),
  "TCP, deflated": () => overTcp(broker, { deflate: true }),
  nsqd: () => nsqd && overTcp(nsqd),
  "nsqd, deflated": () => nsqd && overTcp(nsqd, { deflate: true }),
};

function overTcp(
  { http, tcp }: { http: string; tcp: string },
  more: ConsumerOptions & { deflate?: boolean } = {},
): Door {
  const transport = tcpTransport();
  return {
    http,
    producer: () => new Producer(tcp, { transport, ...more }),
    consumer: (topic, options) => new Consumer(topic, CHANNEL, { transport, ...more, ...options }).connect(tcp),
  };
}

let topics = 0;

/** A topic with a channel of its own. */
async function newTopic({ http }: Door): Promise<string> {
  const topic = `client-${++topics}`;
  await fetch(`${http}/topic/create?topic=${topic}`, { method: "POST" });
  await fetch(`${http}/channel/create?topic=${topic}&channel=${CHANNEL}`, { method: "POST" });
  return topic;
}

interface Counts {
  readonly depth: number;
  readonly in_flight_count: number;
  readonly deferred_count: number;
  readonly requeue_count: number;
  readonly timeout_count: number;
}

async function counts({ http }: Door, topic: string): Promise<Counts> {
  const stats = await (await fetch(`${http}/stats?format=json&topic=${topic}`)).json();
  return (stats as { topics: { channels: Counts[] }[] }).topics[0]?.channels[0] as Counts;
}

/** The server has seen what was said last, too. */
async function comesTo(door: Door, topic: string, expected: Partial<Counts>): Promise<void> {
  await vi.waitFor(async () => expect(await counts(door, topic)).toMatchObject(expected), { timeout: 10_000 });
}

/** Resolves with the first `count` bodies that a consumer handles. */
function collect(consumer: Consumer, count: number): Promise<string[]> {
  return new Promise((resolve) => {
    const bodies: string[] = [];
    consumer.handle((message) => {
      bodies.push(message.text());
      if (bodies.length === count) resolve(bodies);
    });
  });
}

describe.each(Object.keys(DOORS))("the client, over %s", (name) => {
  const isMissing = name.startsWith("nsqd") && nsqdBinary === null;
  const open = () => (DOORS[name] as () => Door)();

  it.skipIf(isMissing)("[CLIENT11] publishes and consumes: singly, as a batch, deferred", async () => {
    const door = open();
    const topic = await newTopic(door);
    const producer = door.producer(topic);
    const consumer = door.consumer(topic, { maxInFlight: 10 });
    const collected = collect(consumer, 4);
    await producer.publish(topic, "one");
    await producer.multiPublish(topic, ["two", new Uint8Array([0x33])]);
    const deferredAt = Date.now();
    await producer.deferredPublish(topic, 300, "later");
    expect(await collected).toEqual(["one", "two", "3", "later"]);
    expect(Date.now() - deferredAt).toBeGreaterThanOrEqual(299);
    await consumer.stop();
    producer.stop();
    await comesTo(door, topic, { depth: 0, in_flight_count: 0, deferred_count: 0 });
  });

  it.skipIf(isMissing)("[CLIENT11] 2,000 publishes at once come in their order", async () => {
    const door = open();
    const topic = await newTopic(door);
    const producer = door.producer(topic);
    const consumer = door.consumer(topic, { maxInFlight: 500 });
    const bodies = Array.from({ length: 2_000 }, (_, i) => `${i} ${"x".repeat(i % 300)}`);
    const collected = collect(consumer, bodies.length);
    await Promise.all(bodies.map((body) => producer.publish(topic, body)));
    expect(await collected).toEqual(bodies);
    await consumer.stop();
    producer.stop();
  });

  it.skipIf(isMissing)("[CLIENT11] requeues what a handler failed to handle, and delivers it again", async () => {
    const door = open();
    const topic = await newTopic(door);
    const producer = door.producer(topic);
    await producer.publish(topic, "x");
    const consumer = door.consumer(topic, { defaultRequeueDelay: 1, backoffMultiplier: 1 });
    const attempts = await new Promise<number[]>((resolve) => {
      const seen: number[] = [];
      consumer.handle((message) => {
        seen.push(message.attempts);
        if (seen.length < 3) throw new Error("not yet");
        resolve(seen);
      });
    });
    expect(attempts).toEqual([1, 2, 3]);
    await consumer.stop();
    producer.stop();
    await comesTo(door, topic, {
      depth: 0,
      in_flight_count: 0,
      deferred_count: 0,
      requeue_count: 2,
    });
  });

  it.skipIf(isMissing)("[CLIENT11] touches keep a message that takes longer than its timeout", async () => {
    const door = open();
    const topic = await newTopic(door);
    const producer = door.producer(topic);
    await producer.publish(topic, "x");
    const consumer = door.consumer(topic, { msgTimeout: 1_000 });
    await new Promise<void>((resolve) => {
      consumer.handle(async () => {
        await new Promise((wake) => setTimeout(wake, 2_500));
        resolve();
      });
    });
    await consumer.stop();
    producer.stop();
    await comesTo(door, topic, { depth: 0, in_flight_count: 0, timeout_count: 0 });
  });

  it.skipIf(isMissing)(
    "[CLIENT11] a message that is not answered goes to another consumer after its timeout",
    async () => {
      const door = open();
      const topic = await newTopic(door);
      const producer = door.producer(topic);
      await producer.publish(topic, "x");
      const first = door.consumer(topic, { msgTimeout: 1_000, autoTouch: false });
      const got = await first[Symbol.asyncIterator]().next();
      const cameAt = Date.now();
      const second = door.consumer(topic);
      expect(await collect(second, 1)).toEqual(["x"]);
      // The client's time began when the message came, which was after the server's had.
      await vi.waitFor(() => expect(Date.now()).toBeGreaterThan(cameAt + 1_000), { timeout: 10_000 });
      expect(got.value?.finish()).toBe("timed out");
      await Promise.all([first.stop(), second.stop()]);
      producer.stop();
    },
  );

  it.skipIf(isMissing)("[CLIENT11] an error frame rejects its publish with its code", async () => {
    const door = open();
    const topic = await newTopic(door);
    const producer = door.producer(topic);
    const lost = new Promise((resolve) => producer.on("disconnection", resolve));
    const refused = producer.publish(topic, "");
    await expect(refused).rejects.toThrow(ProtocolError);
    await expect(refused).rejects.toMatchObject({ code: "E_BAD_MESSAGE" });
    await lost;
    await producer.publish(topic, "x");
    producer.stop();
  });
});
