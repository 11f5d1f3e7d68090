import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { channelStats, channelStub, post, publish, topicStub } from "./broker-api.ts";
import { countCalls, holdAnswer } from "./calls.ts";
import { direct, V2Client } from "./v2-client.ts";

const START = 1_800_000_000_000;
const INTERVAL_MS = 30_000;

const open: V2Client[] = [];

beforeEach(() => {
  // Time stands still until a test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

/** A consumer that follows. */
async function consumer(): Promise<V2Client> {
  const client = await V2Client.consumer("t", "c");
  open.push(client);
  client.send("RDY 10");
  await client.settled();
  return client;
}

/** Publishes a message, which the consumer takes and finishes. */
async function finishOne(client: V2Client): Promise<void> {
  await publish("t", "x");
  const { id } = await client.message();
  client.send(`FIN ${id}`);
  expect(await client.settled()).toEqual([]);
}

/** What was published before the channel had answered for the last time was taken, too. */
async function expectAllTaken(client: V2Client): Promise<void> {
  expect(await client.settled()).toEqual([]);
  expect(await channelStats("t", "c")).toMatchObject({ depth: 0, in_flight_count: 0 });
}

describe("a channel that follows and has everything", () => {
  it("[LOG5] [DUR7] is not called for what is published to its topic while that is paused", async () => {
    const client = await consumer();
    await finishOne(client);
    const pushes = countCalls(Channel.prototype, "push");
    await post("/topic/pause?topic=t");
    for (let i = 0; i < 10; i++) await publish("t", `${i}`);
    await expectAllTaken(client);
    expect(pushes()).toBe(0);
    await post("/topic/empty?topic=t");
    await expectAllTaken(client);
    expect(pushes()).toBeLessThanOrEqual(1); // it may be told what will not come
    await post("/topic/unpause?topic=t");
    await finishOne(client);
    expect(pushes()).toBeGreaterThan(0);
  });

  it("[DUR7] is not called for the heartbeats of producers", async () => {
    const client = await consumer();
    await finishOne(client);
    await evictDurableObject(channelStub("t", "c")); // waits for the save
    const producer = await V2Client.open(direct("t"));
    open.push(producer);
    producer.send("IDENTIFY", JSON.stringify({ heartbeat_interval: INTERVAL_MS }));
    await producer.next();
    const pushes = countCalls(Channel.prototype, "push");
    const seen: number[] = [];
    for (let i = 1; i <= 5; i++) {
      vi.setSystemTime(START + i * INTERVAL_MS);
      expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
      expect(await producer.next()).toEqual({ response: "_heartbeat_" });
      producer.send("PUB other", "x");
      expect(await producer.next()).toEqual({ response: "OK" });
      seen.push(pushes());
    }
    // How far the channel has saved is only told in answers: the first alarm may have to ask for that.
    expect(seen[0]).toBeLessThanOrEqual(1);
    expect(seen.slice(1)).toEqual([0, 0, 0, 0]);
    await finishOne(client);
  });

  it("[DUR7] is not called when nothing is published", async () => {
    const client = await consumer();
    const pushes = countCalls(Channel.prototype, "push");
    for (const order of ["pause", "unpause", "empty", "create"]) await post(`/topic/${order}?topic=t`);
    await post("/channel/create?topic=t&channel=d");
    await expectAllTaken(client);
    expect(pushes()).toBe(0);
  });
});

describe("a channel that does not follow", () => {
  it("[CHN19] is called for the first of many publishes at most, and asks when it has room", async () => {
    const client = await consumer();
    client.send("RDY 0");
    await client.settled();
    const pushes = countCalls(Channel.prototype, "push");
    for (let i = 0; i < 10; i++) await publish("t", `${i}`);
    await client.settled();
    expect(pushes()).toBeLessThanOrEqual(1);
    client.send("RDY 10");
    expect((await client.messages(10)).map(({ body }) => body)).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
  });

  it("[CHN19] [DUR8] is sent what comes once it has asked, though it is only then known that it did not want it", async () => {
    const client = await consumer();
    client.send("RDY 0");
    await client.settled();
    const answer = holdAnswer(Channel.prototype, "push");
    await publish("t", "1");
    await answer.isReached();
    client.send("RDY 10");
    expect((await client.message()).body).toBe("1");
    await publish("t", "2");
    answer.open();
    expect((await client.message()).body).toBe("2");
  });
});
