// The messages that a channel keeps itself: those deferred for long, and those unfinished for long, whose place in the
// topic's log would otherwise have to be kept. They come back into memory in the order of their due times.

import { type HeldKey, type HeldMessage, type HeldStore, inOrder, isBehind, NOTHING_DUE } from "./channel-store.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";

/** A message that is to be held: under its due time, to come back then, or with 0 to stay in memory, too. */
export interface Holding {
  readonly message: Unfinished;
  readonly due: number;
  readonly frame: Uint8Array;
}

export class Held {
  readonly #store: HeldStore;
  /** Messages up to here are in memory, or finished. */
  #mark: HeldKey;
  /** Finished since the last save, or held anew: they go with the next one, so that a crash before it can bring them back. */
  #finished: HeldKey[] = [];
  /** Taken before they were due, since the last save: they go to where those lie that are in memory, too. */
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
    this.#earliest ??= this.#firstBehind(this.#mark);
    return this.#earliest;
  }

  /** When a message falls due next after `now`; Infinity when none does. */
  nextDue(now: number): number {
    if (this.earliest > now) return this.earliest;
    const after = { due: now, seq: Number.MAX_SAFE_INTEGER };
    return this.#firstBehind(isBehind(this.#mark, after) ? this.#mark : after);
  }

  /** Messages that are not in memory, all of them or those due at `now`. */
  count(now?: number): number {
    return this.#store.count(this.#mark, now);
  }

  /** The frame of a message that is in memory; null when it does not lie here. */
  frame({ seq, heldDue: due }: Unfinished): Uint8Array | null {
    return due === null ? null : this.#store.frame({ due, seq });
  }

  /** The frame of a message that is not in memory; null when there is no such message. */
  frameBehind(key: HeldKey): Uint8Array | null {
    return isBehind(key, this.#mark) ? this.#store.frame(key) : null;
  }

  /** Takes messages over, to be stored together. */
  hold(holdings: readonly Holding[]): void {
    for (const { message, due } of holdings) {
      this.finish(message);
      message.heldDue = due;
      if (this.#earliest !== null && due > this.#mark.due && due < this.#earliest) this.#earliest = due;
    }
    this.#store.put(holdings.map(({ message: { seq, attempts }, due, frame }) => ({ due, seq, attempts, frame })));
  }

  /** Takes note that a message is finished for good, or lies elsewhere from now on. */
  finish({ seq, heldDue: due }: Unfinished): void {
    if (due !== null) this.#finished.push({ due, seq });
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

  /**
   * Moves what was taken, and lets go of what is finished; to be called together with the saving of the channel's state.
   * @param inMemory all messages that are unfinished and in memory
   */
  settle(inMemory: Iterable<Unfinished>): void {
    this.#moveTaken();
    this.#letGo(inMemory);
  }

  clear(): void {
    this.#store.clear();
    this.#finished = [];
    this.#taken = [];
    this.#mark = NOTHING_DUE;
    this.#earliest = null;
  }

  #firstBehind(key: HeldKey): number {
    return this.#store.due(key, Number.MAX_SAFE_INTEGER, 1)[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  #moveTaken(): void {
    const moved = this.#taken.map((message) => {
      const frame = this.#store.frame(message) as Uint8Array;
      this.#remove(message);
      this.#remove({ due: 0, seq: message.seq }); // from when it was in memory before
      return { ...message, due: 0, frame };
    });
    this.#taken = [];
    if (moved.length > 0) this.#store.put(moved);
  }

  #remove(key: HeldKey): void {
    const page = this.#store.page(key);
    const left = page?.messages.filter((other) => inOrder(other, key) !== 0);
    if (page && left) this.#store.keep(page, left);
  }

  /** A page goes with the last of its messages; one of which half is gone is made anew, so that it takes not much more than it must. */
  #letGo(inMemory: Iterable<Unfinished>): void {
    if (this.#finished.length === 0) return;
    const finished = new Map(this.#finished.sort(inOrder).map((key) => [nameOf(key), key]));
    this.#finished = [];
    const heldDues = new Map<number, number>();
    for (const { seq, heldDue } of inMemory) if (heldDue !== null) heldDues.set(seq, heldDue);
    for (const key of finished.values()) {
      const page = this.#store.page(key);
      if (!page) continue;
      const left = page.messages.filter((one) => isBehind(one, this.#mark) || heldDues.get(one.seq) === one.due);
      if (2 * left.length <= page.messages.length) this.#store.keep(page, left);
      for (const one of page.messages) finished.delete(nameOf(one)); // the others of the page
    }
  }
}

function nameOf({ due, seq }: HeldKey): string {
  return `${due}:${seq}`;
}

function inMemory({ due, seq, attempts }: HeldMessage, takenAt: number): Unfinished {
  return { ...unfinished(seq, takenAt), attempts, heldDue: due, at: due };
}
