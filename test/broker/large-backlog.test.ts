// A million messages wait in a topic, then in three channels at different places, and then the broker is killed.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { mpub } from "./commands.ts";
import { peakBytes } from "./memory.ts";
import { channelStats } from "./stats.ts";
import { topicStats } from "./topic-stats.ts";

const MB = 1_000_000;
const MAX_MEMORY = 400 * MB;
/** SQLite empties its write-ahead log when it has 4 MB; what is written at a time comes on top of that. */
const MAX_WAL = 10 * MB;
const MINUTE = 60_000;

const TOPIC = "large";
const SIZE = 200;
const BATCH = 5_000;
const BACKLOG = 1_000_000;
const MORE = 200_000;
const MAX_RDY = 2_500;
/** How much of the backlog each channel drains, about, before the broker is killed, and how much afterwards. */
const CHANNELS = [
  { channel: "first", before: 0, after: 100_000 },
  { channel: "second", before: 333_000, after: 100_000 },
  { channel: "third", before: 667_000, after: Number.POSITIVE_INFINITY },
];
/** Every FIN is saved before it counts: what a crash may make forgotten otherwise would make the figures vague. */
const OPTIONS = { "sync-every": "1" };

const dataDir = mkdtempSync(join(tmpdir(), "nsq-edge-"));
let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker({ dataDir, options: OPTIONS });
});
afterAll(async () => {
  await broker.stop("SIGKILL");
  rmSync(dataDir, { recursive: true, force: true });
});

/** Each test goes on where the one before ended. */
describe("a million messages", () => {
  /** Where each channel is: how many messages it has finished. */
  const places = new Map(CHANNELS.map(({ channel }) => [channel, 0]));

  it("[BIG3] wait in a topic, within 400 MB, and not in memory", { timeout: MINUTE }, async ({ annotate }) => {
    const before = peakBytes(broker.pid);
    await publish(0, BACKLOG);
    expect(peakBytes(broker.pid) - before).toBeLessThan(BACKLOG * SIZE);
    expect(await topicStats(broker.http, TOPIC)).toMatchObject({
      depth: BACKLOG,
      message_count: BACKLOG,
      message_bytes: BACKLOG * SIZE,
    });
    await expectModesty(annotate);
  });

  it("[BIG3] wait in three channels at different places, within 400 MB", { timeout: MINUTE }, async ({ annotate }) => {
    await post(`/topic/pause?topic=${TOPIC}`);
    for (const { channel } of CHANNELS) await post(`/channel/create?topic=${TOPIC}&channel=${channel}`);
    await post(`/topic/unpause?topic=${TOPIC}`);
    for (const { channel, before } of CHANNELS) await drain(channel, before);
    await expectPlaces(BACKLOG);
    await expectModesty(annotate);
  });

  it("[BIG2] leave the write-ahead log small when more come", { timeout: MINUTE }, async () => {
    await publish(BACKLOG, MORE);
    const sizes = walSizes();
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.max(...sizes)).toBeLessThan(MAX_WAL);
  });

  it("[BIG4] are all there after a kill, and each channel goes on at its place", { timeout: MINUTE }, async ({
    annotate,
  }) => {
    await broker.stop("SIGKILL");
    broker = await startBroker({ dataDir, options: OPTIONS });
    expect(await topicStats(broker.http, TOPIC)).toMatchObject({ depth: 0, message_count: BACKLOG + MORE });
    await expectPlaces(BACKLOG + MORE);
    for (const { channel, after } of CHANNELS) {
      await drain(channel, Math.min(after, BACKLOG + MORE - (places.get(channel) ?? 0)));
    }
    await expectPlaces(BACKLOG + MORE);
    await expectModesty(annotate);
  });

  async function drain(channel: string, count: number): Promise<void> {
    const place = places.get(channel) ?? 0;
    places.set(channel, place + (await drained(channel, place, count)));
  }

  /** Every channel has finished all before its place, and nothing else. */
  async function expectPlaces(published: number): Promise<void> {
    for (const [channel, place] of places) {
      const expected = { depth: published - place, in_flight_count: 0, message_count: published, requeue_count: 0 };
      expect(await channelStats(broker.http, TOPIC, channel), channel).toMatchObject(expected);
    }
  }
});

async function expectModesty(annotate: (message: string) => Promise<unknown>): Promise<void> {
  const peak = peakBytes(broker.pid);
  await annotate(`memory at most ${Math.round(peak / MB)} MB`);
  expect(peak).toBeLessThan(MAX_MEMORY);
}

function walSizes(): number[] {
  const files = readdirSync(dataDir, { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith("-wal")).map((file) => statSync(join(dataDir, file)).size);
}

/** Publishes messages whose bodies begin with their number. */
async function publish(from: number, count: number): Promise<void> {
  const producer = await Client.open(`${broker.ws}?topic=${TOPIC}`);
  const command = mpub(TOPIC, BATCH, SIZE);
  const first = command.length - BATCH * (4 + SIZE) + 4;
  for (let sent = 0; sent < count; sent += BATCH) {
    for (let i = 0; i < BATCH; i++) command.writeUInt32BE(from + sent + i, first + i * (4 + SIZE));
    producer.write(command);
    await producer.replied(sent / BATCH - 3); // some are under way
  }
  await producer.replied(count / BATCH);
  expect(new Set(producer.replies)).toEqual(new Set(["OK"]));
  producer.close();
}

/** Finishes at least `count` messages, which must be those from `from` on, in order. Returns how many they were. */
async function drained(channel: string, from: number, count: number): Promise<number> {
  const consumer = await Client.open(`${broker.ws}?topic=${TOPIC}&channel=${channel}`);
  await consumer.subscribe(TOPIC, channel);
  let next = from;
  let wrong = 0;
  consumer.onMessage = (body) => {
    if (body.length !== SIZE || body.readUInt32BE(0) !== next || body[SIZE - 1] !== 0x78) wrong++;
    next++;
  };
  if (count > 0) consumer.ready(MAX_RDY);
  await consumer.received(count);
  consumer.ready(0);
  await expect
    .poll(() => channelStats(broker.http, TOPIC, channel), { timeout: 10_000 })
    .toMatchObject({ in_flight_count: 0 });
  consumer.close();
  expect([wrong, next - from]).toEqual([0, consumer.count]);
  return consumer.count;
}

async function post(path: string): Promise<void> {
  const response = await fetch(broker.http + path, { method: "POST" });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
