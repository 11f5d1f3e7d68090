// What a client has sent and was not carried out yet: the magic at the beginning, then commands. It is handed to the decoder only when
// that has nothing left, since pushing again would move what the host may still hold of the commands before.

import { concat, EMPTY, toByteString } from "../protocol/bytes.ts";
import { type BodyLimits, CommandDecoder, type Decoded } from "../protocol/command-decoder.ts";

const MAGIC = "  V2";
/** A longer piece of a command is not kept over a sleep. */
const MAX_PARTIAL = 4_096;

export class Input {
  readonly decoder: CommandDecoder;
  /** The first bytes, while they are not complete. */
  #magic: Uint8Array | null = EMPTY;
  #isForeign = false;
  #waiting: Uint8Array[] = [];
  #unread = 0;

  constructor(limits: BodyLimits) {
    this.decoder = new CommandDecoder(limits);
  }

  /** Whether the magic has come. */
  get hasMagic(): boolean {
    return this.#magic === null;
  }

  /** Whether something else came in its place. */
  get isForeign(): boolean {
    return this.#isForeign;
  }

  /** Bytes that came and were not looked at yet. */
  get unread(): number {
    return this.#unread;
  }

  /** Whether a command is under way that is too long to be kept over a sleep. */
  get hasLongPartial(): boolean {
    return this.decoder.pending.length > MAX_PARTIAL;
  }

  /** The beginning of what is not complete; null when it is too long. Only of use while nothing waits. */
  get partial(): Uint8Array | null {
    return this.hasLongPartial ? null : (this.#magic ?? this.decoder.pending).slice();
  }

  /** Goes on after a sleep. */
  restore(hasMagic: boolean, partial: Uint8Array): void {
    if (hasMagic) {
      this.#magic = null;
      this.decoder.push(partial);
    } else {
      this.#magic = partial;
    }
  }

  skipMagic(): void {
    this.#magic = null;
  }

  add(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#unread += chunk.length;
  }

  next(): Decoded {
    return this.hasMagic ? this.decoder.next() : "incomplete";
  }

  /** Hands all that waits to the decoder; false when nothing does. */
  readOn(): boolean {
    if (this.#waiting.length === 0) return false;
    const chunk = concat(this.#waiting);
    this.#waiting = [];
    this.#unread = 0;
    const commands = this.#magic === null ? chunk : this.#readMagic(this.#magic, chunk);
    if (commands.length > 0) this.decoder.push(commands);
    return true;
  }

  /** Takes back what was not carried out. */
  takeRest(): Uint8Array {
    const rest = concat([this.decoder.rest, ...this.#waiting]).slice();
    this.#waiting = [];
    this.#unread = 0;
    this.decoder.clear();
    return rest;
  }

  /** Checks the first four bytes, once they are there. Returns what is behind them. */
  #readMagic(before: Uint8Array, chunk: Uint8Array): Uint8Array {
    const missing = MAGIC.length - before.length;
    const magic = concat([before, chunk.subarray(0, missing)]);
    const isWhole = magic.length === MAGIC.length;
    this.#magic = isWhole ? null : magic;
    this.#isForeign = isWhole && toByteString(magic) !== MAGIC;
    return chunk.subarray(missing);
  }
}
