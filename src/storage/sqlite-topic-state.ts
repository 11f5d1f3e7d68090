// What is known of a topic besides its log: one row, written when somebody creates, deletes, pauses or empties something.

import type { TopicState } from "../queue/topic-log.ts";
import { type Sql, selectFirst } from "./sql.ts";
import { topicSchema } from "./topic-schema.ts";

export interface SavedTopic extends TopicState {
  /** Lookup has not been asked yet which channels are known of the topic elsewhere. */
  readonly isNew: boolean;
  /** A scrape has asked it: Lookup must be told when something changes. */
  readonly isScraped: boolean;
  /** A deletion was begun and must be brought to its end. */
  readonly isDeleting: boolean;
  /** Channels that were removed and whose objects may not know it: by name, the id of the life that ended. */
  readonly removedChannels: Readonly<Record<string, number>>;
}

const GONE = "gone";

export class SqliteTopicState {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  createTable(): void {
    topicSchema.mark(this.#sql); // first: a table that nobody says the version of would be taken for an earlier one
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS topic (
        id INTEGER PRIMARY KEY CHECK (id = 0),
        state TEXT NOT NULL
      )`,
    );
  }

  /** Null when there is no topic. */
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
    const row = selectFirst<{ state: string }>(this.#sql, "SELECT state FROM topic");
    return row && (JSON.parse(row.state) as SavedTopic | typeof GONE);
  }

  #save(state: SavedTopic | typeof GONE): void {
    this.#sql.exec("INSERT OR REPLACE INTO topic VALUES (0, ?)", JSON.stringify(state));
  }
}
