// Messages that went to a consumer together when each was delivered for the first time: neighbours in the log, with one deadline. What
// they share is kept once, so that a message in flight takes a number and no object of its own.

import type { Consumer } from "./consumer.ts";
import type { SeqRange } from "./dropped-ranges.ts";
import type { PublishTimes } from "./publish-times.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";

/** A flight of which less than one in so many messages is left takes more memory than these would on their own. */
const SPARSE = 8;

export class Flight {
  readonly first: number;
  readonly owner: Consumer;
  /** When it was sent, ms. */
  readonly deliveredAt: number;
  /** When what is left of it times out, ms. */
  readonly at: number;
  /** Where each message's frame ends, bytes from the beginning of the first; 0 when it is not in flight any more. */
  readonly #ends: number[];
  /** Of the messages before this index none is in flight any more. */
  #start = 0;
  readonly #published: PublishTimes | null;
  /** Where the first frame begins in the stream of the owner's messages, bytes. */
  readonly #position: number;
  #size: number;

  /**
   * To be made before the owner is `sent` the frames; `ends` tells where each ends, and is the flight's from now on. `published` is null
   * where nobody measures how long messages take.
   */
  constructor(first: number, ends: number[], owner: Consumer, now: number, published: PublishTimes | null = null) {
    this.first = first;
    this.#ends = ends;
    this.#published = published;
    this.owner = owner;
    this.#position = owner.sentBytes;
    this.deliveredAt = now;
    this.at = now + owner.settings.msgTimeoutMs;
    this.#size = ends.length;
  }

  /** How many of its messages are in flight. */
  get size(): number {
    return this.#size;
  }

  get isSparse(): boolean {
    return this.#size * SPARSE < this.#ends.length;
  }

  has(seq: number): boolean {
    const index = seq - this.first;
    return index >= 0 && index < this.#ends.length && this.#ends[index] !== 0;
  }

  /** When a message, which it must have, was published, ms; 0 when that is not known. */
  publishedAt(seq: number): number {
    return this.#published?.at(seq - this.first) ?? 0;
  }

  /** A message, which it must have, is not in flight any more. Returns where its frame ended in the stream of the owner's messages. */
  land(seq: number): number {
    const index = seq - this.first;
    const end = this.#ends[index] as number;
    this.#ends[index] = 0;
    while (this.#ends[this.#start] === 0) this.#start++;
    this.#size--;
    return this.#position + end;
  }

  /** Takes out a message, which it must have, to be one on its own. */
  take(seq: number): Unfinished {
    return this.#message(seq, this.land(seq));
  }

  /** Up to `limit` of its messages behind `after`, as they would be on their own. */
  look(after: number, limit: number): Unfinished[] {
    const found: Unfinished[] = [];
    if (after >= this.first + this.#ends.length) return found;
    for (const seq of this) {
      if (found.length === limit) break;
      if (seq > after) found.push(this.#message(seq, 0));
    }
    return found;
  }

  /** Its messages in flight, as ranges of seqs. */
  get ranges(): SeqRange[] {
    const { length } = this.#ends;
    if (this.#size === 0) return [];
    // Consumers answer in order, mostly.
    if (this.#size === length - this.#start) return [{ from: this.first + this.#start, to: this.first + length }];
    const ranges: SeqRange[] = [];
    let from: number | null = null;
    for (let index = this.#start; index <= length; index++) {
      const isInFlight = (this.#ends[index] ?? 0) !== 0;
      if (isInFlight) from ??= this.first + index;
      else if (from !== null) {
        ranges.push({ from, to: this.first + index });
        from = null;
      }
    }
    return ranges;
  }

  #message(seq: number, position: number): Unfinished {
    const { owner, deliveredAt, at } = this;
    const publishedAt = this.publishedAt(seq);
    return { ...unfinished(seq, deliveredAt), attempts: 1, owner, position, deliveredAt, publishedAt, at };
  }

  /** The seqs of its messages in flight. */
  *[Symbol.iterator](): Iterator<number> {
    for (let index = this.#start; index < this.#ends.length; index++) {
      if (this.#ends[index] !== 0) yield this.first + index;
    }
  }
}
