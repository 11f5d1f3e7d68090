// What scrapes know of the broker's topics: a row for each, written when the topic comes to rest, and when it does not rest any more.

import { type Sql, select, selectFirst } from "./sql.ts";

export interface StoredFigures {
  readonly topic: string;
  /** JSON; null when nothing is known of the topic. */
  readonly figures: string | null;
  /** Whether they are no longer right. */
  readonly isStale: boolean;
}

type Row = { name: string; figures: string | null; changes_at: number | null };

export class FiguresStore {
  readonly #sql: Sql;
  #hasTable = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Of all topics, sorted by name. */
  all(now: number): StoredFigures[] {
    this.#createTable();
    const statement = `SELECT own_topic.name, figures, changes_at FROM own_topic
      LEFT JOIN figures ON figures.name = own_topic.name ORDER BY own_topic.name`;
    return Array.from(select<Row>(this.#sql, statement), ({ name, figures, changes_at }) => {
      return { topic: name, figures, isStale: figures === null || (changes_at !== null && changes_at <= now) };
    });
  }

  /** @param changesAt when they are no longer right though nobody marks them, ms; Infinity for never */
  save(topic: string, figures: string, changesAt: number): void {
    const at = Number.isFinite(changesAt) ? changesAt : null;
    this.#sql.exec("INSERT OR REPLACE INTO figures VALUES (?, ?, ?)", topic, figures, at);
  }

  /** What is known of a topic is no longer right. Costs no row when that is known. */
  mark(topic: string): void {
    if (!this.#isThere()) return;
    this.#sql.exec("UPDATE figures SET changes_at = 0 WHERE name = ? AND changes_at IS NOT 0", topic);
  }

  /** A topic is gone. */
  remove(topic: string): void {
    if (this.#isThere()) this.#sql.exec("DELETE FROM figures WHERE name = ?", topic);
  }

  #isThere(): boolean {
    this.#hasTable ||= selectFirst(this.#sql, "SELECT 1 FROM sqlite_master WHERE name = 'figures'") !== null;
    return this.#hasTable;
  }

  /** A broker that is never scraped has no such table. */
  #createTable(): void {
    if (this.#isThere()) return;
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS figures (
        name TEXT PRIMARY KEY,
        figures TEXT NOT NULL,
        changes_at INTEGER
      ) WITHOUT ROWID`,
    );
    this.#hasTable = true;
  }
}
