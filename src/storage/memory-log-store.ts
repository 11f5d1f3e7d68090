// The log of an ephemeral topic: it lives as long as the object stays in memory.

import type { Batch, BatchPlace, LogStore, StoredBatch } from "../queue/log-store.ts";

export class MemoryLogStore implements LogStore {
  #batches: StoredBatch[] = [];

  newest(): BatchPlace | null {
    return this.#batches.at(-1) ?? null;
  }

  oldest(): BatchPlace | null {
    return this.#batches[0] ?? null;
  }

  totalBytesBefore(seq: number): number {
    const before = this.#batches.findLast(({ first, count }) => first + count <= seq);
    return (before ?? this.#batches[0])?.totalBytes ?? 0;
  }

  append(batches: readonly StoredBatch[], free: number): void {
    this.#batches.push(...batches);
    this.trim(free);
  }

  read(seq: number, maxBytes: number): Batch[] {
    const from = this.#batches.findIndex(({ first, count }) => seq < first + count);
    if (from < 0) return [];
    let bytes = 0;
    let to = from;
    for (; to < this.#batches.length; to++) {
      bytes += (this.#batches[to] as StoredBatch).bytes.length;
      if (to > from && bytes > maxBytes) break;
    }
    return this.#batches.slice(from, to).map(({ first, count, bytes }) => ({ first, count, bytes }));
  }

  readDeferred(seq: number): Iterable<Batch> {
    return this.#batches.filter(({ first, count, deferred }) => deferred > 0 && seq < first + count);
  }

  hasFree(count: number, free: number): boolean {
    return this.#batches.slice(0, -1).filter((batch) => batch.first + batch.count <= free).length > count;
  }

  canTrim(free: number): boolean {
    const oldest = this.oldest();
    return this.#batches.length > 1 && oldest !== null && oldest.first + oldest.count <= free;
  }

  trim(free: number): boolean {
    const keep = this.#batches.findIndex(({ first, count }) => first + count > free);
    this.#batches = this.#batches.slice(keep < 0 ? this.#batches.length - 1 : keep);
    return false;
  }
}
