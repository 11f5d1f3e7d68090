import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { channelStub, topicStub } from "../durable/broker-api.ts";
import { direct, V2Client } from "../durable/v2-client.ts";
import { Meter } from "./meter.ts";
import type { Counts } from "./prices.ts";

const NOTHING: Counts = {
  rowsWritten: 0,
  rowsRead: 0,
  objectRequests: 0,
  webSocketMessages: 0,
  alarms: 0,
  workerRequests: 0,
};

/** An object of no topic that the tests use. */
let object: ReturnType<typeof topicStub>;
let meter: Meter;

beforeEach(async () => {
  object = topicStub("object"); // before the meter: what is done over this stub is no request
  await runInDurableObject(object, (_, { storage }) => {
    storage.sql.exec("CREATE TABLE plain (id INTEGER PRIMARY KEY, body)");
    storage.sql.exec("CREATE TABLE counting (id INTEGER PRIMARY KEY AUTOINCREMENT)");
    storage.sql.exec("CREATE TABLE named (name TEXT PRIMARY KEY, body)");
    storage.sql.exec("CREATE INDEX named_body ON named (body)");
    storage.sql.exec("CREATE TABLE keyed (name TEXT PRIMARY KEY, body) WITHOUT ROWID");
    storage.sql.exec("INSERT INTO plain SELECT value, 'x' FROM json_each(?)", JSON.stringify([...Array(100).keys()]));
    storage.sql.exec("INSERT INTO named VALUES ('a', 'x'), ('b', 'y')");
    meter = new Meter(storage);
  });
});

afterEach(async () => {
  meter.remove();
  await reset();
});

/** What is counted of something that an object does. */
async function counted(work: (storage: DurableObjectStorage) => unknown): Promise<Counts> {
  await runInDurableObject(object, async (_, { storage }) => void (await work(storage)));
  return meter.counts;
}

const takeAll = (rows: Iterable<unknown>) => void [...rows];
function takeFirst(rows: Iterable<unknown>): unknown {
  for (const row of rows) return row;
}

describe("rows written", () => {
  it.each([
    ["INSERT INTO plain VALUES (1000, 'x')", 1],
    ["INSERT INTO plain VALUES (1000, zeroblob(1000000))", 1],
    ["INSERT INTO plain VALUES (1000, 'x'), (1001, 'y')", 2],
    ["INSERT INTO counting VALUES (NULL)", 2],
    ["INSERT INTO named VALUES ('c', 'z')", 3],
    ["INSERT INTO keyed VALUES ('a', 'x')", 1],
    ["INSERT OR REPLACE INTO plain VALUES (1, 'y')", 1],
    ["UPDATE plain SET id = 1000 WHERE id = 1", 1],
    ["UPDATE named SET body = 'z' WHERE name = 'a'", 2],
    ["DELETE FROM plain", 100],
    ["DELETE FROM named WHERE name = 'a'", 1],
    ["DROP TABLE plain", 0],
    ["CREATE TABLE other (id INTEGER PRIMARY KEY)", 2],
    ["SELECT * FROM plain", 0],
  ])("[COST5] are counted: %s", async (statement, rowsWritten) => {
    expect(await counted(({ sql }) => void sql.exec(statement))).toMatchObject({ rowsWritten });
  });

  it("[COST5] are counted for each alarm that is set or deleted", async () => {
    const at = Date.now() + 3_600_000;
    const counts = await counted(async (storage) => {
      await storage.setAlarm(at);
      await storage.setAlarm(at + 1);
      await storage.deleteAlarm();
    });
    expect(counts).toEqual({ ...NOTHING, rowsWritten: 3 });
  });

  it("[COST5] are counted for what empties an object", async () => {
    expect(await counted((storage) => storage.deleteAll())).toEqual({ ...NOTHING, rowsWritten: 1 });
  });

  it("[COST5] are not guessed at: what the meter cannot count fails", async () => {
    await expect(counted(({ kv }) => kv.put("a", 1))).rejects.toThrow("the meter cannot count what put costs");
    await expect(counted((storage) => storage.get("a"))).rejects.toThrow("the meter cannot count what get costs");
  });
});

