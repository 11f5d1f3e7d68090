// The newest batches of a log, kept in memory up to a number of bytes.

import type { Batch } from "./log-store.ts";

export class RecentBatches {
  readonly #maxBytes: number;
  #batches: Batch[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Adds the batch that follows the newest one; the oldest ones go when there are too many bytes. */
  add(batch: Batch): void {
    this.#batches.push(batch);
    this.#bytes += batch.bytes.length;
    if (this.#bytes > this.#maxBytes) this.#drop();
  }

  /** Drops the older half at once: shifting a long array for each batch would cost more than it frees. */
  #drop(): void {
    let drop = 0;
    while (drop < this.#batches.length - 1 && this.#bytes > this.#maxBytes / 2) {
      this.#bytes -= (this.#batches[drop] as Batch).bytes.length;
      drop++;
    }
    this.#batches.splice(0, drop);
  }

  /** Batches in order from the one that holds `seq`, about `maxBytes`, at least one; null when it is not here. */
  read(seq: number, maxBytes: number): Batch[] | null {
    const index = this.#indexOf(seq);
    if (index < 0) return null;
    let bytes = 0;
    let end = index;
    do {
      bytes += (this.#batches[end] as Batch).bytes.length;
      end++;
    } while (end < this.#batches.length && bytes + (this.#batches[end] as Batch).bytes.length <= maxBytes);
    return this.#batches.slice(index, end);
  }

  /** The batch that holds `seq`, by bisection. */
  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#batches.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const { first, count } = this.#batches[middle] as Batch;
      if (seq < first) high = middle - 1;
      else if (seq >= first + count) low = middle + 1;
      else return middle;
    }
    return -1;
  }
}
