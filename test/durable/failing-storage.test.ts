// Storage that throws at a certain moment, and objects that cannot be reached.

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { Topic } from "../../src/durable/Topic.ts";
import { channelStats, channelStub, post, publish, stats, topicStub, until } from "./broker-api.ts";
import { loseCall, loseCalls } from "./calls.ts";
import { INJECTED } from "./fault-points.ts";
import { alarmOf, kill } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const INTERNAL_ERROR = { status: 500, text: '{"message":"INTERNAL_ERROR"}' };
const HOUR_MS = 3_600_000;

const open: V2Client[] = [];

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // what fails is logged
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function opened(path: string): Promise<V2Client> {
  const client = await V2Client.open(path);
  open.push(client);
  return client;
}

async function consumer(): Promise<V2Client> {
  const client = await V2Client.consumer("t", "c");
  open.push(client);
  client.send("RDY 10");
  await client.settled();
  return client;
}

/** The next statement of any object that matches throws; or all of them, until the returned function is called. */
async function failStatement(pattern: RegExp, isOnce = true): Promise<() => void> {
  return runInDurableObject(topicStub("t") as DurableObjectStub, (_, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql);
    const { exec } = sql;
    const spy = vi.spyOn(sql, "exec").mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (!pattern.test(args[0] as string)) return exec.apply(this, args);
      if (isOnce) spy.mockRestore();
      throw new Error(INJECTED);
    });
    return () => spy.mockRestore();
  });
}

describe("a topic whose state cannot be saved", () => {
  it("[DUR10] is what it was: an order that was refused is not carried out", async () => {
    const client = await consumer();
    for (const order of [
      "/topic/pause?topic=t",
      "/channel/delete?topic=t&channel=c",
      "/channel/create?topic=t&channel=d",
    ]) {
      const before = await stats("t");
      await failStatement(/^INSERT OR REPLACE INTO topic /);
      expect(await post(order)).toEqual(INTERNAL_ERROR);
      expect(await stats("t")).toEqual(before);
    }
    await publish("t", "x");
    expect((await client.message()).body).toBe("x");
  });

  it("[DUR10] cannot be made, and who publishes to it is told", async () => {
    for (const path of ["/v2", direct("t"), direct("other")]) {
      const restore = await failStatement(/^INSERT OR REPLACE INTO topic /, false);
      const producer = await opened(path);
      producer.send("PUB t", "x");
      const received = await producer.next();
      if ("error" in received) expect(received.error).toMatch(/^E_PUB_FAILED PUB failed could not be stored$/);
      else expect(received).toEqual({ closed: expect.any(Number) }); // its object has ended
      expect((await post("/pub?topic=t", "x")).status).toBeGreaterThanOrEqual(500);
      restore();
    }
    await publish("t", "x");
    expect(await stats("t")).toMatchObject({ depth: 1 });
  });

  it("[DUR10] is deleted wholly, or is still there", async () => {
    await publish("t", "x");
    const removed = await runInDurableObject(topicStub("t") as DurableObjectStub, (_, { storage }) => {
      const prototype = Object.getPrototypeOf(storage);
      return vi.spyOn(prototype, "deleteAll").mockImplementation(async () => {
        throw new Error(INJECTED);
      });
    });
    expect(await post("/topic/delete?topic=t")).toEqual(INTERNAL_ERROR);
    removed.mockRestore();
    expect((await post("/pub?topic=t", "y")).text).toBe('{"message":"EXITING"}');
    await runDurableObjectAlarm(topicStub("t"));
    expect(await stats("t")).toBe(null);
    await publish("t", "z");
    expect(await stats("t")).toMatchObject({ depth: 1, message_count: 1, message_bytes: 1 });
  });
});

