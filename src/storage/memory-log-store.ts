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

  read(seq: number, maxBytes: number, maxBatches = Number.POSITIVE_INFINITY): Batch[] {
    const from = this.#batches.findIndex(({ first, count }) => seq < first + count);
    return from < 0 ? [] : firstOf(this.#batches.slice(from), maxBytes, maxBatches);
  }

  readDeferred(seq: number): Iterable<Batch> {
    return this.#batches.filter(({ first, count, deferred }) => deferred > 0 && seq < first + count);
  }

  lookDeferred(seq: number, maxBytes: number, maxBatches: number): Batch[] {
    const batches = this.#batches.filter(({ first, count, deferred }) => deferred > 0 && seq < first + count);
    return firstOf(batches, maxBytes, maxBatches);
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

/** At least one, if there is any, further ones while `maxBytes` last, at most `maxBatches`. */
function firstOf(batches: readonly StoredBatch[], maxBytes: number, maxBatches: number): Batch[] {
  let bytes = 0;
  let end = 0;
  for (const batch of batches) {
    bytes += batch.bytes.length;
    if (end > 0 && (bytes > maxBytes || end >= maxBatches)) break;
    end++;
  }
  return batches.slice(0, end).map(({ first, count, bytes }) => ({ first, count, bytes }));
}
