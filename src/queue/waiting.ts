// The messages that wait for another delivery: requeued, timed out, or fallen due. They queue up behind what the channel
// had not taken when they came: each has its turn when the channel has taken all below its `after` (nsqd puts them at the tail).

import type { Unfinished } from "./unfinished.ts";

export class Waiting {
  #queue: Unfinished[] = [];
  #head = 0;
  #turns = 0;

  get size(): number {
    return this.#queue.length - this.#head;
  }

  /** The message whose turn is next. */
  get first(): Unfinished | undefined {
    return this.#queue[this.#head];
  }

  /** Adds a message at the tail; `after` never falls from one call to the next. */
  add(message: Unfinished, after: number): void {
    message.after = after;
    message.turn = ++this.#turns;
    this.#queue.push(message);
  }

  shift(): void {
    this.#head++;
    // Moved down only when half is spent, so that a shift costs the same however long the queue is.
    if (this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Takes out the messages for which `test` holds. */
  removeIf(test: (message: Unfinished) => boolean): void {
    this.#queue = [...this].filter((message) => !test(message));
    this.#head = 0;
  }

  clear(): void {
    this.#queue = [];
    this.#head = 0;
  }

  *[Symbol.iterator](): Iterator<Unfinished> {
    for (let i = this.#head; i < this.#queue.length; i++) yield this.#queue[i] as Unfinished;
  }
}
