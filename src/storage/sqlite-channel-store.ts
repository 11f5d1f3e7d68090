// A channel's state and the messages it holds, in SQLite.

import type { ChannelStore, HeldStore } from "../queue/channel-store.ts";
import { channelSchema } from "./channel-schema.ts";
import { type Sql, selectFirst, toBytes } from "./sql.ts";
import { SqliteHeldStore } from "./sqlite-held-store.ts";

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
    SqliteHeldStore.createTables(sql);
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
