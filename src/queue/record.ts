// A record is a message as it lies in a topic's log. Without flags it is byte for byte the frame of the first delivery, so
// a run of records can go from the log to a consumer as it is.
//
//    0        1        4                                            4+size
//   +--------+--------+--------+-----------+----------+------+------+ - - - - - - - - - +
//   | flags  | size   | type=2 | timestamp | attempts | id   | body | due, if deferred  |
//   +--------+--------+--------+-----------+----------+------+------+ - - - - - - - - - +
//    <- size (int32) on the wire: no record is as long as 2^24 ->       ms, float64 BE
//
// The flags are free for attributes to come: whoever does not know a flag must not deliver the record.

import { byte } from "../protocol/bytes.ts";
import { BODY_OFFSET, ID_OFFSET, TIMESTAMP_OFFSET, timestampNs, writeMessageHeader } from "../protocol/message.ts";
import { writeMessageId } from "../protocol/message-id.ts";

export const RecordFlag = { deferred: 1 } as const;

const DUE_LENGTH = 8;
/** The longest body a record can hold: its row must stay under the platform's 2 MB (notes/platform A1). */
export const MAX_BODY = 2_000_000 - BODY_OFFSET - DUE_LENGTH;

export function recordLength(buffer: Uint8Array, at: number): number {
  return frameLength(buffer, at) + (isDeferred(buffer, at) ? DUE_LENGTH : 0);
}

/** Length of the frame in a record, without what lies behind it. */
export function frameLength(buffer: Uint8Array, at: number): number {
  return 4 + ((byte(buffer, at + 1) << 16) | (byte(buffer, at + 2) << 8) | byte(buffer, at + 3));
}

/** Whether the record can be sent as it lies. */
export function isPlain(buffer: Uint8Array, at: number): boolean {
  return buffer[at] === 0;
}

function isDeferred(buffer: Uint8Array, at: number): boolean {
  return (byte(buffer, at) & RecordFlag.deferred) !== 0;
}

/** When a record may be delivered first, ms since the epoch; 0 for at once. */
export function dueAt(buffer: Uint8Array, at: number): number {
  if (!isDeferred(buffer, at)) return 0;
  return new DataView(buffer.buffer, buffer.byteOffset + at + frameLength(buffer, at)).getFloat64(0);
}

/**
 * The frame of the first delivery: a view when the record is plain, else a copy without the flags.
 * @throws {Error} when the record has a flag that this code does not know
 */
export function frameOf(buffer: Uint8Array, at: number): Uint8Array {
  const end = at + frameLength(buffer, at);
  if (isPlain(buffer, at)) return buffer.subarray(at, end);
  if (buffer[at] !== RecordFlag.deferred)
    throw new Error(`record has flags ${buffer[at]}, which this code does not know`);
  const frame = buffer.slice(at, end);
  frame[0] = 0;
  return frame;
}

/** How long the record of a body is. */
export function lengthOfRecord(bodyLength: number, isDue: boolean): number {
  return BODY_OFFSET + bodyLength + (isDue ? DUE_LENGTH : 0);
}

/** Writes a record that still lacks timestamp and id; `due` 0 means at once. */
export function writeRecord(
  buffer: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
  due: number,
): void {
  writeMessageHeader(buffer, at, end - start);
  buffer.set(source.subarray(start, end), at + BODY_OFFSET);
  if (due === 0) return;
  buffer[at] = RecordFlag.deferred;
  new DataView(buffer.buffer, buffer.byteOffset + at + BODY_OFFSET + (end - start)).setFloat64(0, due);
}

/** The record of a body alone; `due` 0 means at once. */
export function recordOf(body: Uint8Array, due: number): Uint8Array {
  const record = new Uint8Array(lengthOfRecord(body.length, due !== 0));
  writeRecord(record, 0, body, 0, body.length, due);
  return record;
}

/** Gives consecutive records their ids and their timestamp, the instant `now`. */
export function stamp(records: Uint8Array, node: number, firstSeq: number, now: number): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const timestamp = timestampNs(now);
  let seq = firstSeq;
  for (let at = 0; at < records.length; at += recordLength(records, at)) {
    view.setBigInt64(at + TIMESTAMP_OFFSET, timestamp);
    writeMessageId(view, at + ID_OFFSET, node, seq++);
  }
}
