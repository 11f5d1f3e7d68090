// An ephemeral channel over sleeps of its object, and when it goes: with its last consumer, however that comes about.

import { evictAllDurableObjects, evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { Topic } from "../../src/durable/Topic.ts";
import { channelStats, channelStub, post, publish, stats, until } from "./broker-api.ts";
import { holdAnswer, holdCall, loseCall, loseCalls } from "./calls.ts";
import { alarmOf, mark } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const CHANNEL = "c#ephemeral";

const open: V2Client[] = [];

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // lost calls are logged
  await post("/topic/create?topic=t");
  await post("/channel/create?topic=t&channel=durable");
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function connect(): Promise<V2Client> {
  const client = await V2Client.open(direct("t", CHANNEL));
  open.push(client);
  return client;
}

async function consumer(rdy: number, identify: object = {}): Promise<V2Client> {
  const client = await V2Client.consumer("t", CHANNEL, identify);
  open.push(client);
  client.send(`RDY ${rdy}`);
  expect(await client.settled()).toEqual([]);
  return client;
}

/** Publishes a message that a consumer takes and finishes. */
async function finishOne(client: V2Client, body: string): Promise<void> {
  await publish("t", body);
  const message = await client.message();
  expect(message).toMatchObject({ body, attempts: 1 });
  client.send(`FIN ${message.id}`);
  expect(await client.settled()).toEqual([]);
}

async function channels(): Promise<string[]> {
  return (await stats("t"))?.channels.map(({ channel_name }) => channel_name) ?? [];
}

async function expectGone(): Promise<void> {
  await until(channels, (names) => !names.includes(CHANNEL));
  expect(await channels()).toEqual(["durable"]);
}

describe("an ephemeral channel over a sleep", () => {
  it("[DUR4] keeps what it has counted", async () => {
    const client = await consumer(5);
    await publish("t", "x");
    const { id } = await client.message();
    client.send(`REQ ${id} 0`);
    const again = await client.message();
    client.send(`FIN ${again.id}`);
    expect(await client.settled()).toEqual([]);
    const before = await channelStats("t", CHANNEL);
    expect(before).toMatchObject({ requeue_count: 1, message_count: 1, depth: 0, paused: false });
    const isAwake = await mark(channelStub("t", CHANNEL));
    await evictDurableObject(channelStub("t", CHANNEL));
    expect(await isAwake()).toBe(false);
    expect(await channelStats("t", CHANNEL)).toEqual(before);
  });

  it("[DUR4] stays paused, and does not sleep as long as only its memory knows that", async () => {
    const client = await consumer(5);
    await finishOne(client, "before");
    const order = (verb: string) => post(`/channel/${verb}?topic=t&channel=${encodeURIComponent(CHANNEL)}`);
    await order("pause");
    const isAwake = await mark(channelStub("t", CHANNEL));
    const sleep = evictDurableObject(channelStub("t", CHANNEL)); // waits for whatever keeps the object awake
    await publish("t", "x");
    expect(await client.settled()).toEqual([]);
    expect(await channelStats("t", CHANNEL)).toMatchObject({ paused: true, depth: 1, client_count: 1 });
    expect(await isAwake()).toBe(true);
    await order("unpause");
    const { id } = await client.message();
    client.send(`FIN ${id}`);
    expect(await client.settled()).toEqual([]);
    await sleep;
    expect(await isAwake()).toBe(false);
    expect(await channelStats("t", CHANNEL)).toMatchObject({ paused: false, depth: 0, message_count: 2 });
  });

  it("[DUR4] [CHN11] does not deliver again what a consumer finished that has left", async () => {
    const leaving = await consumer(1);
    const staying = await consumer(0);
    for (let i = 0; i < 5; i++) await finishOne(leaving, `${i}`);
    leaving.close();
    await until(
      () => channelStats("t", CHANNEL),
      ({ client_count }) => client_count === 1,
    );
    await evictDurableObject(channelStub("t", CHANNEL));
    staying.send("RDY 10");
    await finishOne(staying, "next");
    expect(await staying.settled()).toEqual([]);
    expect(await channelStats("t", CHANNEL)).toMatchObject({ depth: 0, in_flight_count: 0, message_count: 6 });
  });

  it("[DUR4] does not deliver again what one consumer finished though another one was heard of before that", async () => {
    const busy = await consumer(1);
    const idle = await consumer(0);
    for (let i = 0; i < 3; i++) await finishOne(busy, `${i}`);
    await evictDurableObject(channelStub("t", CHANNEL));
    idle.send("RDY 10");
    expect(await idle.settled()).toEqual([]);
    expect(await channelStats("t", CHANNEL)).toMatchObject({ depth: 0, in_flight_count: 0, message_count: 3 });
  });
});

describe("an ephemeral channel is removed", () => {
  it("[CHN11] [DUR8] when its only consumer leaves while its SUB is under way", async () => {
    const answer = holdAnswer(Topic.prototype, "openChannel");
    const client = await connect();
    client.send(`SUB t ${CHANNEL}`);
    await answer.isReached();
    expect(await channels()).toEqual([CHANNEL, "durable"]);
    client.close();
    expect(await client.next()).toMatchObject({ closed: expect.any(Number) });
    answer.open();
    await expectGone();
  });

  it("[DUR8] when its last consumer leaves while its topic is still told that the one before left", async () => {
    const first = await consumer(1);
    const leave = holdCall(Topic.prototype, "leave");
    first.close();
    await leave.isReached();
    const second = await consumer(1);
    const answer = holdAnswer(Channel.prototype, "isDeserted");
    leave.open();
    await answer.isReached();
    second.close();
    await until(
      () => channelStats("t", CHANNEL),
      ({ client_count }) => client_count === 0,
    );
    answer.open(); // not then
    await expectGone();
  });

  it("[DUR8] when its only consumer leaves before the channel was made", async () => {
    const call = holdCall(Topic.prototype, "openChannel");
    const leave = vi.spyOn(Topic.prototype, "leave");
    const client = await connect();
    client.send(`SUB t ${CHANNEL}`);
    await call.isReached();
    client.close();
    expect(await client.next()).toMatchObject({ closed: expect.any(Number) });
    call.open();
    await until(
      async () => leave.mock.calls.length,
      (calls) => calls > 0,
    );
    await expectGone();
  });

  it("[DUR8] when its last consumer leaves, though somebody is connected who does not consume", async () => {
    const other = await connect();
    other.send("PUB other", "x");
    expect(await other.next()).toEqual({ response: "OK" });
    const client = await consumer(1);
    client.close();
    await expectGone();
    other.close();
  });

  it("[DUR8] when its last consumer leaves while its object sleeps", async () => {
    const client = await consumer(1);
    await finishOne(client, "x");
    await evictAllDurableObjects();
    client.close();
    await expectGone();
  });

  it("[DUR8] when its topic could not be told at once", async () => {
    const client = await consumer(1);
    await evictDurableObject(channelStub("t", CHANNEL)); // nothing is to be saved that would wake it by chance
    loseCall(Topic.prototype, "leave");
    client.close();
    await until(
      () => alarmOf(channelStub("t", CHANNEL)),
      (alarm) => alarm !== null,
    );
    expect(await channels()).toEqual([CHANNEL, "durable"]);
    expect(await runDurableObjectAlarm(channelStub("t", CHANNEL))).toBe(true);
    await expectGone();
  });

  it("[DUR8] when its topic could not be told several times, and its object slept between", async () => {
    const restore = loseCalls(Topic.prototype, "leave");
    const client = await consumer(1);
    client.close();
    for (let i = 0; i < 3; i++) {
      await until(
        () => alarmOf(channelStub("t", CHANNEL)),
        (alarm) => alarm !== null,
      );
      await evictDurableObject(channelStub("t", CHANNEL));
      if (i === 2) restore();
      expect(await runDurableObjectAlarm(channelStub("t", CHANNEL))).toBe(true);
    }
    await expectGone();
  });

  it("[DUR8] not when another consumer has come before its topic was told", async () => {
    const leave = holdCall(Topic.prototype, "leave");
    const first = await consumer(1);
    await finishOne(first, "1");
    first.close();
    await leave.isReached();
    const second = await consumer(1);
    leave.open();
    await finishOne(second, "2");
    await evictAllDurableObjects();
    await finishOne(second, "3");
    expect(await channels()).toEqual([CHANNEL, "durable"]);
  });

  it("[DUR8] not when a consumer is about to come", async () => {
    const first = await consumer(1);
    const answer = holdAnswer(Topic.prototype, "openChannel");
    const second = await connect();
    second.send(`SUB t ${CHANNEL}`);
    await answer.isReached();
    first.close();
    expect(await first.next()).toMatchObject({ closed: expect.any(Number) });
    await publish("t", "x");
    answer.open();
    expect(await second.next()).toEqual({ response: "OK" });
    second.send("RDY 1");
    expect(await second.message()).toMatchObject({ body: "x", attempts: 1 });
  });
});
