// A channel's state and the messages it holds, in SQLite.

import type { ChannelStore, HeldKey, HeldMessage, HeldStore } from "../queue/channel-store.ts";
import { channelSchema } from "./channel-schema.ts";
import { type Sql, select, selectFirst, toBytes } from "./sql.ts";

export class SqliteChannelStore implements ChannelStore {
  readonly held: HeldStore;
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.held = new SqliteHeldStore(sql);
  }

  static createTables(sql: Sql): void {
    channelSchema.mark(sql); // first: tables that nobody says the version of would be taken for earlier ones
    sql.exec("CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 0), bytes BLOB NOT NULL)");
    createHeldTable(sql);
  }

  load(): Uint8Array | null {
    // A channel that never was has no table: looking for it must not write anything.
    if (selectFirst(this.#sql, "SELECT 1 FROM sqlite_master WHERE name = 'state'") === null) return null;
    const row = selectFirst<{ bytes: ArrayBuffer }>(this.#sql, "SELECT bytes FROM state");
    return row && toBytes(row.bytes);
  }

  save(write: () => Uint8Array): void {
    this.#sql.atomically(() => {
      this.#sql.exec("INSERT OR REPLACE INTO state VALUES (0, ?)", write());
    });
  }
}

class SqliteHeldStore implements HeldStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  put({ due, seq, attempts }: HeldMessage, frame: Uint8Array): void {
    this.#sql.exec("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)", due, seq, attempts, frame);
  }

  remove({ due, seq }: HeldKey): void {
    this.#sql.exec("DELETE FROM held WHERE due = ? AND seq = ?", due, seq);
  }

  frame({ due, seq }: HeldKey): Uint8Array | null {
    const statement = "SELECT frame FROM held WHERE due = ? AND seq = ?";
    const row = selectFirst<{ frame: ArrayBuffer }>(this.#sql, statement, due, seq);
    return row && toBytes(row.frame);
  }

  due(after: HeldKey, now: number, limit: number): HeldMessage[] {
    const statement =
      "SELECT due, seq, attempts FROM held WHERE (due, seq) > (?, ?) AND due <= ? ORDER BY due, seq LIMIT ?";
    type Row = { due: number; seq: number; attempts: number };
    return [...select<Row>(this.#sql, statement, after.due, after.seq, now, limit)];
  }

  nextDue(after: HeldKey): number | null {
    const statement = "SELECT due FROM held WHERE (due, seq) > (?, ?) ORDER BY due, seq LIMIT 1";
    return selectFirst<{ due: number }>(this.#sql, statement, after.due, after.seq)?.due ?? null;
  }

  count(after: HeldKey, now = Number.MAX_SAFE_INTEGER): number {
    const statement = "SELECT count(*) AS count FROM held WHERE (due, seq) > (?, ?) AND due <= ?";
    return selectFirst<{ count: number }>(this.#sql, statement, after.due, after.seq, now)?.count ?? 0;
  }

  clear(): void {
    if (selectFirst(this.#sql, "SELECT 1 FROM held LIMIT 1") === null) return;
    // Deleting would be billed for each row.
    this.#sql.exec("DROP TABLE held");
    createHeldTable(this.#sql);
  }
}

function createHeldTable(sql: Sql): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS held (
      due INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      frame BLOB NOT NULL,
      PRIMARY KEY (due, seq)
    ) WITHOUT ROWID`,
  );
}
