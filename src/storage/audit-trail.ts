// What was done through the admin API, and by whom: the newest actions, each in a row that an older one had before. A deleted row
// would be billed like one that is written.

import { type Sql, selectFirst } from "./sql.ts";

/** What is known of an action before it is carried out. */
export interface Action {
  /** Empty when nobody said who it was. */
  user: string;
  remote_ip: string;
  user_agent: string;
  url: string;
  /** nsqadmin's names: `pause_channel`, ...; and `publish_message`, `finish_message`, `requeue_message`. */
  action: string;
  topic: string;
  channel: string;
  node: string;
  /** The message that it was about. */
  message_id: string;
}

/** As it is shown. */
export interface AuditEntry extends Omit<Action, "url"> {
  /** Counted from 1. */
  id: number;
  /** s since the epoch */
  timestamp: number;
  /** `done`, the error or warning that the caller was answered, or "" while it is under way or the broker died in the middle of it. */
  outcome: string;
}

/** What is told of an action to others. */
export type SettledAction = AuditEntry & Pick<Action, "url">;

/** So many actions are kept. */
export const MAX_ENTRIES = 10_000;
const MAX_TEXT = 256;

export class AuditTrail {
  readonly #sql: Sql;
  /** Null until it was looked up. */
  #lastId: number | null = null;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Writes down that an action begins. Returns its id. */
  begin(action: Action, now: number): number {
    // A broker that is never administered has no such table.
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS audit (
        slot INTEGER PRIMARY KEY,
        id INTEGER NOT NULL,
        timestamp INTEGER NOT NULL,
        user TEXT NOT NULL,
        remote_ip TEXT NOT NULL,
        user_agent TEXT NOT NULL,
        url TEXT NOT NULL,
        action TEXT NOT NULL,
        topic TEXT NOT NULL,
        channel TEXT NOT NULL,
        node TEXT NOT NULL,
        message_id TEXT NOT NULL,
        outcome TEXT NOT NULL
      )`,
    );
    const id = this.#last() + 1;
    const { user, remote_ip, user_agent, url, action: name, topic, channel, node, message_id } = action;
    const texts = [user, remote_ip, user_agent, url, name, topic, channel, node, message_id].map(bounded);
    this.#sql.exec(
      "INSERT OR REPLACE INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')",
      ...[slotOf(id), id, Math.floor(now / 1000), ...texts],
    );
    this.#lastId = id;
    return id;
  }

  /** Writes down what became of an action. Null when it is kept no more. */
  settle(id: number, outcome: string): SettledAction | null {
    if (!this.#isThere()) return null;
    this.#sql.exec("UPDATE audit SET outcome = ? WHERE slot = ? AND id = ?", bounded(outcome), slotOf(id), id);
    return this.#entry(id);
  }

  /** At most `limit` actions before the one with this id, the newest first; null for the newest of all. */
  page(before: number | null, limit: number): AuditEntry[] {
    if (!this.#isThere()) return [];
    const last = this.#last();
    const to = Math.min(before ?? last + 1, last + 1);
    const from = Math.max(1, to - limit, last + 1 - MAX_ENTRIES);
    const entries: AuditEntry[] = [];
    for (let id = to - 1; id >= from; id--) {
      const entry = this.#entry(id);
      if (entry === null) continue;
      const { url: _, ...shown } = entry;
      entries.push(shown);
    }
    return entries;
  }

  /** The id of the newest action, 0 when there is none: of its table alone, which is read once in a life of the object. */
  #last(): number {
    this.#lastId ??= selectFirst<{ last: number | null }>(this.#sql, "SELECT max(id) AS last FROM audit")?.last ?? 0;
    return this.#lastId;
  }

  #entry(id: number): SettledAction | null {
    const columns =
      "id, timestamp, user, remote_ip, user_agent, action, topic, channel, node, message_id, outcome, url";
    const statement = `SELECT ${columns} FROM audit WHERE slot = ? AND id = ?`;
    return selectFirst<Row>(this.#sql, statement, slotOf(id), id);
  }

  #isThere(): boolean {
    return selectFirst(this.#sql, "SELECT 1 FROM sqlite_master WHERE name = 'audit'") !== null;
  }
}

type Row = { [K in keyof SettledAction]: SettledAction[K] };

function slotOf(id: number): number {
  return id % MAX_ENTRIES;
}

function bounded(text: string): string {
  return text.slice(0, MAX_TEXT);
}
