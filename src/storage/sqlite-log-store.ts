// A topic's log in SQLite: one row a batch, because rows written are what a Durable Object costs.

import type { Batch, BatchPlace, LogStore, StoredBatch } from "../queue/log-store.ts";
import { type Sql, select, selectFirst, toBytes } from "./sql.ts";

type PlaceRow = { first: number; count: number; total_bytes: number };
type BatchRow = { first: number; count: number; records: ArrayBuffer };

/**
 * Rows that nobody needs any more and that are kept to be overwritten: as many as are written between two alarms of a topic that
 * sleeps between two publishes, since they are only known to be free from one alarm to the next.
 */
const KEPT_FREE_ROWS = 64;
const TRIMMED_AT_ONCE = 1_000;

/**
 * When storage is full, SQLite undoes only a statement that could have written several rows; with any other the whole transaction
 * is gone, and the runtime then ends the object and its connections (workerd's sqlite.c++, handleCriticalError). So both are worded
 * as if there might be several.
 */
const INSERT = "INSERT INTO log SELECT ?, ?, ?, ?, ?";
const OVERWRITE = `UPDATE log SET first = ?1, count = ?2, deferred = ?3, total_bytes = ?4, records = ?5
  WHERE first BETWEEN ?6 AND ?6`;

/** Batches from the one on that holds a seq, which is bound once. */
const FROM_BATCH_OF = "first >= coalesce((SELECT max(first) FROM log WHERE first <= ?1), 0) AND first + count > ?1";

export class SqliteLogStore implements LogStore {
  readonly #sql: Sql;
  /** The oldest row; null when it is to be looked up. */
  #oldest: BatchPlace | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  static createTables(sql: Sql): void {
    sql.exec(
      `CREATE TABLE IF NOT EXISTS log (
        first INTEGER PRIMARY KEY,
        count INTEGER NOT NULL,
        deferred INTEGER NOT NULL,
        total_bytes INTEGER NOT NULL,
        records BLOB NOT NULL
      )`,
    );
    // Costs a row only for batches that have deferred messages.
    sql.exec("CREATE INDEX IF NOT EXISTS log_deferred ON log (first) WHERE deferred > 0");
  }

  newest(): BatchPlace | null {
    return this.#place("SELECT first, count, total_bytes FROM log ORDER BY first DESC LIMIT 1");
  }

  oldest(): BatchPlace | null {
    this.#oldest ??= this.#place("SELECT first, count, total_bytes FROM log ORDER BY first LIMIT 1");
    return this.#oldest;
  }

  totalBytesBefore(seq: number): number {
    const statement =
      "SELECT first, count, total_bytes FROM log WHERE first < ?1 AND first + count <= ?1 ORDER BY first DESC LIMIT 1";
    const before = selectFirst<PlaceRow>(this.#sql, statement, seq);
    return before?.total_bytes ?? this.oldest()?.totalBytes ?? 0;
  }

  append(batches: readonly StoredBatch[], free: number): void {
    const [batch] = batches;
    if (batch && batches.length === 1) this.#appendOne(batch, free);
    else {
      try {
        this.#sql.atomically(() => {
          for (const each of batches) this.#appendOne(each, free);
        });
      } catch (error) {
        this.#oldest = null; // it may have been overwritten, and is there again
        throw error;
      }
    }
  }

  #appendOne({ first, count, deferred, totalBytes, bytes }: StoredBatch, free: number): void {
    const oldest = this.oldest();
    if (oldest !== null && oldest.first + oldest.count <= free) {
      this.#oldest = null;
      // One row written, where deleting the old row and inserting the new one would be two.
      this.#sql.exec(OVERWRITE, ...[first, count, deferred, totalBytes, bytes, oldest.first]);
    } else {
      this.#sql.exec(INSERT, first, count, deferred, totalBytes, bytes);
    }
  }

  read(seq: number, maxBytes: number, maxBatches = Number.MAX_SAFE_INTEGER): Batch[] {
    // Where it ends is found out without the records; then all is read that was asked for: a result that is left half read
    // would have read ahead, and keeps SQLite from emptying its write-ahead log until the garbage collector finds it.
    const statement = `WITH RECURSIVE part (next, bytes, batches) AS (
        SELECT * FROM (SELECT first + count, length(records), 1 FROM log WHERE ${FROM_BATCH_OF} ORDER BY first LIMIT 1)
        UNION ALL
        SELECT first + count, bytes + length(records), batches + 1 FROM part CROSS JOIN log ON first = next
          WHERE bytes + length(records) <= ?2 AND batches < ?3
      )
      SELECT first, count, records FROM log
        WHERE ${FROM_BATCH_OF} AND first < (SELECT max(next) FROM part) ORDER BY first`;
    return Array.from(select<BatchRow>(this.#sql, statement, seq, maxBytes, maxBatches), toBatch);
  }

  *readDeferred(seq: number): Iterable<Batch> {
    const statement = `SELECT first, count, records FROM log INDEXED BY log_deferred
      WHERE deferred > 0 AND ${FROM_BATCH_OF} ORDER BY first`;
    for (const row of select<BatchRow>(this.#sql, statement, seq)) yield toBatch(row);
  }

  lookDeferred(seq: number, maxBytes: number, maxBatches: number): Batch[] {
    // As in `read`: where it ends is found out without the records.
    const statement = `SELECT first, count, records FROM log WHERE first IN (
        SELECT first FROM (
          SELECT first, size, sum(size) OVER (ORDER BY first) - size AS before
            FROM (SELECT first, length(records) AS size FROM log INDEXED BY log_deferred
              WHERE deferred > 0 AND ${FROM_BATCH_OF} ORDER BY first LIMIT ?3)
        ) WHERE before = 0 OR before + size <= ?2
      ) ORDER BY first`;
    return Array.from(select<BatchRow>(this.#sql, statement, seq, maxBytes, maxBatches), toBatch);
  }

  hasFree(count: number, free: number): boolean {
    return this.#lastFreeBut(count, free) !== null;
  }

  canTrim(free: number): boolean {
    return this.hasFree(KEPT_FREE_ROWS, free);
  }

  trim(free: number): boolean {
    const last = this.#lastFreeBut(KEPT_FREE_ROWS, free);
    if (last === null) return false;
    this.#oldest = null;
    this.#sql.exec(
      `DELETE FROM log WHERE first IN (SELECT first FROM log WHERE first <= ? ORDER BY first LIMIT ${TRIMMED_AT_ONCE})`,
      last,
    );
    const oldest = this.oldest();
    return oldest !== null && oldest.first <= last;
  }

  /** The first seq of the last row that is free, not counting the newest row and so many before it; null when there is none. */
  #lastFreeBut(kept: number, free: number): number | null {
    const newest = this.newest();
    if (newest === null) return null;
    const row = selectFirst<{ first: number }>(
      this.#sql,
      `SELECT first FROM log WHERE first < ? AND first + count <= ? ORDER BY first DESC LIMIT 1 OFFSET ?`,
      ...[Math.min(free, newest.first), free, kept],
    );
    return row?.first ?? null;
  }

  #place(statement: string): BatchPlace | null {
    const row = selectFirst<PlaceRow>(this.#sql, statement);
    return row && { first: row.first, count: row.count, totalBytes: row.total_bytes };
  }
}

function toBatch({ first, count, records }: BatchRow): Batch {
  return { first, count, bytes: toBytes(records) };
}
