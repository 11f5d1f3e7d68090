// The versions of a channel's storage.
//
// 1  The state begins with the number 1, the instant of saving, and the seq where the channel begins. What was written last under this
//    number has the id of the life before the seq. Of an ephemeral channel that had a consumer there is an empty state, or digits.
// 2  The state begins with the number 2, and always has the id (docs/decisions/0008). Of an ephemeral channel there are the decimal
//    digits of the id.
// 3  The version is marked in the schema, no longer in the state.
// 4  The state ends with a list of flights: before, each message in flight was on its own.
// 5  Behind it is a list of messages that were taken before their turn.
// 6  Behind it is a list that is empty, or holds how long messages took.
// 7  Messages that are held may share rows, in a table of their own.

import { concat, fromByteString } from "../protocol/bytes.ts";
import { VarintReader, VarintWriter } from "../queue/varint.ts";
import { Schema } from "./schema.ts";
import { type Sql, selectFirst, toBytes } from "./sql.ts";

/** The id of a life of version 1 of an ephemeral channel: its topic gives it the same one. */
const EPHEMERAL_LIFE = "1";
/** A seq is above, since the first one of a topic is an instant in ms times 1024; a number of messages is below. */
const LEAST_SEQ = 2 ** 50;

export const channelSchema = new Schema(unmarkedVersion, [
  giveLife,
  dropVersionNumber,
  addList,
  addList,
  addList,
  addPages,
]);

function unmarkedVersion(sql: Sql): number | null {
  if (selectFirst(sql, "SELECT 1 FROM sqlite_master WHERE name = 'state'") === null) return null;
  const state = load(sql);
  if (state === null || isDigits(state)) return 2;
  return state.length === 0 ? 1 : new VarintReader(state).unsigned();
}

function giveLife(sql: Sql): void {
  const state = load(sql);
  if (state !== null) save(sql, state.length === 0 ? fromByteString(EPHEMERAL_LIFE) : withLife(state));
}

/** The id of a life is the seq where it begins: its topic gives it the same one. */
function withLife(state: Uint8Array): Uint8Array {
  const input = new VarintReader(state);
  // version, now, start, taken, isPaused, requeueCount, timeoutCount, due and seq of the mark of held messages
  const header = Array.from({ length: 9 }, () => input.unsigned());
  const rest = state.subarray(varints(...header).length);
  const [, , start = 0, taken = 0, , , , markDue] = header;
  header[0] = 2;
  if (taken >= LEAST_SEQ) return concat([varints(...header), rest]); // it is the start, and before it is the id
  // Held messages that had their turn are due at 0. In the beginning the first mark lay before them, so that they came twice.
  if (markDue === 0) header[8] = Number.MAX_SAFE_INTEGER;
  header.splice(2, 0, start);
  return concat([varints(...header), rest]);
}

function dropVersionNumber(sql: Sql): void {
  const state = load(sql);
  if (state !== null && !isDigits(state)) save(sql, state.subarray(varints(2).length));
}

/** At the end, an empty one. */
function addList(sql: Sql): void {
  const state = load(sql);
  if (state !== null && !isDigits(state)) save(sql, concat([state, varints(0)]));
}

function addPages(sql: Sql): void {
  sql.exec(
    `CREATE TABLE held_page (
      id INTEGER PRIMARY KEY,
      due INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      last_due INTEGER NOT NULL,
      last_seq INTEGER NOT NULL,
      count INTEGER NOT NULL,
      bytes BLOB NOT NULL
    )`,
  );
  sql.exec("CREATE INDEX held_page_place ON held_page (due, seq, last_due, last_seq, count)");
}

/** Whether it is the state of an ephemeral channel. */
function isDigits(state: Uint8Array): boolean {
  return state.length > 0 && state.every((code) => code >= 0x30 && code <= 0x39);
}

function varints(...values: number[]): Uint8Array {
  const out = new VarintWriter();
  for (const value of values) out.unsigned(value);
  return out.finish();
}

function load(sql: Sql): Uint8Array | null {
  const row = selectFirst<{ bytes: ArrayBuffer }>(sql, "SELECT bytes FROM state");
  return row && toBytes(row.bytes);
}

function save(sql: Sql, bytes: Uint8Array): void {
  sql.exec("UPDATE state SET bytes = ?", bytes);
}
