// A channel that is deleted and made again has a new life: nothing that is said of the old one, however late, concerns it.

import { abortAllDurableObjects, evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { Topic } from "../../src/durable/Topic.ts";
import type { ChannelLife } from "../../src/queue/channel-life.ts";
import { channelStats, channelStub, post, publish, topicStub } from "./broker-api.ts";
import { holdAnswer, holdCall, loseCalls } from "./calls.ts";
import { alarmOf, rowOf } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const HOUR_MS = 3_600_000;

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
  client.send("RDY 10");
  await client.settled();
  return client;
}

/** The life that channel `c` of topic `t` has now. */
async function currentLife(): Promise<ChannelLife> {
  const life = await topicStub("t").openChannel("c");
  if (!life) throw new Error("the topic is being deleted");
  return { id: life.id, start: life.start };
}

async function createChannel(): Promise<ChannelLife> {
  await post("/topic/create?topic=t");
  await post("/channel/create?topic=t&channel=c");
  return currentLife();
}

/** A consumer of channel `c` that has deferred one message and finished another, and saved that. */
async function consumerWithHistory(): Promise<V2Client> {
  const client = await consumer("t", "c");
  await publish("t", "deferred");
  await publish("t", "finished");
  const [deferred, finished] = await client.messages(2);
  client.send(`REQ ${deferred?.id} ${HOUR_MS}`);
  client.send(`FIN ${finished?.id}`);
  await client.settled();
  await evictDurableObject(channelStub("t", "c")); // waits for the save
  return client;
}

/** What must be so when nothing has happened to a consumer with history. */
async function expectUnharmed(client: V2Client): Promise<void> {
  expect(await client.settled()).toEqual([]);
  const figures = { depth: 0, in_flight_count: 0, deferred_count: 1, requeue_count: 1, client_count: 1, paused: false };
  expect(await channelStats("t", "c")).toMatchObject(figures);
  await publish("t", "next");
  const { id, body } = await client.message();
  expect(body).toBe("next");
  client.send(`FIN ${id}`);
  expect(await client.settled()).toEqual([]);
  await evictDurableObject(channelStub("t", "c"));
  expect(await channelStats("t", "c")).toMatchObject(figures);
  expect(await rowOf(channelStub("t", "c"), "SELECT count(*) AS held FROM held")).toEqual({ held: 1 });
}

type Order = (channel: ReturnType<typeof channelStub>, life: ChannelLife) => unknown;

const ORDERS: [string, Order][] = [
  ["a push", (channel, life) => channel.push(life, [], life.start + 100)],
  ["a pause", (channel, life) => channel.setPaused(life, true)],
  ["an emptying", (channel, life) => channel.empty(life, life.start + 100)],
  ["a removal", (channel, life) => channel.remove(life.id)],
  ["a question for its figures", (channel, life) => channel.stats(life, life.start + 100)],
];

describe("a channel that was deleted and made again", () => {
  it.each(ORDERS)("[DUR9] is not touched by %s of its earlier life that comes late", async (_, order) => {
    const life = await createChannel();
    await publish("t", "of the earlier life");
    await post("/channel/delete?topic=t&channel=c");
    const client = await consumerWithHistory();
    await order(channelStub("t", "c"), life); // wakes it
    await order(channelStub("t", "c"), life);
    await expectUnharmed(client);
  });

  it.each(ORDERS)("[DUR9] is not touched by %s of an earlier life that began at the same seq", async (_, order) => {
    const life = await createChannel();
    await post("/channel/delete?topic=t&channel=c");
    expect((await createChannel()).start).toBe(life.start);
    const client = await consumerWithHistory();
    await order(channelStub("t", "c"), life);
    await expectUnharmed(client);
  });

  it.each(ORDERS)("[DUR9] begins anew, though %s of its earlier life came when there was none", async (_, order) => {
    const life = await createChannel();
    await post("/channel/delete?topic=t&channel=c");
    await evictDurableObject(channelStub("t", "c"));
    await order(channelStub("t", "c"), life);
    await createChannel();
    expect(await channelStats("t", "c")).toMatchObject({ depth: 0, paused: false });
    await expectUnharmed(await consumerWithHistory());
  });

  it("[DUR9] is not touched by what its topic is told of an earlier life", async () => {
    const life = await createChannel();
    await publish("t", "of the earlier life");
    await post("/channel/delete?topic=t&channel=c");
    const client = await consumerWithHistory();
    const topic = topicStub("t");
    const { start } = await currentLife();
    await topic.report("c", life.id, start + 1_000_000);
    await topic.leave("c", life.id);
    expect(await topic.pull("c", life.id, start, start + 1_000_000)).toBe(null);
    expect(await topic.frames("c", life.id, [start])).toBe(null);
    await expectUnharmed(client);
  });

  it("[DUR9] is not ended by the answer to a question for the log of its earlier life", async () => {
    await createChannel();
    await publish("t", "of the earlier life");
    const pull = holdCall(Topic.prototype, "pull");
    const before = await consumer("t", "c");
    await pull.isReached();
    await post("/channel/delete?topic=t&channel=c");
    expect(await before.next()).toEqual({ closed: 1000 });
    const after = await consumer("t", "c");
    await publish("t", "of the new life");
    pull.open();
    expect(await after.message()).toMatchObject({ body: "of the new life", attempts: 1 });
    expect(await after.settled()).toEqual([]);
  });

  it("[DUR9] is not ended by the answer to a question for a message of its earlier life", async () => {
    const before = await consumer("t", "c");
    await publish("t", "of the earlier life");
    await before.message();
    await evictDurableObject(channelStub("t", "c"));
    await abortAllDurableObjects();
    const frames = holdCall(Topic.prototype, "frames");
    const again = await consumer("t", "c");
    await frames.isReached();
    await post("/channel/delete?topic=t&channel=c");
    expect(await again.next()).toEqual({ closed: 1000 });
    const after = await consumer("t", "c");
    await publish("t", "of the new life");
    frames.open();
    expect(await after.message()).toMatchObject({ body: "of the new life", attempts: 1 });
    expect(await after.settled()).toEqual([]);
  });
});

