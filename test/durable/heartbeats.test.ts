import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { channelStats, channelStub, post, publish, stats, topicStub } from "./broker-api.ts";
import { alarmOf, type Stub } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const START = 1_800_000_000_000;
const INTERVAL_MS = 30_000;
const HEARTBEAT = { response: "_heartbeat_" };

const open: V2Client[] = [];

beforeEach(() => {
  // Time stands still until a test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const client of open.splice(0)) client.close();
  await reset();
});

/** A client on a direct path that wants heartbeats; its messages time out much later than it does. */
async function connect(path: string, sub?: string): Promise<V2Client> {
  const client = await V2Client.open(path);
  open.push(client);
  client.send("IDENTIFY", JSON.stringify({ heartbeat_interval: INTERVAL_MS, msg_timeout: 10 * INTERVAL_MS }));
  await client.next();
  if (sub !== undefined) {
    client.send(sub);
    await client.next();
  }
  return client;
}

/** Anything a client says counts; this is answered. */
async function saySomething(client: V2Client): Promise<void> {
  client.send("NOP");
  client.send("PUB other", "x");
  expect(await client.next()).toEqual({ response: "OK" });
}

/** Lets an interval pass while the object sleeps. */
async function sleepAnInterval(stub: Stub): Promise<void> {
  await evictDurableObject(stub);
  vi.setSystemTime(Date.now() + INTERVAL_MS);
  expect(await runDurableObjectAlarm(stub), "an alarm was set").toBe(true);
}

describe.each([
  { who: "a consumer", path: direct("t", "c"), sub: "SUB t c", stub: () => channelStub("t", "c") as Stub },
  { who: "a consumer to be, before SUB", path: direct("t", "c"), stub: () => channelStub("t", "c") as Stub },
  { who: "a producer", path: direct("t"), stub: () => topicStub("t") as Stub },
])("$who on a direct path, over sleeps of its object", ({ path, sub, stub }) => {
  it("[HB1] [DUR4] gets a heartbeat every interval", async () => {
    const client = await connect(path, sub);
    for (let i = 0; i < 5; i++) {
      await sleepAnInterval(stub());
      expect(await client.next()).toEqual(HEARTBEAT);
      await saySomething(client);
    }
    expect(client.closedWith).toBe(null);
  });

  it("[HB1] [DUR4] is closed after two intervals of silence", async () => {
    const client = await connect(path, sub);
    await sleepAnInterval(stub());
    expect(await client.next()).toEqual(HEARTBEAT);
    await sleepAnInterval(stub());
    expect([await client.next(), await client.next()]).toEqual([HEARTBEAT, { closed: 1000 }]);
  });

  it("[HB1] [DUR4] is not forgotten when something else wakes the object", async () => {
    const client = await connect(path, sub);
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    for (let i = 0; i < 3; i++) {
      await evictDurableObject(stub());
      await publish("t", "x");
      await stats("t");
      expect(await alarmOf(stub())).toBeLessThanOrEqual(Date.now() + INTERVAL_MS);
      await sleepAnInterval(stub());
      expect(await client.next()).toEqual(HEARTBEAT);
      await saySomething(client);
    }
  });
});

describe("a producer on a direct path whose topic is deleted", () => {
  it("[HB1] goes on getting heartbeats, and can publish to a new topic of that name", async () => {
    const client = await connect(direct("t"));
    client.send("PUB t", "x");
    expect(await client.next()).toEqual({ response: "OK" });
    expect(await post("/topic/delete?topic=t")).toMatchObject({ status: 200 });
    for (let i = 0; i < 2; i++) {
      await sleepAnInterval(topicStub("t"));
      expect(await client.next()).toEqual(HEARTBEAT);
      await saySomething(client);
    }
    client.send("PUB t", "y");
    expect(await client.next()).toEqual({ response: "OK" });
    expect(await stats("t")).toMatchObject({ depth: 1 });
  });

  it("[HB1] is closed when it is silent", async () => {
    const client = await connect(direct("t"));
    client.send("PUB t", "x");
    expect(await client.next()).toEqual({ response: "OK" });
    await post("/topic/delete?topic=t");
    await sleepAnInterval(topicStub("t"));
    await sleepAnInterval(topicStub("t"));
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      HEARTBEAT,
      HEARTBEAT,
      { closed: 1000 },
    ]);
  });
});

describe("a consumer on a direct path that was silent for too long", () => {
  it("[HB1] [CHN11] consumes no more, and its messages stay in flight until they time out", async () => {
    const client = await connect(direct("t", "c"), "SUB t c");
    client.send("RDY 1");
    await publish("t", "x");
    await client.message();
    await sleepAnInterval(channelStub("t", "c"));
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 1, in_flight_count: 1 });
    await sleepAnInterval(channelStub("t", "c"));
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 0, in_flight_count: 1 });
    vi.setSystemTime(START + 10 * INTERVAL_MS);
    expect(await channelStats("t", "c")).toMatchObject({ depth: 1, in_flight_count: 0, timeout_count: 1 });
  });
});
