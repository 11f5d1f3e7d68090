// Very many deferred messages over a year, which the test lets go by: what comes when, and how often somebody is woken.

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { concat, fromByteString } from "../../src/protocol/bytes.ts";
import { Random } from "../helpers/random.ts";
import { channelStats, channelStub, post, until } from "./broker-api.ts";
import { alarmOf, rowOf } from "./objects.ts";
import { direct, type ReceivedMessage, sized, V2Client } from "./v2-client.ts";

const START = 1_800_000_000_000;
const YEAR = 365 * 24 * 60 * 60_000;
const MANY = 100_000;
const FEWER = 20_000;
const PER_SEND = 1_000;
/** Different instants at which they fall due, in steps of a year; each costs a save, which comes 10 ms after its first cause. */
const STEPS = 250;
const STEP = YEAR / STEPS;
const EVICTED_EVERY = 50;
const RDY = 2_500;
/** How far ahead a topic sets its alarm when it sends to a channel. */
const GUARD_MS = 10 * 60_000;
const MINUTE = 60_000;
const [TOPIC, CHANNEL] = ["t", "c"];

let alarms: number[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  Object.assign(env, { "max-req-timeout": `${YEAR}ms` });
  await post(`/topic/create?topic=${TOPIC}`);
  await post(`/channel/create?topic=${TOPIC}&channel=${CHANNEL}`);
  alarms = await noteAlarms();
});

afterEach(async () => {
  Reflect.deleteProperty(env, "max-req-timeout");
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

/** After how many steps alarms are to ring that are set from now on, but for the topic's guard. */
async function noteAlarms(): Promise<number[]> {
  const steps: number[] = [];
  await runInDurableObject(channel() as DurableObjectStub, (_, { storage }) => {
    const prototype = Object.getPrototypeOf(storage) as DurableObjectStorage;
    const { setAlarm } = prototype;
    vi.spyOn(prototype, "setAlarm").mockImplementation(function (this: DurableObjectStorage, at) {
      if (Number(at) !== Date.now() + GUARD_MS) steps.push((Number(at) - START) / STEP);
      return setAlarm.call(this, at);
    });
  });
  return steps;
}

function channel() {
  return channelStub(TOPIC, CHANNEL);
}

async function consumer(): Promise<V2Client> {
  const client = await V2Client.consumer(TOPIC, CHANNEL);
  client.send(`RDY ${RDY}`);
  return client;
}

/** Publishes messages that are due in no order; each says after how many steps. Returns that of all. */
async function publish(count: number): Promise<number[]> {
  const random = new Random(1);
  const due = Array.from({ length: count }, () => 1 + random.int(STEPS));
  const producer = await V2Client.open(direct(TOPIC));
  for (let sent = 0; sent < count; sent += PER_SEND) {
    const steps = due.slice(sent, sent + PER_SEND);
    const command = (step: number) => [fromByteString(`DPUB ${TOPIC} ${step * STEP}\n`), sized(body(step))];
    producer.sendBytes(concat(steps.flatMap(command)));
    for (let i = 0; i < PER_SEND; i++) await producer.next();
  }
  producer.close();
  expect(await channelStats(TOPIC, CHANNEL)).toMatchObject({ depth: 0, deferred_count: count });
  return due;
}

/** The channel has taken so many, and holds them itself. */
async function areHeld(expected: number): Promise<void> {
  await until(
    () =>
      rowOf(channel(), "SELECT (SELECT count(*) FROM held) + (SELECT coalesce(sum(count), 0) FROM held_page) AS count"),
    ({ count }) => count === expected,
  );
}

function body(step: number): Uint8Array {
  return fromByteString(`${step}`);
}

function moveTo(step: number): void {
  vi.setSystemTime(START + step * STEP);
}

/** Takes so many messages, no more in flight than may be, and finishes them. Returns after how many steps each was due. */
async function drain(client: V2Client, count: number): Promise<number[]> {
  const messages: ReceivedMessage[] = [];
  while (messages.length < count) {
    const some = await client.messages(Math.min(RDY, count - messages.length));
    client.sendBytes(concat(some.map(({ id }) => fromByteString(`FIN ${id}\n`))));
    messages.push(...some);
  }
  expect(await client.settled()).toEqual([]);
  expect(messages.every(({ attempts }) => attempts === 1)).toBe(true);
  return messages.map((message) => Number(message.body));
}

/** What is due up to a step, by due time. */
function inOrder(due: readonly number[], upTo: number): number[] {
  return due.filter((step) => step <= upTo).sort((a, b) => a - b);
}

describe("a channel with very many deferred messages over a year", () => {
  it("[BIG5] [BIG6] rings once for each instant at which some fall due, though it sleeps", {
    timeout: 2 * MINUTE,
  }, async () => {
    const client = await consumer();
    const due = await publish(MANY);
    await areHeld(MANY);
    // While they come an alarm is set only when one is due before all others.
    expect(alarms).toEqual(alarms.toSorted((a, b) => b - a));
    expect(alarms.at(-1)).toBe(1);
    alarms.length = 0;
    const received: number[] = [];
    for (let step = 1; step <= STEPS; step++) {
      expect(await alarmOf(channel())).toBe(START + step * STEP);
      moveTo(step);
      await runDurableObjectAlarm(channel());
      received.push(...(await drain(client, due.filter((each) => each === step).length)));
      if (step % EVICTED_EVERY === 0) await evictDurableObject(channel());
      await until(
        () => alarmOf(channel()),
        (at) => (step < STEPS ? at !== null : at === null),
      );
    }
    expect(received).toEqual(inOrder(due, STEPS));
    expect(alarms).toEqual(Array.from({ length: STEPS - 1 }, (_, i) => i + 2));
    client.close();
  });

  it("[BIG5] [BIG6] rings for nobody once its consumer has left, and gives the next one what is due, by due time", {
    timeout: MINUTE,
  }, async () => {
    const first = await consumer();
    const due = await publish(FEWER);
    await areHeld(FEWER);
    first.close();
    await until(
      () => channelStats(TOPIC, CHANNEL),
      ({ client_count }) => client_count === 0,
    );
    alarms.length = 0;
    moveTo(1);
    await runDurableObjectAlarm(channel()); // was set for the consumer that left
    expect([alarms, await alarmOf(channel())]).toEqual([[], null]);
    const half = STEPS / 2;
    moveTo(half);
    const second = await consumer();
    expect(await drain(second, inOrder(due, half).length)).toEqual(inOrder(due, half));
    await until(
      () => alarmOf(channel()),
      (at) => at === START + (half + 1) * STEP,
    );
    expect(alarms).toEqual([half + 1]);
    second.close();
  });

  it("[BIG6] that has had no consumer rings for nobody, and its first one gets what is due", {
    timeout: MINUTE,
  }, async () => {
    const due = await publish(FEWER);
    expect([alarms, await alarmOf(channel())]).toEqual([[], null]);
    const half = STEPS / 2;
    moveTo(half);
    const client = await consumer();
    // It has not taken them before: they come as they were published [CHN10].
    const isDue = due.filter((step) => step <= half);
    expect(await drain(client, isDue.length)).toEqual(isDue);
    await until(
      () => alarmOf(channel()),
      (at) => at === START + (half + 1) * STEP,
    );
    expect(alarms.at(-1)).toBe(half + 1);
    client.close();
  });
});
