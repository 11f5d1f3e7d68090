// Storage that every earlier version has written (test/fixtures/storage, made by test/broker/write-stored.ts) is opened by this one.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { fromByteString, toByteString } from "../../src/protocol/bytes.ts";
import type { ChannelLife } from "../../src/queue/channel-life.ts";
import { type ChannelState, decodeChannelState, idleState } from "../../src/queue/channel-state.ts";
import { channelSchema } from "../../src/storage/channel-schema.ts";
import { lookupSchema } from "../../src/storage/lookup-schema.ts";
import { RegistrationDb } from "../../src/storage/registration-db.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { type SavedTopic, SqliteTopicState } from "../../src/storage/sqlite-topic-state.ts";
import { topicSchema } from "../../src/storage/topic-schema.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";
import { dumpDatabase, type ObjectDump, readDumps } from "../helpers/storage-dump.ts";

const FIXTURES = "test/fixtures/storage";
const VERSIONS = readdirSync(FIXTURES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const SCHEMAS = { Topic: topicSchema, Channel: channelSchema, Lookup: lookupSchema };

interface Stored {
  readonly sql: Database;
  dump(): string;
}

function stored(dump: string): Stored {
  const database = new DatabaseSync(":memory:");
  database.exec(dump);
  return { sql: new Database(database), dump: () => dumpDatabase(database) };
}

/** The storage of an object in a fixture, as this version opens it. */
function opened(version: string, className: ObjectDump["className"], name: string): Stored {
  const dump = readDumps(join(FIXTURES, version)).find(
    (object) => object.className === className && object.name === name,
  );
  if (!dump) throw new Error(`${version} has nothing of ${className} ${name}`);
  const made = stored(dump.sql);
  SCHEMAS[className].open(made.sql, name);
  return made;
}

function topicOf(version: string, topic: string): SavedTopic {
  return new SqliteTopicState(opened(version, "Topic", `0/${topic}`).sql).load() as SavedTopic;
}

function stateOf(version: string, topic: string, channel: string): ChannelState {
  const store = new SqliteChannelStore(opened(version, "Channel", `0/${topic}/${channel}`).sql);
  return decodeChannelState(store.load() as Uint8Array);
}

/** What is kept of a message, with its place in the topic: seqs differ from run to run. */
function messages(list: readonly { seq: number; attempts: number }[], { start }: SavedTopic): string[] {
  return list.map(({ seq, attempts }) => `message ${seq - start + 1}, attempts ${attempts}`);
}

/** All messages in flight: those of flights are at their first attempt. */
function inFlight({ flights, inFlight }: ChannelState): { seq: number; attempts: number }[] {
  const ranges = flights.flatMap((flight) => flight.ranges);
  const seqs = ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i));
  return [...seqs.map((seq) => ({ seq, attempts: 1 })), ...inFlight];
}

describe("the fixtures", () => {
  it("[DUR11] have what this version and all before it have written", () => {
    expect(VERSIONS).toEqual(["v1", "v1-lives", "v1-lookup", "v2", "v3", "v4", "v5", "v6", "v7"]);
    expect(topicSchema.version).toBe(4); // for another version: test/broker/write-stored.ts
    expect(channelSchema.version).toBe(7);
    expect(lookupSchema.version).toBe(2);
  });
});

