// The messages that a channel holds, in SQLite: in a row of its own, or, as a page, several that came together and fall due at about the
// same time, because rows written are what a Durable Object costs.

import {
  type HeldFrame,
  type HeldKey,
  type HeldMessage,
  type HeldStore,
  inOrder,
  isBehind,
} from "../queue/channel-store.ts";
import { cutPages, decodePage, encodePage, pageSpan } from "./held-page.ts";
import { type Sql, select, selectFirst, toBytes } from "./sql.ts";

interface Page {
  /** Null for a message that has a row of its own. */
  readonly id: number | null;
  readonly messages: readonly HeldMessage[];
  /** Null when it is read from the row when it is asked for. */
  readonly frames: readonly Uint8Array[] | null;
}

type MessageRow = { due: number; seq: number; attempts: number };
type PlaceRow = { id: number; due: number; seq: number };

/** A page is two rows, one of them of its index, and another one when it goes: for fewer messages it is not worth it. */
const FEWEST = 4;
/** So many pages may overlap at most: whoever looks for a message, or for what is due next, looks into all that may have it. */
const MOST_OVERLAPPING = 4;
/** Pages that are read at a time. */
const READ_AT_ONCE = 8;
/** Pages that are kept at hand: some 4 MB at most. */
const RECENT = 32;

/** Pages that begin before the end of another one and end behind its beginning. */
const OVERLAPPING = `SELECT 1 FROM held_page
  WHERE (due, seq) <= (?1, ?2) AND due >= ?3 AND (last_due, last_seq) >= (?4, ?5) LIMIT ?6`;
/** Pages that begin at a key or before and end at it or behind; the key is bound first, and then where such pages may begin at the earliest. */
const AROUND = `SELECT id, due, seq FROM held_page
  WHERE (due, seq) <= (?1, ?2) AND due >= ?3 AND (last_due, last_seq) >= (?1, ?2) ORDER BY due DESC, seq DESC`;

