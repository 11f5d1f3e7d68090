// Cuts the byte stream of a client into command lines and bodies, however it arrives. Lines come out as soon as they are
// complete and sizes are judged as soon as they are known, so that a bad topic or an oversized body is refused before the
// body arrives.

import { byte, EMPTY, fromByteString, readInt32, startsWith } from "./bytes.ts";
import { CommandLine, carriesBody, isPublishOfOne } from "./command.ts";
import { MESSAGE_ID_LENGTH, NOT_AN_ID, parseMessageId } from "./message-id.ts";

export interface BodyLimits {
  /** Bytes of one message body, inclusive. */
  readonly maxMsgSize: number;
  /** Bytes of the body of IDENTIFY, AUTH and MPUB, inclusive. */
  readonly maxBodySize: number;
}

/**
 * - `line`: `line` holds the next command
 * - `body`: the body of that command is `buffer` from `bodyStart` to `bodyEnd`
 * - `bad-size`: its body has an announced `size` that is not allowed; nothing further can be decoded
 * - `overlong-line`: no line end within the limit; nothing further can be decoded
 * - `incomplete`: more bytes are needed
 */
export type Decoded = "line" | "body" | "bad-size" | "overlong-line" | "incomplete";

type State = "line" | "size" | "body";

const LF = 10;
const CR = 13;
/** Bytes of a line with its line end (nsqd's read buffer, nsqd/client_v2.go). */
const MAX_LINE_LENGTH = 16_384;
/** A longer line is not recognised when it comes again. */
const MAX_KNOWN_LENGTH = 256;

const FIN = fromByteString("FIN ");
const FIN_LENGTH = FIN.length + MESSAGE_ID_LENGTH + 1;

export class CommandDecoder {
  readonly line = new CommandLine();
  /** Whether `line` is byte for byte that of the command before. */
  isRepeated = false;
  size = 0;
  bodyStart = 0;
  bodyEnd = 0;
  /** Where the current command begins in `buffer`. */
  commandStart = 0;

  readonly #limits: BodyLimits;
  #buffer: Uint8Array = EMPTY;
  #end = 0;
  #at = 0;
  #scanned = 0;
  #state: State = "line";
  #isOwned = false;
  /** The last line with its end, when a body follows it: producers say the same again and again. Else empty. */
  #known = EMPTY;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** Where the bytes in `buffer` end. */
  get end(): number {
    return this.#end;
  }

  /** Where the command ends of which the line without a body, or the body, was decoded last. */
  get commandEnd(): number {
    return this.#at;
  }

  /** Whether the line that was decoded last is to be followed by a body. */
  get awaitsBody(): boolean {
    return this.#state !== "line";
  }

  /** Bytes that were not decoded yet. */
  get rest(): Uint8Array {
    return this.#buffer.subarray(this.#at, this.#end);
  }

  /** Bytes of a command that is not yet complete, a line already given out included. */
  get pending(): Uint8Array {
    return this.#buffer.subarray(this.#state === "line" ? this.#at : this.commandStart, this.#end);
  }

  /** What the end of input would interrupt; null between two commands. */
  get interrupted(): State | null {
    return this.#state === "line" && this.#at === this.#end ? null : this.#state;
  }

