// Storage that a newer nsq-edge has written: whoever needs it is refused, all others are served, and nothing is lost.

import { abortAllDurableObjects, evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StatsDocument } from "../../src/http/stats.ts";
import { channelSchema } from "../../src/storage/channel-schema.ts";
import { lookupSchema } from "../../src/storage/lookup-schema.ts";
import type { Schema } from "../../src/storage/schema.ts";
import { topicSchema } from "../../src/storage/topic-schema.ts";
import { channelStats, channelStub, post, publish, stats, topicStub } from "./broker-api.ts";
import { direct, V2Client } from "./v2-client.ts";

const REFUSED = { status: 500, text: '{"message":"INTERNAL_ERROR"}' };

const open: V2Client[] = [];
const log = vi.fn<(...parts: unknown[]) => void>();

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(log);
});

afterEach(async () => {
  vi.restoreAllMocks();
  log.mockReset();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function connect(path: string): Promise<V2Client> {
  const client = await V2Client.open(path);
  open.push(client);
  return client;
}

function lookupStub() {
  return env.LOOKUP.getByName("lookup");
}

/** The storage of an object that refuses it, as its next life would find it. */
async function inStorage<T>(schema: Schema, stub: DurableObjectStub, look: (sql: SqlStorage) => T): Promise<T> {
  const spy = vi.spyOn(schema, "open").mockImplementation(() => {});
  await abortAllDurableObjects();
  const seen = await runInDurableObject(stub, (_, { storage }) => look(storage.sql));
  spy.mockRestore();
  await abortAllDurableObjects();
  return seen;
}

/** As if an nsq-edge of that version had written it. */
function setVersion(schema: Schema, stub: DurableObjectStub, version: number): Promise<void> {
  return inStorage(schema, stub, (sql) => {
    sql.exec("DROP VIEW schema");
    sql.exec(`CREATE VIEW schema AS SELECT ${version} AS version`);
  });
}

/** Everything that is stored. */
function contents(schema: Schema, stub: DurableObjectStub): Promise<string> {
  return inStorage(schema, stub, (sql) => {
    const own = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name";
    const tables = sql.exec<{ name: string; sql: string }>(own).toArray();
    const rows = tables
      .filter(({ sql: text }) => text?.startsWith("CREATE TABLE"))
      .map(({ name }) => [...sql.exec(`SELECT * FROM ${name}`).raw()]);
    return JSON.stringify([tables, rows], (_, value) =>
      value instanceof ArrayBuffer ? [...new Uint8Array(value)] : value,
    );
  });
}

/** Lines of the log that tell of a refusal. */
function refusals(): string[] {
  return log.mock.calls.map((parts) => parts.map(String).join(" ")).filter((line) => line.includes("schema version"));
}

async function allStats(): Promise<StatsDocument> {
  return (await exports.default.fetch("http://broker/stats?format=json&include_mem=false")).json();
}

async function get(path: string): Promise<number> {
  const response = await exports.default.fetch(`http://broker${path}`);
  await response.arrayBuffer();
  return response.status;
}

/** What is answered to commands at a path until the connection ends, or what was answered instead of a connection. */
async function answers(path: string, ...commands: [line: string, body?: string][]): Promise<string> {
  const response = await exports.default.fetch(`http://broker${path}`, { headers: { Upgrade: "websocket" } });
  if (!response.webSocket) return `${response.status} ${await response.text()}`;
  response.webSocket.accept();
  response.webSocket.close();
  const client = await connect(path);
  for (const [line, body] of commands) client.send(line, body);
  const seen: string[] = [];
  for (;;) {
    const received = await client.next();
    if ("closed" in received) return seen.join();
    seen.push(JSON.stringify(received));
  }
}

describe("the version of an object's storage", () => {
  it("[DUR11] is there as long as something is stored: what is deleted leaves nothing behind", async () => {
    const versions = () =>
      Promise.all(
        [topicStub("marked"), channelStub("marked", "c")].map((stub) =>
          runInDurableObject(stub as DurableObjectStub, (_, { storage: { sql } }) => {
            const isMarked = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'schema'").toArray().length > 0;
            return isMarked ? sql.exec("SELECT version FROM schema").one().version : null;
          }),
        ),
      );
    expect(await versions()).toEqual([null, null]);
    await post("/topic/create?topic=marked");
    await post("/channel/create?topic=marked&channel=c");
    await post("/channel/pause?topic=marked&channel=c");
    const today = [topicSchema.version, channelSchema.version];
    expect(await versions()).toEqual(today);
    await post("/topic/delete?topic=marked");
    expect(await versions()).toEqual([null, null]);
  });
});

describe("a topic whose storage is from the future", () => {
  async function futureTopic(topic: string): Promise<void> {
    await post(`/topic/create?topic=${topic}`);
    await post(`/channel/create?topic=${topic}&channel=c`);
    await publish(topic, "kept");
    await setVersion(topicSchema, topicStub(topic), 9);
  }

  it("[DUR6] is refused over HTTP and V2 without a word about why, and stays as it was; with the code it is all there", async () => {
    await futureTopic("refused");
    const before = await contents(topicSchema, topicStub("refused"));
    for (const path of ["/pub?topic=refused", "/mpub?topic=refused"])
      expect(await post(path, "x"), path).toEqual(REFUSED);
    for (const order of ["/topic/create", "/topic/pause", "/topic/empty", "/topic/delete"]) {
      expect(await post(`${order}?topic=refused`), order).toEqual(REFUSED);
    }
    for (const order of ["/channel/create", "/channel/pause", "/channel/empty", "/channel/delete"]) {
      expect(await post(`${order}?topic=refused&channel=c`), order).toEqual(REFUSED);
    }
    expect(await answers("/v2", ["PUB refused", "x"], ["PUB refused", "y"])).toBe("");
    expect(await answers(direct("refused"), ["PUB refused", "x"])).toBe(`500 ${REFUSED.text}`);
    const failed = '{"error":"E_SUB_FAILED SUB failed topic cannot be reached"}';
    expect(await answers("/v2", ["SUB refused c"])).toBe(failed);
    expect(await answers(direct("refused", "c"), ["SUB refused c"])).toBe(failed);
    expect(await contents(topicSchema, topicStub("refused"))).toBe(before);

    await setVersion(topicSchema, topicStub("refused"), topicSchema.version);
    const client = await V2Client.consumer("refused", "c");
    open.push(client);
    client.send("RDY 1");
    expect(await client.message()).toMatchObject({ body: "kept", attempts: 1 });
  });

  it("[DUR6] is told of in the log once for each request or connection, with its name and both versions", async () => {
    await futureTopic("logged");
    await post("/pub?topic=logged", "x");
    const line = `storage of topic logged has schema version 9; this nsq-edge knows up to ${topicSchema.version}`;
    expect(refusals()).toEqual([expect.stringContaining(line)]);
    await answers("/v2", ["PUB logged", "x"], ["PUB logged", "y"], ["PUB logged", "z"]);
    expect(refusals().length).toBe(2);
  });

  it("[DUR6] takes nothing from other topics: /stats has their figures, and says what it has not", async () => {
    await futureTopic("beside");
    await publish("other", "y");
    const { health, topics } = await allStats();
    const counts = new Map(topics?.map(({ topic_name, message_count }) => [topic_name, message_count]));
    expect([counts.get("other"), counts.has("beside")]).toEqual([1, false]);
    expect(health).toBe("NOK - no figures of beside");
    expect(await get("/stats?topic=beside")).toBe(500);
    expect(await get("/topics")).toBe(200);
    await setVersion(topicSchema, topicStub("beside"), topicSchema.version);
    expect((await allStats()).health).toBe("OK");
  });
});

describe("a channel whose storage is from the future", () => {
  /** Its channel `c` has deferred one message and finished another. */
  async function futureChannel(topic: string): Promise<void> {
    const client = await V2Client.consumer(topic, "c");
    open.push(client);
    await post(`/channel/create?topic=${topic}&channel=other`);
    client.send("RDY 2");
    await publish(topic, "deferred");
    await publish(topic, "finished");
    const [deferred, finished] = await client.messages(2);
    client.send(`REQ ${deferred?.id} 3600000`);
    client.send(`FIN ${finished?.id}`);
    await client.settled();
    await evictDurableObject(channelStub(topic, "c")); // when it has saved
    client.close();
    await setVersion(channelSchema, channelStub(topic, "c"), 9);
  }

  it("[DUR6] is refused to all, keeps its state, and gets what is published meanwhile when the code is back", async () => {
    await futureChannel("kept");
    const before = await contents(channelSchema, channelStub("kept", "c"));
    for (const order of ["pause", "empty", "unpause"]) {
      expect(await post(`/channel/${order}?topic=kept&channel=c`), order).toEqual(REFUSED);
    }
    expect(await answers("/v2", ["SUB kept c"])).toBe("");
    expect(await answers(direct("kept", "c"), ["SUB kept c"])).toBe(`500 ${REFUSED.text}`);
    await publish("kept", "meanwhile");
    const other = await V2Client.consumer("kept", "other");
    open.push(other);
    other.send("RDY 5");
    expect((await other.messages(3)).map(({ body }) => body)).toEqual(["deferred", "finished", "meanwhile"]);
    expect(await contents(channelSchema, channelStub("kept", "c"))).toBe(before);

    await setVersion(channelSchema, channelStub("kept", "c"), channelSchema.version);
    const client = await V2Client.consumer("kept", "c");
    open.push(client);
    client.send("RDY 5");
    expect(await client.message()).toMatchObject({ body: "meanwhile", attempts: 1 });
    expect(await channelStats("kept", "c")).toMatchObject({ deferred_count: 1, requeue_count: 1, message_count: 3 });
  });

  it("[DUR6] is told of in the log once, however much is published", async () => {
    await futureChannel("pushed");
    log.mockReset();
    for (let i = 0; i < 5; i++) await publish("pushed", `x${i}`);
    const told = `storage of channel pushed:c has schema version 9; this nsq-edge knows up to ${channelSchema.version}`;
    expect(refusals()).toEqual([expect.stringContaining(told)]);
    expect(log).toHaveBeenCalledTimes(1);
  });

  it("[DUR6] ends the connection of a consumer that slept when it is heard of", async () => {
    const client = await V2Client.consumer("slept", "c");
    open.push(client);
    await runInDurableObject(channelStub("slept", "c"), (_, { storage }) => {
      storage.sql.exec("DROP VIEW schema");
      storage.sql.exec("CREATE VIEW schema AS SELECT 9 AS version");
    });
    await evictDurableObject(channelStub("slept", "c"));
    for (let i = 0; i < 3; i++) client.send("RDY 1");
    expect(await client.next()).toMatchObject({ closed: expect.anything() });
  });
});

describe("Lookup whose storage is from the future", () => {
  it("[DUR6] is refused and stays as it was, while topics work", async () => {
    await publish("looked-up", "x");
    await setVersion(lookupSchema, lookupStub(), 9);
    const before = await contents(lookupSchema, lookupStub());
    for (const path of ["/topics", "/lookup?topic=looked-up", "/nodes", "/stats"])
      expect(await get(path), path).toBe(500);
    expect(await answers("/v1")).toBe(`500 ${REFUSED.text}`);
    await publish("looked-up", "y");
    await publish("new", "z");
    const client = await V2Client.consumer("looked-up", "c");
    open.push(client);
    client.send("RDY 5");
    expect((await client.messages(2)).map(({ body }) => body)).toEqual(["x", "y"]);
    expect(await stats("looked-up")).toMatchObject({ message_count: 2 });
    expect(refusals().join()).toContain(`storage of Lookup has schema version 9; this nsq-edge knows up to 2`);
    expect(await contents(lookupSchema, lookupStub())).toBe(before);
    await setVersion(lookupSchema, lookupStub(), lookupSchema.version);
    expect(await get("/topics")).toBe(200);
  });
});