export class SqliteHeldStore implements HeldStore {
  readonly #sql: Sql;
  /** The one that was used last is the first. */
  #recent: Page[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  static createTables(sql: Sql): void {
    // Where rows lie by such a key all of a row is read to find another: pages have a table of their own.
    sql.exec(
      `CREATE TABLE IF NOT EXISTS held (
        due INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        frame BLOB NOT NULL,
        PRIMARY KEY (due, seq)
      ) WITHOUT ROWID`,
    );
    sql.exec(
      `CREATE TABLE IF NOT EXISTS held_page (
        id INTEGER PRIMARY KEY,
        due INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        last_due INTEGER NOT NULL,
        last_seq INTEGER NOT NULL,
        count INTEGER NOT NULL,
        bytes BLOB NOT NULL
      )`,
    );
    // Has all that it takes to find a page: those are large.
    sql.exec("CREATE INDEX IF NOT EXISTS held_page_place ON held_page (due, seq, last_due, last_seq, count)");
  }

  put(messages: readonly HeldFrame[]): void {
    for (const page of cutPages(messages)) {
      if (page.length >= FEWEST && this.#hasRoomFor(page)) this.#putPage(page);
      else for (const message of page) this.#putAlone(message);
    }
  }

  page(key: HeldKey): Page | null {
    const recent = this.#recentWith(key);
    if (recent) return recent;
    const statement = "SELECT due, seq, attempts FROM held WHERE due = ? AND seq = ?";
    const alone = selectFirst<MessageRow>(this.#sql, statement, key.due, key.seq);
    return alone ? { id: null, messages: [alone], frames: null } : this.#pageWith(key);
  }

  keep(page: Page, messages: readonly HeldMessage[]): void {
    const left = messages.map((message) => ({ ...message, frame: this.#frameIn(page, message) as Uint8Array }));
    if (page.id === null) {
      const [{ due, seq }] = page.messages as [HeldMessage];
      this.#sql.exec("DELETE FROM held WHERE due = ? AND seq = ?", due, seq);
    } else {
      this.#sql.exec("DELETE FROM held_page WHERE id = ?", page.id);
      this.#recent = this.#recent.filter(({ id }) => id !== page.id);
    }
    this.put(left);
  }

  frame(key: HeldKey): Uint8Array | null {
    const recent = this.#recentWith(key);
    const alone = recent ? null : this.#aloneFrame(key);
    if (alone) return alone;
    const page = recent ?? this.#pageWith(key);
    return page && this.#frameIn(page, key);
  }

  due(after: HeldKey, now: number, limit: number): HeldMessage[] {
    const alone =
      "SELECT due, seq, attempts FROM held WHERE (due, seq) > (?, ?) AND due <= ? ORDER BY due, seq LIMIT ?";
    const found: HeldMessage[] = [...select<MessageRow>(this.#sql, alone, after.due, after.seq, now, limit)];
    const isWanted = (one: HeldMessage) => isBehind(one, after) && one.due <= now;
    for (const { messages } of this.#around(after)) found.push(...messages.filter(isWanted));
    const atOnce = Math.min(READ_AT_ONCE, limit + 1);
    const pages = "SELECT id, due, seq FROM held_page WHERE (due, seq) > (?, ?) AND due <= ? ORDER BY due, seq LIMIT ?";
    for (let from = after; ; ) {
      const places = [...select<PlaceRow>(this.#sql, pages, from.due, from.seq, now, atOnce)];
      for (const { id } of places) found.push(...this.#read(id).messages.filter(isWanted));
      const last = places.at(-1);
      const isAll = last === undefined || places.length < atOnce;
      // What was not read yet lies behind the beginning of what was read last.
      if (isAll || found.filter((one) => isBehind(last, one)).length >= limit) break;
      from = last;
    }
    return found.sort(inOrder).slice(0, limit);
  }

  count(after: HeldKey, now = Number.MAX_SAFE_INTEGER): number {
    const range = "WHERE (due, seq) > (?1, ?2) AND due <= ?3";
    const statement = `SELECT (SELECT count(*) FROM held ${range})
      + (SELECT coalesce(sum(count), 0) FROM held_page ${range}) AS count`;
    let count = selectFirst<{ count: number }>(this.#sql, statement, after.due, after.seq, now)?.count ?? 0;
    const isWanted = (one: HeldMessage) => isBehind(one, after) && one.due <= now;
    for (const { messages } of this.#around(after)) count += messages.filter(isWanted).length;
    // Of pages that reach beyond the end not all counts.
    for (const { messages } of this.#around({ due: now, seq: Number.MAX_SAFE_INTEGER })) {
      if (isBehind(messages[0] as HeldMessage, after)) count -= messages.filter(({ due }) => due > now).length;
    }
    return count;
  }

  clear(): void {
    this.#recent = [];
    const isAny = "SELECT 1 WHERE EXISTS (SELECT 1 FROM held) OR EXISTS (SELECT 1 FROM held_page)";
    if (selectFirst(this.#sql, isAny) === null) return;
    // Deleting would be billed for each row.
    this.#sql.exec("DROP TABLE held");
    this.#sql.exec("DROP TABLE held_page");
    SqliteHeldStore.createTables(this.#sql);
  }

  #hasRoomFor(messages: readonly HeldFrame[]): boolean {
    const [first, last] = [messages[0] as HeldFrame, messages.at(-1) as HeldFrame];
    const bindings = [last.due, last.seq, pageSpan(first.due).from, first.due, first.seq, MOST_OVERLAPPING];
    return [...this.#sql.exec(OVERLAPPING, ...bindings)].length < MOST_OVERLAPPING;
  }

  #recentWith(key: HeldKey): Page | null {
    const recent = this.#recent.find((page) => indexIn(page, key) >= 0);
    return recent ? this.#use(recent) : null;
  }

  #pageWith(key: HeldKey): Page | null {
    for (let passed = 0; ; passed++) {
      const [page] = this.#around(key, `LIMIT 1 OFFSET ${passed}`);
      if (page === undefined) return null;
      if (indexIn(page, key) >= 0) return page;
    }
  }

  #putAlone({ due, seq, attempts, frame }: HeldFrame): void {
    this.#sql.exec("INSERT INTO held VALUES (?, ?, ?, ?)", due, seq, attempts, frame);
  }

  #putPage(messages: readonly HeldFrame[]): void {
    const [first, last] = [messages[0] as HeldFrame, messages.at(-1) as HeldFrame];
    const bytes = encodePage({ messages, frames: messages.map(({ frame }) => frame) });
    const place = [first.due, first.seq, last.due, last.seq, messages.length];
    this.#sql.exec("INSERT INTO held_page VALUES (NULL, ?, ?, ?, ?, ?, ?)", ...place, bytes);
  }

  /** Pages that begin at a key or before, and end at it or behind. */
  #around({ due, seq }: HeldKey, part = ""): Page[] {
    const places = [...select<PlaceRow>(this.#sql, `${AROUND} ${part}`, due, seq, pageSpan(due).from)];
    return places.map(({ id }) => this.#read(id));
  }

  #read(id: number): Page {
    const recent = this.#recent.find((page) => page.id === id);
    if (recent) return this.#use(recent);
    const row = selectFirst<{ bytes: ArrayBuffer }>(this.#sql, "SELECT bytes FROM held_page WHERE id = ?", id);
    return this.#use({ id, ...decodePage(toBytes((row as { bytes: ArrayBuffer }).bytes)) });
  }

  #frameIn(page: Page, key: HeldKey): Uint8Array | null {
    return page.frames ? (page.frames[indexIn(page, key)] ?? null) : this.#aloneFrame(key);
  }

  #aloneFrame({ due, seq }: HeldKey): Uint8Array | null {
    const statement = "SELECT frame FROM held WHERE due = ? AND seq = ?";
    const row = selectFirst<{ frame: ArrayBuffer }>(this.#sql, statement, due, seq);
    return row && toBytes(row.frame);
  }

  /** Keeps a page at hand. */
  #use(page: Page): Page {
    if (this.#recent[0] !== page) {
      this.#recent = [page, ...this.#recent.filter((other) => other !== page)].slice(0, RECENT);
    }
    return page;
  }
}

/** By bisection; -1 when the page does not have it. */
function indexIn({ messages }: Page, key: HeldKey): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(messages[middle] as HeldMessage, key)) high = middle;
    else low = middle + 1;
  }
  const found = messages[low - 1];
  return found?.due === key.due && found.seq === key.seq ? low - 1 : -1;
}
