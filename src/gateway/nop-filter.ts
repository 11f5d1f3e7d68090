// What a consumer's connection passes on to its channel: everything but NOP, which is the answer to the gateway's own
// heartbeats and must not wake the channel. Bytes are passed on as they come; only an unfinished line is held back.

import { concat, EMPTY, fromByteString, readInt32, toByteString } from "../protocol/bytes.ts";
import { carriesBody } from "../protocol/command.ts";

/** Takes the bytes of `buffer` from `start` to before `end`. */
export type Pass = (buffer: Uint8Array, start: number, end: number) => void;

const LF = 10;
const [F, I, N, SPACE] = fromByteString("FIN ");
/** A longer line is an error of the client, which the channel's session words. */
const MAX_LINE_LENGTH = 16_384;
const SIZE = 4;

export class NopFilter {
  /** The beginning of a line, or of the size of a body. */
  #held: Uint8Array = EMPTY;
  #expectsSize = false;
  #bodyLeft = 0;

  filter(chunk: Uint8Array, pass: Pass): void {
    const buffer = this.#held.length > 0 ? concat([this.#held, chunk]) : chunk;
    let at = this.#passBody(buffer, 0, pass);
    while (at < buffer.length) {
      const end = this.#expectsSize ? this.#passSize(buffer, at, pass) : this.#passLine(buffer, at, pass);
      if (end === null) break;
      at = this.#passBody(buffer, end, pass);
    }
    this.#held = buffer.slice(at);
  }

  /** What is held back; the input ends here. */
  get rest(): Uint8Array {
    return this.#held;
  }

  // Each passes on what begins at `at` and returns where it ends; null when it must be waited for.

  #passLine(buffer: Uint8Array, at: number, pass: Pass): number | null {
    const lf = buffer.indexOf(LF, at);
    if (lf < 0 && buffer.length - at <= MAX_LINE_LENGTH) return null;
    const end = lf < 0 ? buffer.length : lf + 1;
    const name = isFinish(buffer, at) ? "FIN" : nameOf(buffer, at, end);
    this.#expectsSize = carriesBody(name);
    if (name !== "NOP") pass(buffer, at, end);
    return end;
  }

  #passSize(buffer: Uint8Array, at: number, pass: Pass): number | null {
    const end = at + SIZE;
    if (end > buffer.length) return null;
    this.#expectsSize = false;
    this.#bodyLeft = Math.max(0, readInt32(buffer, at));
    pass(buffer, at, end);
    return end;
  }

  #passBody(buffer: Uint8Array, at: number, pass: Pass): number {
    const end = Math.min(buffer.length, at + this.#bodyLeft);
    this.#bodyLeft -= end - at;
    if (end > at) pass(buffer, at, end);
    return end;
  }
}

/** Nearly all lines of a consumer are FINs: they are told by their first bytes. */
function isFinish(buffer: Uint8Array, at: number): boolean {
  return buffer[at] === F && buffer[at + 1] === I && buffer[at + 2] === N && buffer[at + 3] === SPACE;
}

/** The command of a line; no name is longer than eight characters. */
function nameOf(buffer: Uint8Array, start: number, end: number): string {
  return toByteString(buffer, start, Math.min(end, start + 9)).split(/[ \r\n]/, 1)[0] ?? "";
}