describe.each(VERSIONS)("storage of %s", (version) => {
  const objects = readDumps(join(FIXTURES, version));

  it("[DUR11] keeps the flags, places and ranges of every topic", () => {
    const [orders, emptied, heldBack] = ["orders", "emptied", "held-back"].map((topic) => topicOf(version, topic));
    if (!orders || !emptied || !heldBack) throw new Error("missing");
    const flags = { isNew: false, isDeleting: false, removedChannels: {}, uncounted: 0 };
    expect(orders).toMatchObject({ ...flags, isPaused: false, fanout: null, dropped: [] });
    expect(Object.keys(orders.channels)).toEqual(["audit", "billing", "idle"]);
    for (const { life, dropped } of Object.values(orders.channels)) {
      expect([life.start, dropped]).toEqual([orders.start, 0]);
    }
    const { start } = emptied;
    expect(emptied).toMatchObject({ dropped: [{ from: start + 1, to: start + 3 }], channels: { c: { dropped: 2 } } });
    expect(heldBack).toMatchObject({ ...flags, isPaused: true, fanout: heldBack.start + 1 });
    const alone = topicOf(version, "alone");
    expect(alone).toMatchObject({ ...flags, fanout: alone.start, channels: {} });
  });

  it("[DUR11] keeps every message of a channel in its place, with its attempts and its counters", () => {
    const [topic, state] = [topicOf(version, "orders"), stateOf(version, "orders", "billing")];
    expect(state.cursor).toBe(topic.start + 8);
    expect([state.requeueCount, state.timeoutCount, state.isPaused]).toEqual([6, 0, false]);
    expect(state.heldMark).toEqual({ due: 0, seq: Number.MAX_SAFE_INTEGER });
    expect(state.owners.map(({ isConnected }) => isConnected)).toEqual([true]);
    expect(messages(inFlight(state), topic).sort()).toEqual([
      "message 4, attempts 2",
      "message 7, attempts 1",
      "message 8, attempts 1",
    ]);
    expect(messages(state.waiting, topic)).toEqual(["message 3, attempts 3"]);
    expect(messages(state.deferred, topic)).toEqual(["message 6, attempts 1"]);
    for (const { at, takenAt } of state.deferred) expect(at - takenAt).toBeGreaterThanOrEqual(30_000);
    for (const { at, deliveredAt } of [...state.flights, ...state.inFlight]) expect(at - deliveredAt).toBe(60_000);
    const { sql } = opened(version, "Channel", "0/orders/billing");
    const held = new SqliteChannelStore(sql).held.due({ due: 0, seq: 0 }, Number.MAX_SAFE_INTEGER, 9);
    expect(messages(held, topic)).toEqual(["message 5, attempts 1"]);
  });

  it("[DUR11] keeps a message whose consumer left, timeouts, and pauses of channels", () => {
    const topic = topicOf(version, "clients");
    const left = stateOf(version, "clients", "left");
    expect([left.timeoutCount, left.requeueCount]).toEqual([1, 0]);
    expect(left.owners.map(({ isConnected }) => isConnected)).toEqual([false]);
    expect(messages(left.inFlight, topic)).toEqual(["message 1, attempts 2"]);
    expect(stateOf(version, "paused", "p").isPaused).toBe(true);
    expect(stateOf(version, "again", "c").isPaused).toBe(true);
  });

  it("[DUR11] has the same life of a channel on both sides, and lives to come are higher", () => {
    const lives: [ChannelLife, ChannelLife, SavedTopic][] = [
      ["orders", "audit"],
      ["orders", "billing"],
      ["clients", "left"],
      ["paused", "p"],
      ["again", "c"],
    ].map(([topic = "", channel = ""]) => {
      const saved = topicOf(version, topic);
      return [saved.channels[channel]?.life as ChannelLife, stateOf(version, topic, channel).life, saved];
    });
    for (const [ofTopic, ofChannel, { nextLife }] of lives) {
      expect(ofChannel).toEqual(ofTopic);
      expect(nextLife).toBeGreaterThan(ofTopic.id);
    }
    const ephemeral = new SqliteChannelStore(opened(version, "Channel", "0/clients/live#ephemeral").sql).load();
    const { life } = topicOf(version, "clients").channels["live#ephemeral"] as { life: ChannelLife };
    expect(toByteString(ephemeral as Uint8Array)).toBe(String(life.id));
  });

  it("[DUR11] keeps the broker's own topics in Lookup, and the names of others", () => {
    const { sql } = opened(version, "Lookup", "lookup");
    const db = new RegistrationDb(sql);
    const own = db.ownTopics().map(({ topic, channels }) => [topic, ...channels].join(" "));
    expect(own).toEqual([
      "again c other",
      "alone",
      "clients left live#ephemeral",
      "emptied c",
      "held-back c",
      "orders audit billing idle",
      "paused p q",
    ]);
    expect(db.hasTopic("orders")).toBe(true);
    // In the beginning there was nothing but own topics.
    expect(db.channels("elsewhere")).toEqual(version === "v1" ? [] : ["there"]);
    db.register("producer", "new", "ch");
    expect(db.channels("new")).toEqual(["ch"]);
  });

  it("[DUR11] keeps the log and the held messages byte for byte", () => {
    const rows = (dump: string) => dump.split("\n").filter((line) => /^INSERT INTO (log|held|broker) /.test(line));
    const all = objects.map(({ className, name, sql }) => [rows(sql), rows(opened(version, className, name).dump())]);
    for (const [before, after] of all) expect(after).toEqual(before);
    expect(all.flatMap(([before]) => before).length).toBeGreaterThan(20);
  });

  it("[DUR11] has the tables of new storage when it was opened, and is not changed by the next opening", () => {
    for (const { className, name } of objects) {
      const { sql, dump } = opened(version, className, name);
      const tables = tablesOf(sql);
      expect(tables, name).toEqual(tablesOf(newStorage(className, name).sql));
      const before = dump();
      SCHEMAS[className].open(sql, name);
      expect(dump(), name).toBe(before);
    }
  });

  it("[DUR11] is whole when bringing it forward fails, whichever statement does", () => {
    for (const { className, name, sql: text } of objects) {
      for (let statements = 0; ; statements++) {
        const { sql, dump } = stored(text);
        let left = statements;
        sql.fails = (statement) => !statement.startsWith("SELECT") && left-- === 0;
        try {
          SCHEMAS[className].open(sql, name);
          break;
        } catch {
          expect(dump(), `${name}, statement ${statements}`).toBe(text);
        }
      }
    }
  });

  it("[DUR6] is refused when it comes from the future, and is not changed", () => {
    for (const { className, name, sql: text } of objects) {
      const { sql, dump } = stored(text.replace(/^CREATE VIEW schema.*\n/m, ""));
      sql.exec("CREATE VIEW schema AS SELECT 9 AS version");
      const before = dump();
      expect(() => SCHEMAS[className].open(sql, name)).toThrow(`storage of ${name} has schema version 9`);
      expect(dump()).toBe(before);
    }
  });
});

