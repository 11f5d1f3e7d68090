// Frames from server to client:
//
//    0               4               8
//   +---------------+---------------+ - - - - - - - +
//   | size (int32)  | type (int32)  | data          |     V2: size = 4 + length of data
//   +---------------+---------------+ - - - - - - - +
//   | size (int32)  | data          |                     nsqlookupd: size = length of data
//   +---------------+ - - - - - - - +

import type { Arrival, ByteQueue } from "./byte-queue.ts";

export type Framing = "v2" | "lookup";

/** `type` is "response", "error", "message", "reply" from nsqlookupd, or says what is wrong with the frame. */
export interface Frame extends Arrival {
  readonly type: string;
}

const TYPES = ["response", "error", "message"];
const MAX_SIZE = 64 * 1024 * 1024;
const MESSAGE_ID_START = 10;
/** Timestamp, attempts and id come before a message's body. */
export const MESSAGE_HEADER = 26;

/** Takes the next whole frame out of the queue; null when more bytes are needed. */
export function takeFrame(queue: ByteQueue, framing: Framing): Frame | null {
  const size = queue.peekInt32();
  if (size === null) return null;
  const minSize = framing === "v2" ? 4 : 0;
  if (size < minSize || size > MAX_SIZE) return { ...queue.drain(), type: "bad size" };
  const whole = queue.take(4 + size);
  if (whole === null) return null;
  const { data, time } = whole;
  if (framing === "lookup") return { type: "reply", data: data.subarray(4), time };
  const type = data.readInt32BE(4);
  return { type: TYPES[type] ?? `type ${type}`, data: data.subarray(8), time };
}

export function isHeartbeat({ type, data }: Frame): boolean {
  return type === "response" && data.toString() === "_heartbeat_";
}

/** The id in a message's header, one char per byte. */
export function messageId(data: Buffer): string {
  return data.toString("latin1", MESSAGE_ID_START, MESSAGE_HEADER);
}

/** Orders by type and content, leaving out what differs from run to run: a message's timestamp, attempts and id. */
export function compareFrames(a: Frame, b: Frame): number {
  return Buffer.compare(sortKey(a), sortKey(b));
}

function sortKey({ type, data }: Frame): Buffer {
  return Buffer.concat([Buffer.from(type), type === "message" ? data.subarray(MESSAGE_HEADER) : data]);
}
