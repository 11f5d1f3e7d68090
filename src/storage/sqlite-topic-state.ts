// What is known of a topic besides its log: one row, written when somebody creates, deletes, pauses or empties something.

import type { TopicState } from "../queue/topic-log.ts";
import { type Sql, selectFirst } from "./sql.ts";

export interface SavedTopic extends TopicState {
  /** Lookup has not been asked yet which channels are known of the topic elsewhere. */
  readonly isNew: boolean;
  /** A deletion was begun and must be brought to its end. */
  readonly isDeleting: boolean;
  /** Channels that were removed and whose objects may not know it: by name, the id of the life that ended. */
  readonly removedChannels: Readonly<Record<string, number>>;
}

const VERSION = 2;
const GONE = "gone";

export class SqliteTopicState {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  createTable(): void {
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS topic (
        id INTEGER PRIMARY KEY CHECK (id = 0),
        version INTEGER NOT NULL,
        state TEXT NOT NULL
      )`,
    );
  }

  /** Null when there is no topic. @throws {Error} when the state is of a version that this code does not know */
  load(): SavedTopic | null {
    const state = this.#load();
    return state === GONE ? null : state;
  }

  /** Whether there was a topic, and Lookup does not know yet that it is gone. */
  get isGone(): boolean {
    return this.#load() === GONE;
  }

  save(state: SavedTopic): void {
    this.#save(state);
  }

  /** Takes note that the topic is gone, and Lookup is to be told. */
  saveGone(): void {
    this.createTable();
    this.#save(GONE);
  }

  #load(): SavedTopic | typeof GONE | null {
    // A topic that never was has no table: looking for it must not write anything.
    if (selectFirst(this.#sql, "SELECT 1 FROM sqlite_master WHERE name = 'topic'") === null) return null;
    const row = selectFirst<{ version: number; state: string }>(this.#sql, "SELECT version, state FROM topic");
    if (row === null) return null;
    if (row.version !== VERSION) throw new Error(`topic state has version ${row.version}; this code knows ${VERSION}`);
    const state = JSON.parse(row.state) as SavedTopic | typeof GONE;
    // `free` came later than the version: without it nothing is known to be free.
    return state === GONE ? GONE : { ...state, free: state.free ?? state.start };
  }

  #save(state: SavedTopic | typeof GONE): void {
    this.#sql.exec("INSERT OR REPLACE INTO topic VALUES (0, ?, ?)", VERSION, JSON.stringify(state));
  }
}
