// The messages that a channel keeps itself: those deferred for long, and those unfinished for long, whose place in the
// topic's log would otherwise have to be kept. They come back into memory in the order of their due times.

import { type HeldKey, type HeldMessage, type HeldStore, NOTHING_DUE } from "./channel-store.ts";
import type { Unfinished } from "./unfinished.ts";

export class Held {
  readonly #store: HeldStore;
  /** Messages up to here are in memory, or finished. */
  #mark: HeldKey;
  /** Finished since the last save: their rows go with the next one, so that a crash before it can bring them back. */
  #finished: HeldKey[] = [];
  /** When the next message falls due; null when it must be looked up. */
  #earliest: number | null = null;

  constructor(store: HeldStore, mark: HeldKey = NOTHING_DUE) {
    this.#store = store;
    this.#mark = mark;
  }

  get mark(): HeldKey {
    return this.#mark;
  }

  /** When the next message falls due; Infinity when there is none. */
  get earliest(): number {
    this.#earliest ??= this.#store.nextDue(this.#mark) ?? Number.POSITIVE_INFINITY;
    return this.#earliest;
  }

  /** Messages that are not in memory, all of them or those due at `now`. */
  count(now?: number): number {
    return this.#store.count(this.#mark, now);
  }

  frame(message: Unfinished): Uint8Array | null {
    return message.heldDue === null ? null : this.#store.frame({ due: message.heldDue, seq: message.seq });
  }

  /** Takes a message over: under its due time, to come back then, or with 0 to stay in memory, too. */
  hold(message: Unfinished, due: number, frame: Uint8Array): void {
    if (message.heldDue !== null) this.#store.remove({ due: message.heldDue, seq: message.seq });
    this.#store.put({ due, seq: message.seq, attempts: message.attempts }, frame);
    message.heldDue = due;
    if (due > this.#mark.due && due < this.earliest) this.#earliest = due;
  }

  /** Takes note that a message is finished for good. */
  finish(message: Unfinished): void {
    if (message.heldDue !== null) this.#finished.push({ due: message.heldDue, seq: message.seq });
  }

  /** Messages that are due, in order, at most `limit`: they are the caller's from now on. */
  release(now: number, limit: number): HeldMessage[] {
    if (now < this.earliest) return [];
    const due = this.#store.due(this.#mark, now, limit);
    const last = due.at(-1);
    if (last) this.#mark = { due: last.due, seq: last.seq };
    this.#earliest = null;
    return due;
  }

  /** Up to `limit` messages that are not in memory, behind `after`, in order. */
  look(after: HeldKey, limit: number): HeldMessage[] {
    const isBehindMark = after.due > this.#mark.due || (after.due === this.#mark.due && after.seq > this.#mark.seq);
    return this.#store.due(isBehindMark ? after : this.#mark, Number.MAX_SAFE_INTEGER, limit);
  }

  /** Takes out a message that is not in memory; to be called together with the saving of the channel's state. Null when it is none. */
  take(key: HeldKey): HeldMessage | null {
    const { due, seq } = this.#mark;
    if (key.due < due || (key.due === due && key.seq <= seq)) return null;
    const [message] = this.#store.due({ due: key.due, seq: key.seq - 1 }, key.due, 1);
    if (message?.seq !== key.seq) return null;
    const frame = this.#store.frame(key) as Uint8Array;
    this.#store.remove(key);
    // Where those lie that are in memory, too.
    this.#store.put({ ...message, due: 0 }, frame);
    this.#earliest = null;
    return message;
  }

  /** Deletes what was finished; to be called together with the saving of the channel's state. */
  settle(): void {
    for (const key of this.#finished) this.#store.remove(key);
    this.#finished = [];
  }

  clear(): void {
    this.#store.clear();
    this.#finished = [];
    this.#mark = NOTHING_DUE;
    this.#earliest = null;
  }
}