describe("a topic that was deleted and made again in the same instant", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it("[DUR9] gives its channels lives that are higher than all before", async () => {
    const lives: number[] = [];
    for (let i = 0; i < 3; i++) {
      await createChannel();
      await post("/channel/delete?topic=t&channel=c");
      lives.push((await createChannel()).id);
      await post("/topic/delete?topic=t");
    }
    expect(lives).toEqual([...new Set(lives)].sort((a, b) => a - b));
    await consumer("t", "c");
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 1 });
  });
});

describe("a removal whose call was lost", () => {
  it("[DUR9] is made up for, and does no harm to a channel of the same name that came since", async () => {
    await createChannel();
    const restore = loseCalls(Channel.prototype, "remove");
    await post("/channel/delete?topic=t&channel=c");
    const client = await consumerWithHistory();
    restore();
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    await expectUnharmed(client);
  });

  it("[DUR9] does no harm when the channel of the same name began at the same seq and nothing was published", async () => {
    await createChannel();
    const restore = loseCalls(Channel.prototype, "remove");
    await post("/channel/delete?topic=t&channel=c");
    await createChannel();
    await post("/channel/pause?topic=t&channel=c");
    restore();
    await runDurableObjectAlarm(topicStub("t"));
    expect(await channelStats("t", "c")).toMatchObject({ paused: true });
  });

  it("[DUR9] does no harm to a consumer of the new channel whose SUB is under way", async () => {
    await createChannel();
    const restore = loseCalls(Channel.prototype, "remove");
    await post("/channel/delete?topic=t&channel=c");
    restore();
    const answer = holdAnswer(Topic.prototype, "openChannel");
    const client = await V2Client.open(direct("t", "c"));
    open.push(client);
    client.send("SUB t c");
    await answer.isReached();
    await runDurableObjectAlarm(topicStub("t"));
    answer.open();
    expect(await client.next()).toEqual({ response: "OK" });
  });

  it("[DUR8] closes the consumers of the channel when it is made up for", async () => {
    const client = await consumer("t", "c");
    const restore = loseCalls(Channel.prototype, "remove");
    await post("/channel/delete?topic=t&channel=c");
    restore();
    expect(await alarmOf(topicStub("t"))).toBeLessThan(Date.now() + 60_000);
    await runDurableObjectAlarm(topicStub("t"));
    expect(await client.next()).toEqual({ closed: 1000 });
  });

  it("[DUR8] does not keep a new consumer out: the first one of the next life ends the earlier one, not itself", async () => {
    const before = await consumer("t", "c");
    const restore = loseCalls(Channel.prototype, "remove");
    await post("/channel/delete?topic=t&channel=c");
    restore();
    const after = await V2Client.open(direct("t", "c"));
    open.push(after);
    after.send("SUB t c");
    expect(await before.next()).toEqual({ closed: 1000 });
    expect(await after.next()).toEqual({ response: "OK" });
    after.send("RDY 1");
    await publish("t", "x");
    expect((await after.message()).body).toBe("x");
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 1 });
  });
});
