// The object that knows which topics and channels there are, and writes down when they come and go.

import { DurableObject } from "cloudflare:workers";
import { type LogLevel, levelNumber, parseOptions } from "../options.ts";

export class Lookup extends DurableObject<Env> {
  readonly #options = parseOptions({ ...this.env });
  readonly #sql = this.ctx.storage.sql;
  #logLevel: LogLevel = this.#options.logLevel;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql.exec("CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, channels TEXT NOT NULL) WITHOUT ROWID");
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS broker (id INTEGER PRIMARY KEY CHECK (id = 0), start_time INTEGER NOT NULL)",
    );
    this.#sql.exec("INSERT OR IGNORE INTO broker VALUES (0, ?)", Math.floor(Date.now() / 1000));
  }

  /** A topic exists, with these channels and no others. */
  announce(topic: string, channels: string[]): void {
    const before = this.#channels(topic);
    const list = JSON.stringify(channels.sort());
    // Topics announce themselves again after every sleep: only news are worth a row.
    if (before !== null && JSON.stringify(before) === list) return;
    this.#sql.exec("INSERT OR REPLACE INTO topic VALUES (?, ?)", topic, list);
    if (before === null) this.#log(`TOPIC(${topic}): created`);
    for (const channel of channels)
      if (!before?.includes(channel)) this.#log(`TOPIC(${topic}): new channel(${channel})`);
    for (const channel of before ?? [])
      if (!channels.includes(channel)) this.#log(`TOPIC(${topic}): deleted channel(${channel})`);
  }

  /** A topic exists no more. */
  withdraw(topic: string): void {
    if (this.#channels(topic) === null) return;
    this.#sql.exec("DELETE FROM topic WHERE name = ?", topic);
    this.#log(`TOPIC(${topic}): deleted`);
  }

  /** All topics, sorted by name. */
  topics(): string[] {
    return this.#sql
      .exec<{ name: string }>("SELECT name FROM topic ORDER BY name")
      .toArray()
      .map(({ name }) => name);
  }

  /** When the broker came to be, s since the epoch: what is counted is counted since then. */
  startTime(): number {
    return this.#sql.exec<{ start_time: number }>("SELECT start_time FROM broker").one().start_time;
  }

  logLevel(): LogLevel {
    return this.#logLevel;
  }

  /** Holds until this object sleeps, as nsqd's holds until it is restarted. */
  setLogLevel(level: LogLevel): void {
    this.#logLevel = level;
  }

  #channels(topic: string): string[] | null {
    const rows = this.#sql.exec<{ channels: string }>("SELECT channels FROM topic WHERE name = ?", topic).toArray();
    const row = rows[0];
    return row ? (JSON.parse(row.channels) as string[]) : null;
  }

  #log(line: string): void {
    if (levelNumber(this.#logLevel) <= levelNumber("info")) console.info(`${this.#options.logPrefix}INFO: ${line}`);
  }
}
