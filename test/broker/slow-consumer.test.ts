// Consumers that stop reading while their channel has a great deal for them: what they cost the broker and the other consumers.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { mpubBody } from "./commands.ts";
import { residentBytes } from "./memory.ts";
import { channelStats } from "./stats.ts";

const MIB = 2 ** 20;
const CHANNEL = "ch";
const POLL = { timeout: 10_000 };
const MAX_RDY = 2_500;
/** Publishes under way at a time. */
const PUBLISHERS = 4;

const SMALL = { size: 200, count: 1_000_000, batch: 5_000 };
const LARGE = { size: 64 * 1024, count: 2_000, batch: 50 };
/** Publishing that many small messages takes 4 s on two cores. */
const PUBLISHED_WITHIN_MS = 20_000;
const MAX_GROWTH = 150 * MIB;
/** Least share of its speed that a consumer keeps beside a stalled one. */
const MIN_SPEED = 0.5;
/**
 * Where the runtime does not tell what a WebSocket has not sent yet, 16 MiB go out to a client that says nothing; on a TCP
 * connection it is less. What is sent at a time may go beyond that.
 */
const MAX_UNREAD = 20 * MIB;
const STALLED = 4;
const MINUTE = 60_000;

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

const opened: Client[] = [];
afterEach(() => {
  for (const consumer of opened.splice(0)) consumer.close();
});

type Address = (topic: string, channel: string) => string;

const DOORS: Readonly<Record<string, Address>> = {
  TCP: () => broker.tcp,
  "/v2": () => broker.ws,
  "/v2?topic=&channel=": (topic, channel) => `${broker.ws}?topic=${topic}&channel=${channel}`,
};

/** Each door has a channel with all the messages. */
describe("a consumer that does not read a million messages", () => {
  const topic = "slow-small";
  const channels = new Map(Object.keys(DOORS).map((door, index) => [door, `ch${index}`]));

  beforeAll(async () => {
    await createTopic(topic, [...channels.values()]);
    expect(await timed(() => publish(topic, SMALL))).toBeLessThan(PUBLISHED_WITHIN_MS);
  }, MINUTE);
  afterAll(() => deleteTopic(topic));

  it.for(Object.entries(DOORS))(
    "[DOOR3] costs the others no speed and the broker no memory: %s",
    { timeout: MINUTE },
    async ([door, address], { annotate }) => {
      const channel = channels.get(door) ?? "";
      const half = SMALL.count / 2;
      const memory = new Memory();
      const stalled = await openStalled(address(topic, channel), topic, channel);
      await expect.poll(() => inFlight(topic, channel), POLL).toEqual([MAX_RDY]);
      const reading = await openConsumer(broker.tcp, topic, channel);
      reading.ready(MAX_RDY);
      const beside = await timed(() => reading.received(half));
      const { growth } = memory;
      expect(stalled.count).toBe(0);
      expect(stalled.isClosed).toBe(false);
      stalled.close();
      // What the stalled one was sent stays its own until it times out.
      const alone = await timed(() => reading.received(SMALL.count - MAX_RDY));

      await annotate(
        `half drained in ${ms(beside)}, the other half alone in ${ms(alone)}; ` +
          `memory ${mib(memory.before)}, then ${mib(growth)} more`,
      );
      const speed = { beside: half / beside, alone: (half - MAX_RDY) / alone };
      expect(speed.beside / speed.alone).toBeGreaterThanOrEqual(MIN_SPEED);
      expect(growth).toBeLessThan(MAX_GROWTH);
    },
  );
});

