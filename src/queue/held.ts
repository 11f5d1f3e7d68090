// The messages that a channel keeps itself: those deferred for long, and those unfinished for long, whose place in the
// topic's log would otherwise have to be kept. They come back into memory in the order of their due times.

import { type HeldKey, type HeldMessage, type HeldStore, NOTHING_DUE } from "./channel-store.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";

export class Held {
  readonly #store: HeldStore;
  /** Messages up to here are in memory, or finished. */
  #mark: HeldKey;
  /** Finished since the last save: their rows go with the next one, so that a crash before it can bring them back. */
  #finished: HeldKey[] = [];
  /** Taken before they were due, since the last save: their rows go to where those lie that are in memory, too. */
  #taken: HeldMessage[] = [];
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

  /** When a message falls due next after `now`; Infinity when none does. */
  nextDue(now: number): number {
    if (this.earliest > now) return this.earliest;
    const after = { due: now, seq: Number.MAX_SAFE_INTEGER };
    return this.#store.nextDue(isBehind(this.#mark, after) ? this.#mark : after) ?? Number.POSITIVE_INFINITY;
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
  release(now: number, limit: number): Unfinished[] {
    if (now < this.earliest) return [];
    const due = this.#store.due(this.#mark, now, limit);
    const last = due.at(-1);
    if (last) this.#mark = { due: last.due, seq: last.seq };
    this.#earliest = null;
    return due.map((message) => inMemory(message, now));
  }

  /** Up to `limit` messages that are not in memory, behind `after`, in order: they stay here. */
  look(after: HeldKey, limit: number): Unfinished[] {
    const from = isBehind(after, this.#mark) ? after : this.#mark;
    return this.#store.due(from, Number.MAX_SAFE_INTEGER, limit).map((message) => inMemory(message, 0));
  }

  /** A message before it is due: it is the caller's from now on. To be saved before anything else happens. Null when it is none of these. */
  take(key: HeldKey, now: number): Unfinished | null {
    if (!isBehind(key, this.#mark)) return null;
    const [message] = this.#store.due({ due: key.due, seq: key.seq - 1 }, key.due, 1);
    if (message?.seq !== key.seq) return null;
    this.#taken.push(message);
    this.#earliest = null;
    return { ...inMemory(message, now), heldDue: 0 };
  }

  /** Moves what was taken, and deletes what was finished; to be called together with the saving of the channel's state. */
  settle(): void {
    for (const message of this.#taken) {
      const frame = this.#store.frame(message) as Uint8Array;
      this.#store.remove(message);
      this.#store.put({ ...message, due: 0 }, frame);
    }
    this.#taken = [];
    for (const key of this.#finished) this.#store.remove(key);
    this.#finished = [];
  }

  clear(): void {
    this.#store.clear();
    this.#finished = [];
    this.#taken = [];
    this.#mark = NOTHING_DUE;
    this.#earliest = null;
  }
}

function isBehind(a: HeldKey, b: HeldKey): boolean {
  return a.due > b.due || (a.due === b.due && a.seq > b.seq);
}

function inMemory({ due, seq, attempts }: HeldMessage, takenAt: number): Unfinished {
  return { ...unfinished(seq, takenAt), attempts, heldDue: due, at: due };
}
