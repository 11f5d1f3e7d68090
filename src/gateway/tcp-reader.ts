// Reads a TCP socket in pieces as large as what comes: a plain reader gets 4 KiB at a time, however much there is.

/** Bytes that are asked for at first, and at most: each piece is an event, here and in the object that it is passed on to. */
const SMALLEST = 4_096;
const LARGEST = 262_144;
/** By how much a buffer grows when it was full. */
const STEP = 4;

export class TcpReader {
  readonly #reader: ReadableStreamBYOBReader;
  #size = SMALLEST;

  constructor(readable: ReadableStream) {
    this.#reader = readable.getReader({ mode: "byob" });
  }

  /** The next bytes, in a buffer that is the caller's; null at the end. */
  async read(): Promise<Uint8Array | null> {
    const { value, done } = await this.#reader.read(new Uint8Array(this.#size));
    if (done) return null;
    if (value.length === this.#size) this.#size = Math.min(LARGEST, STEP * this.#size);
    else if (value.length < SMALLEST) this.#size = SMALLEST;
    return value;
  }

  /** Reads no more. */
  cancel(): void {
    this.#reader.cancel().catch(() => {}); // the connection may be gone
  }
}
