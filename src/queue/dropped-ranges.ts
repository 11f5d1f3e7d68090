// The messages that were dropped at the topic before they were fanned out: they come to no channel and count in none.

import { EMPTY } from "../protocol/bytes.ts";
import type { Batch } from "./log-store.ts";

/** From `from` to before `to`. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

export class DroppedRanges {
  /** In order, with something between each two. */
  #ranges: SeqRange[];

  constructor(ranges: readonly SeqRange[]) {
    this.#ranges = [...ranges];
  }

  get ranges(): readonly SeqRange[] {
    return this.#ranges;
  }

  /** Where the last one ends; 0 when there is none. */
  get end(): number {
    return this.#ranges.at(-1)?.to ?? 0;
  }

  /** Adds a range behind all others; those that lie below `free` are forgotten. */
  add(range: SeqRange, free: number): void {
    this.#ranges = this.#ranges.filter(({ to }) => to > free);
    const last = this.#ranges.at(-1);
    if (last?.to === range.from) this.#ranges[this.#ranges.length - 1] = { from: last.from, to: range.to };
    else this.#ranges.push(range);
  }

  has(seq: number): boolean {
    return this.#ranges.some(({ from, to }) => from <= seq && seq < to);
  }

  /** How many messages from `seq` to before `end` were dropped. */
  count(seq: number, end: number): number {
    return this.#ranges.reduce(
      (count, { from, to }) => count + Math.max(0, Math.min(to, end) - Math.max(from, seq)),
      0,
    );
  }

  /** What lies at `seq`, as a batch without records; null when it was not dropped. */
  at(seq: number): Batch | null {
    const range = this.#ranges.find(({ from, to }) => from <= seq && seq < to);
    return range ? gap(seq, range.to) : null;
  }

  /** Where the next range behind `seq` begins; Infinity when there is none. */
  next(seq: number): number {
    return this.#ranges.find(({ from }) => from > seq)?.from ?? Number.POSITIVE_INFINITY;
  }
}

/** Messages of which nothing is left, as a batch without records. */
export function gap(from: number, to: number): Batch {
  return { first: from, count: to - from, bytes: EMPTY };
}
