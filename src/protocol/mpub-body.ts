// The body of MPUB, and of /mpub?binary=true (spec 1.14, 3.3).
//
//   +---------------+---------------+ - - - - +---------------+ - - - - +
//   | count (int32) | size (int32)  | message | size (int32)  | message | ...
//   +---------------+---------------+ - - - - +---------------+ - - - - +

import { readInt32 } from "./bytes.ts";
import type { BodyLimits } from "./command-decoder.ts";

/** Why nothing of a body is published: V2 says `E_` + code and the text, HTTP the code alone. */
export interface MpubProblem {
  readonly code: "BAD_BODY" | "BAD_MESSAGE";
  readonly text: string;
}

const SIZE = 4;
/** The smallest message with its size: bounds how many there can be. */
const MIN_ENTRY = SIZE + 1;

/** Checks a body, as it comes: what is wrong is known as soon as it is there. */
export class MpubCheck {
  readonly #limits: BodyLimits;
  #count: number | null = null;
  #index = 0;
  /** Where the next message begins, counted from the start of the body. */
  #at = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** How many messages there are, once that was read. */
  get count(): number {
    return this.#count ?? 0;
  }

  /** Where the last message ends, counted from the start of the body. */
  get end(): number {
    return this.#at;
  }

  /**
   * Looks at the body that begins at `start`, of which everything before `end` is here. `isWhole` when nothing more comes:
   * then what is missing is a problem, too. Bytes behind the last message are not looked at.
   */
  check(buffer: Uint8Array, start: number, end: number, isWhole: boolean): MpubProblem | null {
    const { maxBodySize, maxMsgSize } = this.#limits;
    const length = end - start;
    if (this.#count === null) {
      if (length < SIZE) return isWhole ? badBody("MPUB failed to read message count") : null;
      const count = readInt32(buffer, start);
      if (count <= 0 || count > (maxBodySize - SIZE) / MIN_ENTRY) return badBody(`MPUB invalid message count ${count}`);
      this.#count = count;
      this.#at = SIZE;
    }
    while (this.#index < this.#count) {
      if (length - this.#at < SIZE) {
        return isWhole ? badMessage(`MPUB failed to read message(${this.#index}) body size`) : null;
      }
      const size = readInt32(buffer, start + this.#at);
      if (size <= 0) return badMessage(`MPUB invalid message(${this.#index}) body size ${size}`);
      if (size > maxMsgSize) return badMessage(`MPUB message too big ${size} > ${maxMsgSize}`);
      if (this.#at + SIZE + size > length) return isWhole ? badMessage("MPUB failed to read message body") : null;
      this.#at += SIZE + size;
      this.#index++;
    }
    return null;
  }
}

/**
 * Where a message lies in a body: from `from` to before `to`. A class, since literals that have the same properties elsewhere, with large
 * numbers, would make the engine bring each of these into another form.
 */
export class Range {
  readonly from: number;
  readonly to: number;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }
}

/** The messages of a body, which was checked, that begins at `start`. */
export function* mpubMessages(buffer: Uint8Array, start: number): Iterable<Range> {
  const count = readInt32(buffer, start);
  let at = start + SIZE;
  for (let index = 0; index < count; index++) {
    const from = at + SIZE;
    at = from + readInt32(buffer, at);
    yield new Range(from, at);
  }
}

function badBody(text: string): MpubProblem {
  return { code: "BAD_BODY", text };
}

function badMessage(text: string): MpubProblem {
  return { code: "BAD_MESSAGE", text };
}