describe.each(Object.entries(DOORS))("a consumer on %s that does not read large messages", (door, address) => {
  const prefix = `slow-${Object.keys(DOORS).indexOf(door)}`;

  it("[DOOR3] is sent no more than some MiB", { timeout: MINUTE }, async ({ annotate }) => {
    const topic = `${prefix}-large`;
    await createTopic(topic, [CHANNEL]);
    await publish(topic, LARGE);

    const memory = new Memory();
    const stalled = await Promise.all(
      Array.from({ length: STALLED }, () => openStalled(address(topic, CHANNEL), topic, CHANNEL)),
    );
    const sent = await settledInFlight(topic, STALLED);
    const { growth } = memory;
    const sentBytes = sent.map((count) => count * LARGE.size);
    await annotate(`sent to each ${sentBytes.map(mib)}; memory ${mib(memory.before)}, then ${mib(growth)} more`);
    expect(Math.max(...sentBytes)).toBeLessThanOrEqual(MAX_UNREAD);
    expect(growth).toBeLessThan(MAX_GROWTH);

    // The rest is for whoever reads, and what was sent to the stalled ones is not lost.
    const reading = await openConsumer(broker.tcp, topic, CHANNEL);
    reading.ready(MAX_RDY);
    const left = LARGE.count - sent.reduce((sum, count) => sum + count, 0);
    await reading.received(left);
    expect(stalled.map(({ count }) => count)).toEqual(stalled.map(() => 0));
    for (const consumer of stalled) consumer.resume();
    const all = [reading, ...stalled];
    await expect.poll(() => all.reduce((sum, { count }) => sum + count, 0), POLL).toBe(LARGE.count);
    await expect
      .poll(() => channelStats(broker.http, topic, CHANNEL), POLL)
      .toMatchObject({ depth: 0, in_flight_count: 0 });
    await deleteTopic(topic);
  });

  it("[DOOR3] is sent no more when it goes on talking", { timeout: MINUTE }, async ({ annotate }) => {
    const topic = `${prefix}-talking`;
    await createTopic(topic, [CHANNEL]);
    await publish(topic, { ...LARGE, count: LARGE.count / 2 });

    const memory = new Memory();
    const stalled = await openStalled(address(topic, CHANNEL), topic, CHANNEL);
    for (let i = 0; i < 50; i++) {
      stalled.write("NOP\n");
      await inFlight(topic, CHANNEL);
    }
    const [sent = 0] = await settledInFlight(topic, 1);
    await annotate(`sent ${mib(sent * LARGE.size)}; memory ${mib(memory.before)}, then ${mib(memory.growth)} more`);
    expect(sent * LARGE.size).toBeLessThanOrEqual(MAX_UNREAD);
    await deleteTopic(topic);
  });
});

/** The broker's resident memory, looked at all the time; no growth where there is no /proc. */
class Memory {
  readonly before = residentBytes(broker.pid);
  #most = this.before;
  readonly #timer = setInterval(() => this.#look(), 50).unref();

  /** How much more it was at most; ends the looking. */
  get growth(): number {
    this.#look();
    clearInterval(this.#timer);
    return this.#most - this.before;
  }

  #look(): void {
    this.#most = Math.max(this.#most, residentBytes(broker.pid));
  }
}

/** A consumer that is ready for much and reads nothing. */
async function openStalled(address: string, topic: string, channel: string): Promise<Client> {
  const consumer = await openConsumer(address, topic, channel);
  consumer.pause();
  consumer.ready(MAX_RDY);
  return consumer;
}

async function openConsumer(address: string, topic: string, channel: string): Promise<Client> {
  const consumer = await Client.open(address);
  opened.push(consumer);
  await consumer.subscribe(topic, channel);
  return consumer;
}

/** Messages in flight to each consumer. */
async function inFlight(topic: string, channel: string): Promise<number[]> {
  const stats = await channelStats(broker.http, topic, channel);
  return stats?.clients.map(({ in_flight_count }) => in_flight_count) ?? [];
}

/** The same once every consumer has some and nothing changes any more. */
async function settledInFlight(topic: string, consumers: number): Promise<number[]> {
  let before: number[] = [];
  let equal = 0;
  await expect
    .poll(
      async () => {
        const now = await inFlight(topic, CHANNEL);
        const isSame = now.length === consumers && now.every((count, i) => count > 0 && count === before[i]);
        before = now;
        equal = isSame ? equal + 1 : 0;
        return equal;
      },
      { interval: 100, timeout: 10_000 },
    )
    .toBeGreaterThanOrEqual(5);
  return before;
}

async function createTopic(topic: string, channels: readonly string[]): Promise<void> {
  await post(`/topic/create?topic=${topic}`);
  for (const channel of channels) await post(`/channel/create?topic=${topic}&channel=${channel}`);
}

function deleteTopic(topic: string): Promise<void> {
  return post(`/topic/delete?topic=${topic}`);
}

async function publish(topic: string, { size, count, batch }: typeof SMALL): Promise<void> {
  const body = mpubBody(batch, size);
  let left = count / batch;
  const publisher = async (): Promise<void> => {
    while (left-- > 0) await post(`/mpub?topic=${topic}&binary=true`, body);
  };
  await Promise.all(Array.from({ length: PUBLISHERS }, publisher));
}

async function post(path: string, body?: Buffer<ArrayBuffer>): Promise<void> {
  const response = await fetch(broker.http + path, { method: "POST", ...(body && { body }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
}

/** How long something takes, in ms. */
async function timed(action: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

function ms(duration: number): string {
  return `${Math.round(duration)} ms`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