describe("an alarm that makes something good", () => {
  it("[DUR10] is set by the next life, though the platform has given it up", async () => {
    await consumer();
    const restore = loseCalls(Channel.prototype, "remove");
    expect(await post("/topic/delete?topic=t")).toEqual(INTERNAL_ERROR);
    restore();
    await runInDurableObject(topicStub("t") as DurableObjectStub, (_, { storage }) => storage.deleteAlarm());
    await kill(topicStub("t"));
    expect((await post("/pub?topic=t", "x")).text).toBe('{"message":"EXITING"}');
    expect(await alarmOf(topicStub("t"))).not.toBe(null);
    await runDurableObjectAlarm(topicStub("t"));
    await publish("t", "x");
  });

  it("[DUR10] ends the life that relies on it when it cannot be set", async () => {
    const client = await consumer();
    await runInDurableObject(topicStub("t") as DurableObjectStub, (_, { storage }) => storage.deleteAlarm());
    await evictDurableObject(topicStub("t"));
    await runInDurableObject(topicStub("t") as DurableObjectStub, (_, { storage }) => {
      vi.spyOn(Object.getPrototypeOf(storage), "setAlarm").mockRejectedValueOnce(new Error(INJECTED));
    });
    // While it is pushed an alarm is set: without that nobody may be told that all is well.
    expect(await post("/pub?topic=t", "x")).toEqual(INTERNAL_ERROR);
    await publish("t", "y");
    let { body } = await client.message();
    if (body === "x") ({ body } = await client.message());
    expect(body).toBe("y");
    expect(await alarmOf(topicStub("t"))).not.toBe(null);
  });
});

describe("a channel whose state cannot be saved", () => {
  it("[DUR10] [DUR3] delivers nothing that had to be saved before, and goes on from what is saved", async () => {
    const client = await consumer();
    await publish("t", "x");
    const { id } = await client.message();
    await evictDurableObject(channelStub("t", "c")); // waits for the save
    await failStatement(/^INSERT OR REPLACE INTO state /);
    client.send(`REQ ${id} 0`);
    expect(await client.next()).toEqual({ closed: 1006 });
    expect(await (await consumer()).message()).toMatchObject({ body: "x", attempts: 2 });
  });
});

describe("a channel that wakes and cannot read", () => {
  it("[DUR10] its state, closes the connection of who woke it: no command stays without an answer", async () => {
    const client = await consumer();
    await publish("t", "x");
    await client.message();
    await evictDurableObject(channelStub("t", "c"));
    await failStatement(/^SELECT bytes FROM state/);
    client.send("TOUCH ffffffffffffffff");
    expect(await client.next()).toEqual({ closed: 1006 });
    expect(await (await consumer()).message()).toMatchObject({ body: "x" });
  });

  it("[DUR10] what it holds, still knows what it owes", async () => {
    const client = await consumer();
    for (const body of ["a", "b", "c"]) await publish("t", body);
    const [a, b, c] = await client.messages(3);
    for (const message of [a, b]) client.send(`FIN ${message?.id}`);
    client.send(`REQ ${c?.id} ${HOUR_MS / 2}`);
    await client.settled();
    client.close();
    await until(
      () => channelStats("t", "c"),
      ({ client_count }) => client_count === 0,
    );
    const before = await channelStats("t", "c");
    expect(before).toMatchObject({ depth: 0, deferred_count: 1 });
    await evictDurableObject(channelStub("t", "c"));
    const restore = await failStatement(/^SELECT .* FROM held/, false);
    for (let i = 0; i < 2; i++) expect((await post("/channel/pause?topic=t&channel=c")).status).toBe(500);
    restore();
    expect(await channelStats("t", "c")).toEqual(before);
  });
});

describe("an object that cannot be reached", () => {
  it.each([
    ["the topic", Topic.prototype, direct("t")],
    ["the channel", Channel.prototype, direct("t", "c")],
  ])("[HTTP3] [DUR8] %s: its WebSocket is refused without a word of why", async (_, prototype, path) => {
    loseCall(prototype, "fetch");
    await expect(V2Client.open(path)).rejects.toThrow(/: 500 {"message":"INTERNAL_ERROR"}$/);
    await opened(path);
  });
});
