// The deferred messages that a channel has in memory: a heap by due time.

import type { Unfinished } from "./unfinished.ts";

export class Deferred {
  readonly #heap: Unfinished[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** When the next message falls due; Infinity when there is none. */
  get earliest(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** When a message falls due next after `now`; Infinity when none does. */
  nextDue(now: number): number {
    if (this.earliest > now) return this.earliest;
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#heap) if (at > now && at < next) next = at;
    return next;
  }

  add(message: Unfinished): void {
    this.#heap.push(message);
    this.#up(this.#heap.length - 1);
  }

  /** Takes out the messages that are due, by due time and then by seq. */
  release(now: number): Unfinished[] {
    const due: Unfinished[] = [];
    while (this.earliest <= now) due.push(this.#pop());
    return due;
  }

  /** Takes out the messages for which `test` holds. */
  removeIf(test: (message: Unfinished) => boolean): void {
    const kept = this.#heap.filter((message) => !test(message));
    this.clear();
    for (const message of kept) this.add(message);
  }

  clear(): void {
    this.#heap.length = 0;
  }

  [Symbol.iterator](): Iterator<Unfinished> {
    return this.#heap.values();
  }

  #pop(): Unfinished {
    const top = this.#at(0);
    const last = this.#heap.pop() as Unfinished;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return top;
  }

  #up(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(this.#at(index), this.#at(parent))) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #down(from: number): void {
    let index = from;
    for (;;) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#heap.length && isBefore(this.#at(child), this.#at(first))) first = child;
      }
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #at(index: number): Unfinished {
    return this.#heap[index] as Unfinished;
  }

  #swap(a: number, b: number): void {
    const message = this.#at(a);
    this.#heap[a] = this.#at(b);
    this.#heap[b] = message;
  }
}

function isBefore(a: Unfinished, b: Unfinished): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}