  /** Adds bytes of the stream. What was decoded before is no longer valid. */
  push(chunk: Uint8Array): void {
    const keepFrom = this.#state === "line" ? this.#at : this.commandStart;
    const kept = this.#end - keepFrom;
    if (kept === 0) {
      this.#adopt(chunk);
      return;
    }
    this.#makeRoom(keepFrom, kept, chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Forgets what was not decoded yet; to be called between two commands. */
  clear(): void {
    this.#adopt(EMPTY);
  }

  /**
   * The message of a FIN whose whole line comes next: its seq. NOT_AN_ID for anything else, and for an id that is none of this node:
   * `next` tells then. Consumers say little else, and this needs one look at each byte.
   */
  nextFinish(node: number): number {
    const end = this.#at + FIN_LENGTH;
    if (this.#state !== "line" || end > this.#end || !startsWith(this.#buffer, this.#at, FIN)) return NOT_AN_ID;
    if (byte(this.#buffer, end - 1) !== LF) return NOT_AN_ID;
    const seq = parseMessageId(this.#buffer, this.#at + FIN.length, node);
    if (seq !== NOT_AN_ID) this.#moveTo(end);
    return seq;
  }

  next(): Decoded {
    if (this.#state === "line") return this.#nextLine();
    if (this.#state === "size") {
      const judged = this.#nextSize();
      if (judged !== null) return judged;
    }
    return this.#nextBody();
  }

  #nextLine(): Decoded {
    this.commandStart = this.#at;
    const knownEnd = this.#at + this.#known.length;
    this.isRepeated = knownEnd > this.#at && knownEnd <= this.#end && startsWith(this.#buffer, this.#at, this.#known);
    if (this.isRepeated) return this.#endLine(knownEnd, true);
    const limit = Math.min(this.#end, this.#at + MAX_LINE_LENGTH);
    let lf = this.#scanned;
    while (lf < limit && byte(this.#buffer, lf) !== LF) lf++;
    this.#scanned = lf;
    if (lf === limit) return limit - this.#at === MAX_LINE_LENGTH ? "overlong-line" : "incomplete";
    const lineEnd = lf > this.#at && byte(this.#buffer, lf - 1) === CR ? lf - 1 : lf;
    const start = this.#at;
    this.line.parse(this.#buffer, start, lineEnd);
    const hasBody = carriesBody(this.line.name);
    this.#known = EMPTY;
    if (hasBody && lf - start < MAX_KNOWN_LENGTH) {
      this.#known = this.#buffer.slice(start, lf + 1);
      this.line.parse(this.#known, 0, lineEnd - start); // so that it stays valid
    }
    return this.#endLine(lf + 1, hasBody);
  }

  #endLine(at: number, hasBody: boolean): Decoded {
    this.#moveTo(at);
    if (hasBody) this.#state = "size";
    return "line";
  }

  /** Null when the size is fine and the body can be waited for. */
  #nextSize(): Decoded | null {
    if (this.#end - this.#at < 4) return "incomplete";
    this.size = readInt32(this.#buffer, this.#at);
    const limit = isPublishOfOne(this.line.name) ? this.#limits.maxMsgSize : this.#limits.maxBodySize;
    if (this.size <= 0 || this.size > limit) return "bad-size";
    this.#moveTo(this.#at + 4);
    this.#state = "body";
    return null;
  }

  #nextBody(): Decoded {
    this.bodyStart = this.#at;
    this.bodyEnd = this.#at + this.size;
    if (this.bodyEnd > this.#end) return "incomplete";
    this.#moveTo(this.bodyEnd);
    this.#state = "line";
    return "body";
  }

  #moveTo(at: number): void {
    this.#at = at;
    this.#scanned = at;
  }

  #adopt(chunk: Uint8Array): void {
    this.#buffer = chunk;
    this.#isOwned = false;
    this.#end = chunk.length;
    this.#moveTo(0);
  }

  /** Finds room for a chunk behind what is kept, in a buffer of our own; for the whole body when its size is known. */
  #makeRoom(keepFrom: number, kept: number, added: number): void {
    const announced = this.#state === "body" ? this.#at - keepFrom + this.size : 0;
    const needed = Math.max(kept + added, announced);
    if (this.#isOwned && this.#buffer.length - keepFrom >= needed) return;
    // Always another buffer: the host may still hold views of the commands in this one.
    const target = new Uint8Array(Math.max(needed, 2 * kept));
    target.set(this.#buffer.subarray(keepFrom, this.#end));
    this.#buffer = target;
    this.#isOwned = true;
    this.#end = kept;
    this.#at -= keepFrom;
    this.#scanned -= keepFrom;
    this.commandStart -= keepFrom;
  }
}
