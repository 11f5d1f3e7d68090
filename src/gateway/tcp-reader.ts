// Reads a TCP socket in pieces as large as what comes: a plain reader gets 4 KiB at a time, however much there is.

/** Bytes that are asked for while little comes, and while much does. */
const SMALL = 4_096;
const LARGE = 65_536;

export class TcpReader {
  readonly #reader: ReadableStreamBYOBReader;
  #size = SMALL;

  constructor(readable: ReadableStream) {
    this.#reader = readable.getReader({ mode: "byob" });
  }

  /** The next bytes, in a buffer that is the caller's; null at the end. */
  async read(): Promise<Uint8Array | null> {
    const { value, done } = await this.#reader.read(new Uint8Array(this.#size));
    if (done) return null;
    if (value.length === this.#size) this.#size = LARGE;
    else if (value.length < SMALL) this.#size = SMALL;
    return value;
  }

  /** Reads no more. */
  cancel(): void {
    this.#reader.cancel().catch(() => {}); // the connection may be gone
  }
}
