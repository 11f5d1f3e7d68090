// Messages that came and wait for a handler.

import { Fifo } from "../protocol/fifo.ts";

export class Inbox<M extends object> {
  readonly #waiting = new Fifo<M>();
  readonly #takers = new Fifo<(message: M | null) => void>();
  #isClosed = false;

  put(message: M): void {
    const { first: taker } = this.#takers;
    if (!taker) this.#waiting.push(message);
    else {
      this.#takers.shift();
      taker(message);
    }
  }

  /** The next message; null when there will be none. */
  take(): Promise<M | null> {
    const { first } = this.#waiting;
    if (first) {
      this.#waiting.shift();
      return Promise.resolve(first);
    }
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** All that nobody has taken. */
  takeAll(): M[] {
    return this.#waiting.takeAll();
  }

  /** Nothing more comes. */
  close(): void {
    this.#isClosed = true;
    for (const taker of this.#takers.takeAll()) taker(null);
  }
}
