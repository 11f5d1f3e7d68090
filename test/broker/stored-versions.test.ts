// The broker on data that every version has written (test/fixtures/storage): what was owed then is delivered now.

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { readDumps, restoreObject } from "../helpers/storage-dump.ts";
import { Client } from "./client.ts";

const FIXTURES = "test/fixtures/storage";
const VERSIONS = (await readdir(FIXTURES, { withFileTypes: true })).filter((entry) => entry.isDirectory());
const POLL = { timeout: 10_000 };

interface Stats {
  readonly start_time: number;
  readonly topics: readonly TopicStats[];
}

interface TopicStats {
  readonly topic_name: string;
  readonly depth: number;
  readonly message_count: number;
  readonly paused: boolean;
  readonly channels: readonly ChannelStats[];
}

interface ChannelStats {
  readonly channel_name: string;
  readonly depth: number;
  readonly in_flight_count: number;
  readonly deferred_count: number;
  readonly client_count: number;
  readonly message_count: number;
  readonly requeue_count: number;
  readonly timeout_count: number;
  readonly paused: boolean;
}

describe.each(VERSIONS.map(({ name }) => name))("a broker on what %s has stored", (version) => {
  const dumps = readDumps(join(FIXTURES, version));
  let dataDir: string;
  let broker: BrokerProcess;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-stored-"));
    for (const dump of dumps) restoreObject(dataDir, dump);
    broker = await startBroker({ dataDir });
  });
  afterAll(async () => {
    await broker.stop();
    await rm(dataDir, { recursive: true, force: true });
    expect(broker.log).not.toMatch(/rror/);
  });

  async function get<T>(path: string): Promise<T> {
    return (await (await fetch(broker.http + path)).json()) as T;
  }

  async function order(path: string): Promise<void> {
    const response = await fetch(broker.http + path, { method: "POST" });
    expect([response.status, await response.text()], path).toEqual([200, ""]);
  }

  /** What a new consumer of a channel gets until it has so many messages: bodies with attempts, if not the first. */
  async function consume(topic: string, channel: string, count: number): Promise<string[]> {
    const client = await Client.open(broker.tcp);
    onTestFinished(() => client.close());
    const deliveries: string[] = [];
    client.onMessage = (body, _, attempts) => deliveries.push(attempts === 1 ? `${body}` : `${body} (${attempts})`);
    await client.subscribe(topic, channel);
    client.ready(100);
    await client.received(count);
    await expect.poll(async () => (await channelStats(topic, channel)).in_flight_count, POLL).toBe(0);
    return deliveries;
  }

  async function channelStats(topic: string, channel: string): Promise<ChannelStats> {
    const { topics } = await get<Stats>(`/stats?format=json&topic=${topic}&channel=${encodeURIComponent(channel)}`);
    const stats = topics[0]?.channels[0];
    if (!stats) throw new Error(`no channel ${topic}:${channel}`);
    return stats;
  }

  it("[DUR11] shows the figures of all topics and channels", async () => {
    const { start_time, topics } = await get<Stats>("/stats?format=json&include_clients=false");
    expect(topics.map(figures)).toEqual([
      "again: 2 messages; c: depth 1 of 1, paused; other: depth 2 of 2",
      "alone: 2 messages, depth 2",
      "clients: 2 messages; left: depth 2 of 2, 2 timeouts; live#ephemeral: depth 2 of 2",
      "emptied: 4 messages; c: depth 2 of 2",
      "held-back: 3 messages, depth 2, paused; c: depth 1 of 1",
      "orders: 12 messages; audit: depth 6 of 12, 1 deferred; billing: depth 8 of 12, 2 deferred, 6 requeues; idle: depth 11 of 12, 1 deferred",
      "paused: 2 messages; p: depth 2 of 2, paused; q: depth 2 of 2",
    ]);
    expect(dumps.map(({ sql }) => sql).join()).toContain(`INSERT INTO broker VALUES (0, ${start_time});`);
  });

  it("[DUR11] knows for look-ups what was known", async () => {
    const own = ["again", "alone", "clients", "emptied", "held-back", "orders", "paused"];
    const known = version === "v1" ? own : [...own, "elsewhere"].sort();
    expect(await get("/topics")).toEqual({ topics: known });
    expect(await get("/channels?topic=orders")).toEqual({ channels: ["audit", "billing", "idle"] });
  });

  it("[DUR11] delivers what was owed to each channel, in order and with its attempts, and nothing early", async () => {
    expect(await consume("orders", "audit", 6)).toEqual(["o6", "o7", "o8", "o10", "o11", "o12"]);
    // What waited, what was in flight, what is new, and what has fallen due since, which comes behind everything.
    const redelivered = ["o3 (4)", "o4 (3)", "o7 (2)", "o8 (2)"];
    expect(await consume("orders", "billing", 8)).toEqual([...redelivered, "o10", "o11", "o12", "o6 (2)"]);
    const all = ["o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8", "o10", "o11", "o12"];
    expect(await consume("orders", "idle", 11)).toEqual(all);
    for (const [channel, deferred] of Object.entries({ audit: 1, billing: 2, idle: 1 })) {
      const stats = await channelStats("orders", channel);
      expect(stats, channel).toMatchObject({ depth: 0, in_flight_count: 0, deferred_count: deferred });
    }
  });

  it("[DUR11] delivers what a consumer had that left, what waits without a channel, and what was not dropped", async () => {
    expect(await consume("clients", "left", 2)).toEqual(["c2", "c1 (3)"]);
    expect(await consume("alone", "first", 2)).toEqual(["a1", "a2"]);
    expect(await consume("emptied", "c", 2)).toEqual(["e1", "e4"]);
  });

  it("[DUR11] keeps pauses until they are ended", async () => {
    for (const [topic, channel, bodies] of [
      ["paused", "p", ["p1", "p2"]],
      ["again", "c", ["g2"]],
    ] as const) {
      const consumed = consume(topic, channel, bodies.length);
      await expect.poll(async () => (await channelStats(topic, channel)).client_count, POLL).toBe(1);
      expect(await channelStats(topic, channel)).toMatchObject({ depth: bodies.length, paused: true });
      await order(`/channel/unpause?topic=${topic}&channel=${channel}`);
      expect(await consumed).toEqual(bodies);
    }
    const heldBack = await consume("held-back", "c", 1);
    expect(heldBack).toEqual(["h1"]);
    await order("/topic/unpause?topic=held-back");
    await expect.poll(() => heldBack, POLL).toEqual(["h1", "h2", "h3"]);
  });

  it("[DUR11] goes on with a channel: the ephemeral one goes with its last consumer, others are made again", async () => {
    const names = async (topic: string) => {
      const { topics } = await get<Stats>(`/stats?format=json&topic=${topic}`);
      return topics[0]?.channels.map(({ channel_name }) => channel_name).sort();
    };
    const client = await Client.open(broker.tcp);
    await client.subscribe("clients", "live#ephemeral");
    client.close();
    await expect.poll(() => names("clients"), POLL).toEqual(["left"]);
    await order("/channel/delete?topic=orders&channel=billing");
    await order("/channel/create?topic=orders&channel=billing");
    expect(await names("orders")).toEqual(["audit", "billing", "idle"]);
    await fetch(`${broker.http}/pub?topic=orders`, { method: "POST", body: "new" });
    expect(await consume("orders", "billing", 1)).toEqual(["new"]);
  });
});

/** What /stats says of a topic, without what is 0. */
function figures({ topic_name, message_count, depth, paused, channels }: TopicStats): string {
  const some = (count: number, what: string) => (count > 0 ? `, ${count} ${what}` : "");
  const topic = `${topic_name}: ${message_count} messages${depth > 0 ? `, depth ${depth}` : ""}${paused ? ", paused" : ""}`;
  const each = channels.map((channel) => {
    const counts =
      some(channel.in_flight_count, "in flight") +
      some(channel.deferred_count, "deferred") +
      some(channel.requeue_count, "requeues") +
      some(channel.timeout_count, "timeouts");
    return `${channel.channel_name}: depth ${channel.depth} of ${channel.message_count}${counts}${channel.paused ? ", paused" : ""}`;
  });
  return [topic, ...each].join("; ");
}
