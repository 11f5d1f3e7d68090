// What a topic's log reads and writes, counted by the runtime: the same whether little waits or very much.

import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { TopicLog } from "../../src/queue/topic-log.ts";
import type { Sql, SqlRow, SqlValue } from "../../src/storage/sql.ts";
import { SqliteLogStore } from "../../src/storage/sqlite-log-store.ts";
import { topicLimits, topicState } from "../helpers/channel.ts";
import { batchOf, draft, segmentsOf, T0 } from "../helpers/records.ts";
import { topicStub } from "./broker-api.ts";

const LITTLE = 300;
const MUCH = 5_000;
/** Messages in a row of the log. */
const PER_ROW = 2;
const CHANNEL = "ch";

/** An object's database that counts rows as they are billed. */
class CountedSql implements Sql {
  readonly #storage: DurableObjectStorage;
  #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  exec(statement: string, ...bindings: SqlValue[]): Iterable<SqlRow> {
    const cursor = this.#storage.sql.exec(statement, ...bindings);
    this.#cursors.push(cursor);
    return cursor;
  }

  atomically(work: () => void): void {
    this.#storage.transactionSync(work);
  }

  /** Rows read and written since it was asked last. */
  take(): { read: number; written: number } {
    const cursors = this.#cursors;
    this.#cursors = [];
    return {
      read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
      written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    };
  }
}

interface Waiting {
  readonly log: TopicLog;
  readonly sql: CountedSql;
  /** Opens the log anew. */
  open(): TopicLog;
}

/** What a topic does, once it has some rows of messages that its only channel has not finished. */
const ACTIONS: readonly [string, (waiting: Waiting) => unknown][] = [
  ["opening", ({ open }) => open()],
  ["a publish", ({ log }) => log.append(segmentsOf(["m"]), T0)],
  ["a publish over several rows", ({ log }) => log.append([...segmentsOf(["m"]), ...segmentsOf(["n"])], T0)],
  [
    "a publish when rows are free",
    ({ log }) => {
      log.report(CHANNEL, log.start + 20 * PER_ROW);
      log.append(segmentsOf(["m"]), T0);
    },
  ],
  ["a pull at the beginning", ({ log }) => log.read(log.start, 1_000)],
  ["a pull in the middle", ({ log }) => log.read(log.start + (log.end - log.start) / 2, 1_000)],
  ["a pull near the end", ({ log }) => log.read(log.end - 10 * PER_ROW, 1_000)],
  ["a redelivery", ({ log }) => log.frames([log.start, log.start + 7], 1_000)],
  ["a look at a page of messages", ({ log }) => look(log, false)],
  ["a look at a page of deferred messages", ({ log }) => look(log, true)],
  ["a look at a single message", ({ log }) => log.record(log.start + 100)],
  [
    "a look whether there is something to delete",
    ({ log }) => {
      log.report(CHANNEL, log.end - 40 * PER_ROW);
      return log.canTrim;
    },
  ],
  [
    "a look whether it is full",
    ({ log }) => {
      log.report(CHANNEL, log.start + (log.end - log.start) / 2);
      return log.isFull;
    },
  ],
  [
    "deleting",
    ({ log }) => {
      log.report(CHANNEL, log.start + 50 * PER_ROW);
      log.trim();
    },
  ],
];

function look(log: TopicLog, isDeferred: boolean): void {
  const from = log.start + 100;
  const part = { from, end: log.fanout, limit: 20, maxBytes: 1_000, isDeferred };
  const { records } = log.look({ ...part, wants: (_, due) => due > 0 === isDeferred });
  if (records.length === 0) throw new Error("there was nothing to look at");
}

/** What an action reads and writes when so many rows wait. */
function cost(rows: number, action: (waiting: Waiting) => unknown): Promise<{ read: number; written: number }> {
  const stub = topicStub(`large-${rows}-${ACTIONS.findIndex(([, act]) => act === action)}`);
  return runInDurableObject(stub as DurableObjectStub, (_, { storage }) => {
    const sql = new CountedSql(storage);
    SqliteLogStore.createTables(sql);
    const store = new SqliteLogStore(sql);
    const batches = Array.from({ length: rows }, (_, i) =>
      batchOf(1 + i * PER_ROW, [i % 2 === 0 ? "m" : draft("m", T0 + 1), "n"], i * PER_ROW),
    );
    store.append(batches, 0);
    const open = () => new TopicLog(new SqliteLogStore(sql), log.state, topicLimits({ maxTopicBytes: 1 }));
    let log = new TopicLog(store, topicState(), topicLimits());
    log.addChannel(CHANNEL);
    log = open();
    sql.take();
    action({ log, sql, open });
    return sql.take();
  });
}

describe("a topic's log with very many rows", () => {
  it.each(ACTIONS)("[BIG1] reads and writes as many rows as with a few: %s", async (_, action) => {
    const [little, much] = [await cost(LITTLE, action), await cost(MUCH, action)];
    expect(much).toEqual(little);
  });
});
