// Messages that came and wait for a handler.

export class Inbox<M> {
  #waiting: M[] = [];
  #takers: ((message: M | null) => void)[] = [];
  #isClosed = false;

  put(message: M): void {
    const taker = this.#takers.shift();
    if (taker) taker(message);
    else this.#waiting.push(message);
  }

  /** The next message; null when there will be none. */
  take(): Promise<M | null> {
    const message = this.#waiting.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** All that nobody has taken. */
  takeAll(): M[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** Nothing more comes. */
  close(): void {
    this.#isClosed = true;
    for (const taker of this.#takers) taker(null);
    this.#takers = [];
  }
}
