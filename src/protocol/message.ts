// The message frame (spec 1.3): what a consumer receives, and the offsets of its fields.
//
//    0        4        8                16       18               34
//   +--------+--------+----------------+--------+----------------+ - - - - +
//   | size   | type=2 | timestamp, ns  |attempts| id, 16 hex     | body    |
//   +--------+--------+----------------+--------+----------------+ - - - - +

import { readInt32, writeInt32 } from "./bytes.ts";
import { FRAME_HEADER, FrameType } from "./frame.ts";

export const TIMESTAMP_OFFSET = FRAME_HEADER;
export const ATTEMPTS_OFFSET = TIMESTAMP_OFFSET + 8;
export const ID_OFFSET = ATTEMPTS_OFFSET + 2;
export const BODY_OFFSET = ID_OFFSET + 16;

/** `attempts` is 16 bits on the wire and wraps, as nsqd's does (spec 2.8). */
export function writeAttempts(frame: Uint8Array, at: number, attempts: number): void {
  frame[at + ATTEMPTS_OFFSET] = attempts >>> 8;
  frame[at + ATTEMPTS_OFFSET + 1] = attempts;
}

/** Size, type and attempts 1; timestamp and id are stamped when the message gets its place in the log. */
export function writeMessageHeader(buffer: Uint8Array, at: number, bodyLength: number): void {
  writeInt32(buffer, at, BODY_OFFSET - 4 + bodyLength);
  writeInt32(buffer, at + 4, FrameType.message);
  writeAttempts(buffer, at, 1);
}

/** The instant (ms since the epoch) as the wire's nanoseconds. */
export function timestampNs(ms: number): bigint {
  return BigInt(Math.trunc(ms)) * 1_000_000n;
}

/** When the message whose frame begins at `at` was published, whole ms since the epoch: nanoseconds are more than a number can hold. */
export function publishedAt(frame: Uint8Array, at = 0): number {
  const high = readInt32(frame, at + TIMESTAMP_OFFSET);
  const low = readInt32(frame, at + TIMESTAMP_OFFSET + 4) >>> 0;
  return Math.round((high * 2 ** 32 + low) / 1e6);
}
