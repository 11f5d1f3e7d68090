// Deletions and orders that are interrupted, fail half way, or meet.

import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { post, publish, stats, topicStub } from "./broker-api.ts";
import { holdCall, loseCalls } from "./calls.ts";
import { alarmOf, kill } from "./objects.ts";
import { V2Client } from "./v2-client.ts";

const EXITING = { status: 503, text: '{"message":"EXITING"}' };
/** An alarm that makes something good rings within this, ms. */
const SOON_MS = 60_000;

const open: V2Client[] = [];

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // lost calls are logged
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function consumer(topic: string, channel: string): Promise<V2Client> {
  const client = await V2Client.consumer(topic, channel);
  open.push(client);
  client.send("RDY 1");
  await client.settled();
  return client;
}

function pathOf(order: string, topic: string, channel?: string): string {
  return `${order}?${new URLSearchParams(channel === undefined ? { topic } : { topic, channel })}`;
}

/** The topics that /stats lists, with their depths. */
async function listed(): Promise<Record<string, number>> {
  const response = await exports.default.fetch("http://broker/stats?format=json");
  const { topics } = (await response.json()) as { topics: { topic_name: string; depth: number }[] };
  return Object.fromEntries(topics.map(({ topic_name, depth }) => [topic_name, depth]));
}

/** Lets alarms that were set earlier ring, so that they make nothing good by chance. */
async function letAlarmRing(): Promise<void> {
  await runDurableObjectAlarm(topicStub("t"));
  expect(await alarmOf(topicStub("t"))).toBe(null);
}

describe("a topic that is killed", () => {
  it("[DUR8] between removing a channel and telling it, tells it when its alarm rings", async () => {
    const client = await consumer("t", "c");
    await letAlarmRing();
    const removal = holdCall(Channel.prototype, "remove");
    const deletion = post("/channel/delete?topic=t&channel=c").catch(() => null);
    await removal.isReached();
    await kill(topicStub("t"));
    vi.mocked(Channel.prototype.remove).mockRestore();
    expect((await stats("t"))?.channels).toEqual([]);
    expect(client.closedWith).toBe(null);
    expect(await alarmOf(topicStub("t"))).toBeLessThan(Date.now() + SOON_MS);
    await runDurableObjectAlarm(topicStub("t"));
    expect(await client.next()).toEqual({ closed: 1000 });
    removal.open();
    await deletion;
  });

  it("[DUR8] [LOG5] right after unpausing, hands on what waited when its alarm rings", async () => {
    const client = await consumer("t", "c");
    await post("/topic/pause?topic=t");
    await publish("t", "x");
    await letAlarmRing();
    const push = holdCall(Channel.prototype, "push");
    await post("/topic/unpause?topic=t");
    await push.isReached();
    await kill(topicStub("t"));
    expect(await client.settled()).toEqual([]);
    expect(await alarmOf(topicStub("t"))).not.toBe(null);
    await runDurableObjectAlarm(topicStub("t"));
    expect(await client.message()).toMatchObject({ body: "x", attempts: 1 });
    push.open();
    expect(await client.settled()).toEqual([]);
  });

  it("[DUR8] in the middle of its deletion is deleted when its alarm rings, and refuses what is published until then", async () => {
    const client = await consumer("t", "c");
    const removal = holdCall(Channel.prototype, "remove");
    const deletion = post("/topic/delete?topic=t").catch(() => null);
    await removal.isReached();
    await kill(topicStub("t"));
    vi.mocked(Channel.prototype.remove).mockRestore();
    expect(await post("/pub?topic=t", "x")).toEqual(EXITING);
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    expect(await client.next()).toEqual({ closed: 1000 });
    expect([await stats("t"), await listed()]).toEqual([null, {}]);
    await publish("t", "of a new topic");
    expect(await listed()).toEqual({ t: 1 });
    removal.open();
    await deletion;
  });
});

describe("a deletion that fails", () => {
  it("[DUR8] is tried again by the alarm until it succeeds, over sleeps, and nothing is published meanwhile", async () => {
    const client = await consumer("t", "c");
    await publish("t", "x");
    const restore = loseCalls(Channel.prototype, "remove");
    expect((await post("/topic/delete?topic=t")).status).toBe(500);
    for (let i = 0; i < 3; i++) {
      expect(await post("/pub?topic=t", "y")).toEqual(EXITING);
      expect(await alarmOf(topicStub("t"))).toBeLessThanOrEqual(Date.now() + SOON_MS);
      expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
      await evictDurableObject(topicStub("t"));
    }
    restore();
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    expect(await client.message()).toMatchObject({ body: "x" });
    expect(await client.next()).toEqual({ closed: 1000 });
    expect([await stats("t"), await listed()]).toEqual([null, {}]);
    await publish("t", "z");
    expect(await listed()).toEqual({ t: 1 });
  });
});

describe.each(["t", "t#ephemeral"])("two deletions that meet, of topic %s", (topic) => {
  beforeEach(async () => {
    await post(pathOf("/topic/create", topic));
    await post(pathOf("/channel/create", topic, "c"));
    await publish(topic, "before");
  });

  async function isAcknowledged(body: string): Promise<boolean> {
    return (await post(pathOf("/pub", topic), body)).text === "OK";
  }

  /** What must be so when both are done and a message was acknowledged since the first was. */
  async function expectKept(): Promise<void> {
    expect(await stats(topic)).toMatchObject({ depth: 1, message_count: 1, channels: [] });
    expect(await listed()).toEqual({ [topic]: 1 });
  }

  it("[DUR1] nothing is lost that was acknowledged when the first of two orders was carried out", async () => {
    const second = holdCall(Channel.prototype, "remove", 1);
    const orders = [post(pathOf("/topic/delete", topic)), post(pathOf("/topic/delete", topic))];
    expect((await Promise.race(orders)).status).toBe(200);
    await publish(topic, "after");
    second.open();
    for (const { status } of await Promise.all(orders)) expect([200, 404]).toContain(status);
    await expectKept();
  });

  it("[DUR1] nothing is lost that was acknowledged when the channel had been deleted on its own before", async () => {
    const first = holdCall(Channel.prototype, "remove");
    const ofChannel = post(pathOf("/channel/delete", topic, "c"));
    await first.isReached();
    expect((await post(pathOf("/topic/delete", topic))).status).toBe(200);
    await publish(topic, "after");
    first.open();
    await ofChannel;
    await expectKept();
  });

  it("[DUR1] nothing is lost that was acknowledged though the alarm rang meanwhile", async () => {
    const first = holdCall(Channel.prototype, "remove");
    const order = post(pathOf("/topic/delete", topic));
    await first.isReached();
    const alarm = runDurableObjectAlarm(topicStub(topic));
    let acknowledged = Number(await isAcknowledged("meanwhile"));
    first.open();
    await Promise.all([order, alarm]);
    acknowledged += Number(await isAcknowledged("after"));
    expect(await stats(topic)).toMatchObject({ depth: acknowledged });
    expect(await listed()).toEqual({ [topic]: acknowledged });
  });
});
