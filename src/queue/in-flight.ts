// The messages in flight of a channel, by seq, with their deadlines.

import type { Unfinished } from "./unfinished.ts";

export class InFlight {
  /** Keys are offsets from here: small integers, which the engine hashes much faster than a whole seq. */
  readonly #base: number;
  readonly #messages = new Map<number, Unfinished>();
  /** No deadline is before this; finishing a message does not move it. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(base: number) {
    this.#base = base;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** When the next message may time out; Infinity when none can. It may be early, never late. */
  get earliest(): number {
    return this.#messages.size === 0 ? Number.POSITIVE_INFINITY : this.#earliest;
  }

  get(seq: number): Unfinished | undefined {
    return this.#messages.get(seq - this.#base);
  }

  add(message: Unfinished): void {
    this.#messages.set(message.seq - this.#base, message);
    if (message.at < this.#earliest) this.#earliest = message.at;
  }

  remove(message: Unfinished): void {
    this.#messages.delete(message.seq - this.#base);
  }

  /** Moves a message's deadline to `message.at`. */
  reschedule(message: Unfinished): void {
    if (message.at < this.#earliest) this.#earliest = message.at;
  }

  /** Takes out the messages whose time has run out, in order of their deadlines. */
  expire(now: number): Unfinished[] {
    if (now < this.earliest) return [];
    const expired: Unfinished[] = [];
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const message of this.#messages.values()) {
      if (message.at <= now) expired.push(message);
      else if (message.at < this.#earliest) this.#earliest = message.at;
    }
    for (const message of expired) this.remove(message);
    return expired.sort((a, b) => a.at - b.at || a.seq - b.seq);
  }

  clear(): void {
    this.#messages.clear();
    this.#earliest = Number.POSITIVE_INFINITY;
  }

  [Symbol.iterator](): Iterator<Unfinished> {
    return this.#messages.values();
  }
}
