// What a consumer's connection passes on to its channel: everything but NOP, which is the answer to the gateway's own
// heartbeats and must not wake the channel. Bytes are passed on as they come; only an unfinished line is held back.

import { concat, EMPTY, fromByteString, readInt32, startsWith, toByteString } from "../protocol/bytes.ts";
import { carriesBody } from "../protocol/command.ts";
import { MESSAGE_ID_LENGTH } from "../protocol/message-id.ts";

/** Takes the bytes of `buffer` from `start` to before `end`. */
export type Pass = (buffer: Uint8Array, start: number, end: number) => void;

const LF = 10;
const FIN = fromByteString("FIN ");
const FIN_LENGTH = FIN.length + MESSAGE_ID_LENGTH + 1;
/** A longer line is an error of the client, which the channel's session words. */
const MAX_LINE_LENGTH = 16_384;
const SIZE = 4;

export class NopFilter {
  /** The beginning of a line, or of the size of a body. */
  #held: Uint8Array = EMPTY;
  #isNop = false;
  #expectsSize = false;
  #bodyLeft = 0;

  filter(chunk: Uint8Array, pass: Pass): void {
    const buffer = this.#held.length > 0 ? concat([this.#held, chunk]) : chunk;
    /** What lies between two NOPs is passed on in one. */
    let passed = 0;
    let at = this.#bodyEnd(buffer, 0);
    while (at < buffer.length) {
      const end = this.#expectsSize ? this.#sizeEnd(buffer, at) : this.#lineEnd(buffer, at);
      if (end === null) break;
      if (this.#isNop) {
        if (at > passed) pass(buffer, passed, at);
        passed = end;
      }
      at = this.#bodyEnd(buffer, end);
    }
    if (at > passed) pass(buffer, passed, at);
    this.#held = buffer.slice(at);
  }

  /** What is held back; the input ends here. */
  get rest(): Uint8Array {
    return this.#held;
  }

  // Each tells where that ends which begins at `at`; null when it must be waited for.

  #lineEnd(buffer: Uint8Array, at: number): number | null {
    this.#isNop = false;
    if (isFinish(buffer, at)) return at + FIN_LENGTH;
    const lf = buffer.indexOf(LF, at);
    if (lf < 0 && buffer.length - at <= MAX_LINE_LENGTH) return null;
    const end = lf < 0 ? buffer.length : lf + 1;
    const name = nameOf(buffer, at, end);
    this.#expectsSize = carriesBody(name);
    this.#isNop = name === "NOP";
    return end;
  }

  #sizeEnd(buffer: Uint8Array, at: number): number | null {
    const end = at + SIZE;
    if (end > buffer.length) return null;
    this.#isNop = false;
    this.#expectsSize = false;
    this.#bodyLeft = Math.max(0, readInt32(buffer, at));
    return end;
  }

  #bodyEnd(buffer: Uint8Array, at: number): number {
    const end = Math.min(buffer.length, at + this.#bodyLeft);
    this.#bodyLeft -= end - at;
    return end;
  }
}

/** Nearly all lines of a consumer are FINs of whole ids: they are told without a search for their end. */
function isFinish(buffer: Uint8Array, at: number): boolean {
  const last = at + FIN_LENGTH - 1;
  if (buffer[last] !== LF || !startsWith(buffer, at, FIN)) return false;
  for (let i = at + FIN.length; i < last; i++) if (buffer[i] === LF) return false;
  return true;
}

/** The command of a line; no name is longer than eight characters. */
function nameOf(buffer: Uint8Array, start: number, end: number): string {
  return toByteString(buffer, start, Math.min(end, start + 9)).split(/[ \r\n]/, 1)[0] ?? "";
}
