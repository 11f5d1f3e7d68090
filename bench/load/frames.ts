// Cuts a stream into frames without copying them; only one that comes in pieces is put together.

/** Offsets in a frame. */
export const TYPE_AT = 4;
export const DATA_AT = 8;
export const ID_AT = 18;
export const BODY_AT = 34;

export const ERROR = 1;
export const MESSAGE = 2;

const EMPTY = Buffer.alloc(0);

/** Called with a whole frame, from `at` to `end`, valid during the call. */
export type OnFrame = (buffer: Buffer, at: number, end: number) => void;

export class FrameReader {
  readonly #onFrame: OnFrame;
  #rest: Buffer = EMPTY;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    while (bytes.length >= at + 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (bytes.length < end) break;
      this.#onFrame(bytes, at, end);
      at = end;
    }
    this.#rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : EMPTY;
  }
}

/** @throws with what an error frame says */
export function checkType(buffer: Buffer, at: number, end: number): void {
  if (buffer[at + TYPE_AT + 3] === ERROR) throw new Error(buffer.toString("latin1", at + DATA_AT, end));
}
