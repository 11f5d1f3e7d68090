// When the messages of a flight were published. Neighbours were so together, mostly: a number stands for all of them.

import { publishedAt } from "../protocol/message.ts";

/** So many messages, one after the other, that were published at the same instant, ms; 0 when that is not known. */
export interface PublishRun {
  readonly count: number;
  readonly at: number;
}

export class PublishTimes {
  /** Where each run ends, in messages from the first one. */
  readonly #ends: number[] = [];
  readonly #instants: number[] = [];
  /** The run that was asked for last: consumers answer in order, mostly. */
  #current = 0;

  /** Of frames back to back, in pieces; `ends` tells where each frame ends, bytes from the beginning of the first one. */
  static of(pieces: readonly Uint8Array[], ends: readonly number[]): PublishTimes {
    const times = new PublishTimes();
    let piece = 0;
    let pieceStart = 0;
    let start = 0;
    for (const end of ends) {
      while (start >= pieceStart + (pieces[piece] as Uint8Array).length) {
        pieceStart += (pieces[piece++] as Uint8Array).length;
      }
      times.#add(publishedAt(pieces[piece] as Uint8Array, start - pieceStart));
      start = end;
    }
    return times;
  }

  /** When the message at an index was published, ms. */
  at(index: number): number {
    if (!this.#isIn(this.#current, index)) {
      this.#current = this.#isIn(this.#current + 1, index) ? this.#current + 1 : this.#runOf(index);
    }
    return this.#instants[this.#current] as number;
  }

  #isIn(run: number, index: number): boolean {
    return index >= (this.#ends[run - 1] ?? 0) && index < (this.#ends[run] ?? 0);
  }

  /** By bisection. */
  #runOf(index: number): number {
    let low = 0;
    let high = this.#ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (index < (this.#ends[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #add(at: number): void {
    const last = this.#ends.length - 1;
    if (last >= 0 && this.#instants[last] === at) {
      (this.#ends[last] as number)++;
    } else {
      this.#ends.push((this.#ends[last] ?? 0) + 1);
      this.#instants.push(at);
    }
  }
}

/** Instants of messages, in order, as runs. */
export function publishRuns(instants: Iterable<number>): PublishRun[] {
  const runs: { count: number; at: number }[] = [];
  for (const at of instants) {
    const last = runs.at(-1);
    if (last?.at === at) last.count++;
    else runs.push({ count: 1, at });
  }
  return runs;
}