describe("storage of version 1", () => {
  function topicV1(state: object | string, version = 1): Stored {
    const made = stored("CREATE TABLE topic (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL)");
    made.sql.exec("INSERT INTO topic VALUES (0, ?, ?)", version, JSON.stringify(state));
    return made;
  }

  function channelWith(bytes: Uint8Array | null): Stored {
    const made = newStorage("Channel", "c");
    made.sql.exec("DROP VIEW schema");
    made.sql.exec("DROP TABLE held_page");
    if (bytes) made.sql.exec("INSERT INTO state VALUES (0, ?)", bytes);
    return made;
  }

  const topic = { start: 100, fanout: 140, isPaused: false, dropped: [], isDeleting: true, isNew: true, uncounted: 7 };

  it("[DUR11] keeps a deletion that was begun, and the removals whose channels do not know", () => {
    const channels = { a: { start: 120, dropped: 3 }, b: { start: 140, dropped: 0 }, c: { start: 140, dropped: 0 } };
    const { sql } = topicV1({ ...topic, channels, removedChannels: { a: 110, b: 140, gone: 130 } });
    topicSchema.open(sql, "topic t");
    expect(new SqliteTopicState(sql).load()).toEqual({
      ...topic,
      channels: {
        a: { life: { id: 120, start: 120 }, dropped: 3 },
        b: { life: { id: 140, start: 140 }, dropped: 0 },
        c: { life: { id: 140, start: 140 }, dropped: 0 },
      },
      // Both lives of b began at the same seq, so the first one had nothing: only the living one counts.
      removedChannels: { a: 110, gone: 130 },
      nextLife: 141,
      free: 100,
      isScraped: false,
    });
  });

  it("[DUR11] keeps a topic that is gone and of which Lookup does not know it, and channels of any name", () => {
    const gone = topicV1("gone");
    topicSchema.open(gone.sql, "topic t");
    expect(new SqliteTopicState(gone.sql).isGone).toBe(true);
    const place = JSON.parse('{"__proto__":{"start":5,"dropped":0}}');
    const odd = topicV1({ ...topic, channels: place, removedChannels: {} });
    topicSchema.open(odd.sql, "topic t");
    const channels = Object.entries(new SqliteTopicState(odd.sql).load()?.channels ?? {});
    expect(channels).toEqual([["__proto__", { life: { id: 5, start: 5 }, dropped: 0 }]]);
  });

  it("[DUR6] a number that was never one of an earlier version is refused", () => {
    for (const version of [0, 8, 99]) {
      const { sql, dump } = topicV1(topic, version);
      const before = dump();
      expect(() => topicSchema.open(sql, "topic t"), `${version}`).toThrow(`has schema version ${version};`);
      expect(dump()).toBe(before);
      const channel = channelWith(Uint8Array.of(version, 1, 2, 3));
      expect(() => channelSchema.open(channel.sql, "channel t:c"), `${version}`).toThrow(
        `has schema version ${version};`,
      );
    }
  });

  it("[DUR11] a channel that has saved nothing yet is brought forward, too", () => {
    const { sql } = channelWith(null);
    channelSchema.open(sql, "channel t:c");
    expect(new SqliteChannelStore(sql).load()).toBeNull();
    expect(tablesOf(sql)).toEqual(tablesOf(newStorage("Channel", "c").sql));
  });

  it("[DUR11] held messages that had their turn before the first version wrote the mark come once", () => {
    const start = T0 * 1_024;
    // version, now, start, taken, isPaused, requeueCount, timeoutCount, mark (0, 0), and empty lists
    const { sql } = channelWith(Uint8Array.from([1, ...varint(T0), ...varint(start), 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    channelSchema.open(sql, "channel t:c");
    const state = decodeChannelState(new SqliteChannelStore(sql).load() as Uint8Array);
    const life = { id: start, start };
    expect(state).toEqual(idleState({ life, cursor: start + 3, requeueCount: 0, timeoutCount: 0 }));
  });

  it("[DUR11] an ephemeral channel has the life that its topic gives it", () => {
    const { sql } = topicV1({ ...topic, channels: { "e#ephemeral": { start: 120, dropped: 0 } }, removedChannels: {} });
    topicSchema.open(sql, "topic t");
    const place = new SqliteTopicState(sql).load()?.channels["e#ephemeral"];
    const channel = channelWith(fromByteString(""));
    channelSchema.open(channel.sql, "channel t:e#ephemeral");
    expect(toByteString(new SqliteChannelStore(channel.sql).load() as Uint8Array)).toBe(String(place?.life.id));
  });

  it("[DUR11] Lookup keeps its own topics also when the second version has written beside the first", () => {
    const { sql } = stored(`
      CREATE TABLE topic (name TEXT PRIMARY KEY, channels TEXT NOT NULL) WITHOUT ROWID;
      INSERT INTO topic VALUES ('a', '["old"]'), ('b', '["x","y"]');
      CREATE TABLE own_topic (name TEXT PRIMARY KEY, channels TEXT NOT NULL, listed TEXT, tombstoned_at INTEGER) WITHOUT ROWID;
      INSERT INTO own_topic VALUES ('a', '["new"]', NULL, 5);
    `);
    lookupSchema.open(sql, "Lookup");
    const db = new RegistrationDb(sql);
    expect(db.ownTopics()).toEqual([
      { topic: "a", channels: ["new"], listed: null, tombstonedAt: 5 },
      { topic: "b", channels: ["x", "y"], listed: ["x", "y"], tombstonedAt: null },
    ]);
    expect(JSON.parse(db.topicsAsJson())).toEqual(["b"]);
  });
});

/** What this version makes for a new object. */
function newStorage(className: ObjectDump["className"], name: string): Stored {
  const made = stored("");
  if (className === "Topic") new SqliteTopicState(made.sql).createTable();
  if (className === "Channel") SqliteChannelStore.createTables(made.sql);
  if (className === "Lookup") new RegistrationDb(made.sql);
  expect([...made.sql.exec("SELECT version FROM schema")], name).toEqual([{ version: SCHEMAS[className].version }]);
  return made;
}

/** Tables and views but for the log and the figures of the broker, which have stayed as they were. */
function tablesOf(sql: Database): string[] {
  const rows = sql.exec("SELECT name, sql FROM sqlite_master WHERE name NOT IN ('log', 'log_deferred', 'broker')");
  const plain = [...rows].map(({ name, sql: text }) => `${name}: ${String(text ?? "").replace(/\s+/g, "")}`);
  return plain.sort();
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
