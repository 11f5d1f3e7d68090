/** Bytes as they arrived; `time` is that of the last one, in ms of `performance.now()`. */
export interface Arrival {
  readonly data: Buffer;
  readonly time: number;
}

/** Received bytes that nobody has read yet. Chunks are joined only when read, so large bodies are copied once. */
export class ByteQueue {
  #chunks: Arrival[] = [];
  /** Index of the first chunk not yet read to its end. */
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Arrival): void {
    if (chunk.data.length === 0) return;
    this.#chunks.push(chunk);
    this.#size += chunk.data.length;
  }

  /** The next `count` bytes, or null when there are fewer. */
  take(count: number): Arrival | null {
    if (this.#size < count) return null;
    const parts: Buffer[] = [];
    let time = performance.now();
    for (let missing = count; missing > 0; ) {
      const chunk = this.#chunks[this.#head] as Arrival;
      const part = chunk.data.subarray(0, missing);
      parts.push(part);
      time = chunk.time;
      missing -= part.length;
      if (part.length === chunk.data.length) this.#head++;
      else this.#chunks[this.#head] = { data: chunk.data.subarray(part.length), time };
    }
    this.#size -= count;
    if (this.#size === 0) this.#reset();
    return { data: Buffer.concat(parts), time };
  }

  /** The next four bytes as a signed number, left in the queue; null when there are fewer. */
  peekInt32(): number | null {
    if (this.#size < 4) return null;
    const start: Buffer[] = [];
    for (let i = this.#head, missing = 4; missing > 0; i++) {
      const part = (this.#chunks[i] as Arrival).data.subarray(0, missing);
      start.push(part);
      missing -= part.length;
    }
    return Buffer.concat(start).readInt32BE(0);
  }

  /** Everything that is left, emptying the queue. */
  drain(): Arrival {
    return this.take(this.#size) as Arrival;
  }

  #reset(): void {
    this.#chunks = [];
    this.#head = 0;
  }
}
