// Frames from server to client (spec 1.3).
//
//    0               4               8
//   +---------------+---------------+ - - - - - - - +
//   | size (int32)  | type (int32)  | data          |     size = 4 + length of data
//   +---------------+---------------+ - - - - - - - +

import { concat, EMPTY, fromByteString, readInt32, writeInt32 } from "./bytes.ts";
import type { ClientError } from "./errors.ts";

export const FrameType = { response: 0, error: 1, message: 2 } as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const FRAME_HEADER = 8;

function frame(type: FrameType, data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(FRAME_HEADER + data.length);
  writeInt32(whole, 0, 4 + data.length);
  writeInt32(whole, 4, type);
  whole.set(data, FRAME_HEADER);
  return whole;
}

export function responseFrame(data: string | Uint8Array): Uint8Array {
  return frame(FrameType.response, typeof data === "string" ? fromByteString(data) : data);
}

export function errorFrame(error: ClientError): Uint8Array {
  return frame(FrameType.error, fromByteString(error.text === "" ? error.code : `${error.code} ${error.text}`));
}

export const OK_FRAME = responseFrame("OK");
export const CLOSE_WAIT_FRAME = responseFrame("CLOSE_WAIT");
export const HEARTBEAT_FRAME = responseFrame("_heartbeat_");

/** `count` OK frames in a row, for publishes that were stored together. */
export function okFrames(count: number): Uint8Array {
  const frames = new Uint8Array(count * OK_FRAME.length);
  frames.set(OK_FRAME.subarray(0, frames.length));
  for (let filled = OK_FRAME.length; filled < frames.length; filled *= 2) frames.copyWithin(filled, 0, filled);
  return frames;
}

/** One frame as a client sees it; `data` is valid until the next push. */
export interface Frame {
  readonly type: number;
  readonly data: Uint8Array;
}

/** Cuts a byte stream into frames, however it arrives. */
export class FrameDecoder {
  /** Of a frame, as its first field says it. */
  maxSize = Number.POSITIVE_INFINITY;
  #buffer = EMPTY;
  #at = 0;

  push(chunk: Uint8Array): void {
    this.#buffer = this.#at === this.#buffer.length ? chunk : concat([this.#buffer.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next whole frame, null when more bytes are needed, or "malformed" for a size that no frame may have. */
  next(): Frame | "malformed" | null {
    const end = this.#frameEnd();
    if (end === null || end === "malformed") return end;
    const type = readInt32(this.#buffer, this.#at + 4);
    const data = this.#buffer.subarray(this.#at + FRAME_HEADER, end);
    this.#at = end;
    return { type, data };
  }

  /** What came behind the last whole frame; the stream goes on with it in another form. */
  takeRest(): Uint8Array {
    const rest = this.#buffer.subarray(this.#at);
    this.#buffer = EMPTY;
    this.#at = 0;
    return rest;
  }

  #frameEnd(): number | "malformed" | null {
    if (this.#buffer.length - this.#at < 4) return null;
    const size = readInt32(this.#buffer, this.#at);
    if (size < 4 || size > this.maxSize) return "malformed";
    const end = this.#at + 4 + size;
    return end <= this.#buffer.length ? end : null;
  }
}