describe("rows read", () => {
  const all = "SELECT * FROM plain";
  it.each<[string, (sql: SqlStorage) => unknown, number]>([
    ["all of them", (sql) => takeAll(sql.exec(all)), 100],
    ["all of them, as an array", (sql) => sql.exec(all).toArray(), 100],
    ["all of them, raw", (sql) => takeAll(sql.exec(all).raw()), 100],
    ["a count, which reads what it counts", (sql) => sql.exec("SELECT count(*) FROM plain").one(), 100],
    ["the only one", (sql) => sql.exec(`${all} WHERE id = 7`).one(), 1],
    // The runtime looks one row ahead.
    ["the first one of many", (sql) => takeFirst(sql.exec(all)), 2],
    ["the next one of many", (sql) => sql.exec(all).next(), 2],
    ["the first one with LIMIT 1", (sql) => takeFirst(sql.exec(`${all} LIMIT 1`)), 1],
    ["none that are taken", (sql) => sql.exec(all), 1],
    ["what is changed", (sql) => sql.exec("UPDATE plain SET body = 'z' WHERE id = 7"), 1],
  ])("[COST5] are counted as far as they are taken: %s", async (_, read, rowsRead) => {
    expect(await counted(({ sql }) => read(sql))).toMatchObject({ rowsRead });
  });

  it("[COST5] are those that the cursor tells in the end, also when it is taken bit by bit", async () => {
    let told = 0;
    const { rowsRead } = await counted(({ sql }) => {
      const cursor = sql.exec(all);
      takeFirst(cursor);
      cursor.next();
      takeFirst(cursor.raw());
      cursor.toArray();
      told = cursor.rowsRead;
    });
    expect([rowsRead, told]).toEqual([100, 100]);
  });
});

describe("requests", () => {
  it("[COST5] are counted for a call of an object", async () => {
    await topicStub("t").setPaused(true);
    expect(meter.counts).toMatchObject({ objectRequests: 1, workerRequests: 0 });
    await env.TOPIC.get(env.TOPIC.idFromName("0/t")).setPaused(true);
    expect(meter.counts).toMatchObject({ objectRequests: 2, workerRequests: 0 });
  });

  it("[COST5] are counted for calls that objects make of each other, and not of themselves", async () => {
    await exports.default.fetch("http://broker/topic/create?topic=t", { method: "POST" });
    // One to create it; it tells Lookup.
    expect(meter.counts).toMatchObject({ objectRequests: 2, workerRequests: 1 });
    await exports.default.fetch("http://broker/channel/create?topic=t&channel=c", { method: "POST" });
    // `createChannel` calls `openChannel` of the same object, which tells Lookup.
    expect(meter.counts).toMatchObject({ objectRequests: 4, workerRequests: 2 });
  });

  it("[COST5] are counted for a WebSocket to an object, and what comes over it, but nothing that goes out", async () => {
    const client = await V2Client.open(direct("t", "c"));
    await meter.quiet(1);
    expect(meter.counts).toMatchObject({ workerRequests: 1, objectRequests: 1, webSocketMessages: 1 });
    client.send("IDENTIFY", "{}");
    await client.next();
    client.send("NOP\nNOP");
    await meter.quiet(3);
    expect(meter.counts).toMatchObject({ workerRequests: 1, objectRequests: 1, webSocketMessages: 3 });
    client.close();
  });

  it("[COST5] are counted for what the gateway passes on to objects, and not for what comes to the gateway", async () => {
    const client = await V2Client.open("/v2");
    for (let i = 0; i < 3; i++) client.send("NOP");
    client.send("PUB t", "x");
    await client.next();
    // The WebSocket and the PUB on it; the topic tells Lookup.
    expect(meter.counts).toMatchObject({ workerRequests: 1, objectRequests: 2, webSocketMessages: 1 });
    client.close();
  });

  it("[COST5] are counted for an alarm that runs", async () => {
    const channel = channelStub("t", "c");
    await runInDurableObject(channel, (_, { storage }) => storage.setAlarm(Date.now() + 3_600_000));
    const { alarms } = meter.counts;
    expect(await runDurableObjectAlarm(channel)).toBe(true);
    expect([alarms, meter.counts.alarms]).toEqual([0, 1]);
  });
});

describe("the meter", () => {
  it("[COST5] leaves out what is no part of the workload, and ends when it is removed", async () => {
    await meter.uncounted(() => topicStub("t").setPaused(true));
    expect(meter.counts).toEqual(NOTHING);
    meter.remove();
    await topicStub("t").create();
    expect(meter.counts).toEqual(NOTHING);
  });
});
