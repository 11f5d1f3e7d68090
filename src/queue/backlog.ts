// What a channel has yet to deliver: the log from its cursor on, messages that wait for another delivery, and deferred ones.

import { Ahead, type TakenAhead } from "./ahead.ts";
import { BatchWindow, type Run } from "./batch-window.ts";
import type { HeldKey, HeldStore } from "./channel-store.ts";
import { Deferred } from "./deferred.ts";
import { Held, type Holding } from "./held.ts";
import type { InFlight } from "./in-flight.ts";
import type { Batch } from "./log-store.ts";
import { MISSING_AT_ONCE, MissingFrames } from "./missing-frames.ts";
import { dueAt, frameOf } from "./record.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";
import { Waiting } from "./waiting.ts";

/** Messages waiting beyond this go before what was not yet taken: a consumer that requeues all cannot fill the memory. */
const MAX_WAITING = 10_000;
/** Held messages that are brought back at a time. */
const RELEASED_AT_ONCE = 1_000;
/** More log than this is not fetched ahead, bytes. */
const MAX_FRESH_BYTES = 2 ** 20;
/** When there are more deferred messages than this, all of them move to the held store. */
const MAX_DEFERRED = 10_000;
/** Frames of deferred messages that are kept at hand, bytes. */
const MAX_DEFERRED_BYTES = 4 * 2 ** 20;
/** What stays deferred or unfinished for longer moves from the log to the held store. */
const HOLD_AFTER_MS = 60_000;

export class Backlog {
  readonly #window: BatchWindow;
  readonly held: Held;
  readonly waiting = new Waiting();
  readonly deferred = new Deferred();
  readonly ahead: Ahead;
  /** How far the topic has fanned out, as far as it is known here. */
  #end: number;
  readonly #missing = new MissingFrames();

  constructor(cursor: number, store: HeldStore, mark?: HeldKey, ahead?: readonly TakenAhead[]) {
    this.ahead = new Ahead(ahead);
    this.#window = new BatchWindow(cursor);
    this.held = new Held(store, mark);
    this.#end = cursor;
  }

  /** The next seq that was never delivered. */
  get cursor(): number {
    return this.#window.cursor;
  }

  get end(): number {
    return this.#end;
  }

  /** Where the log at hand ends. */
  get knownEnd(): number {
    return this.#window.end;
  }

  /** How many messages of the log at hand were never delivered. */
  get fresh(): number {
    return this.#window.fresh;
  }

  /** Whether nothing was taken that is not finished, as far as what is in flight does not count. */
  get isIdle(): boolean {
    return this.waiting.size === 0 && this.deferred.size === 0 && this.ahead.size === 0 && this.held.count() === 0;
  }

  /** Whether so many frames came to be held that they should be, soon. */
  get isLaden(): boolean {
    return this.#missing.suppliedBytes > MAX_DEFERRED_BYTES;
  }

  /** How many messages were taken and are in memory, those in flight left out. */
  get size(): number {
    return this.waiting.size + this.deferred.size;
  }

  get heldMark(): HeldKey {
    return this.held.mark;
  }

  /** The seq from which on to fetch more of the log, or null while there is enough at hand. */
  get fetchFrom(): number | null {
    return this.#window.freshBytes < MAX_FRESH_BYTES ? this.#window.end : null;
  }

  /** Seqs whose frames must be fetched from the topic, at most some hundred. */
  get missing(): number[] {
    return this.#missing.seqs;
  }

  learnEnd(end: number): void {
    if (end > this.#end) this.#end = end;
  }

  /** Adds batches of the log. False when there is a gap before one; what is already known is ignored. */
  add(batches: readonly Batch[]): boolean {
    return batches.every((batch) => this.#window.add(batch));
  }

  /**
   * Adds frames for the first of some missing seqs; null for a message that the topic no longer has. Returns the seqs of
   * these: they are dropped.
   */
  supply(seqs: readonly number[], frames: readonly (Uint8Array | null)[]): number[] {
    const lost = this.#missing.supply(seqs, frames);
    if (lost.length > 0) {
      this.waiting.removeIf(({ seq }) => lost.includes(seq));
      this.deferred.removeIf(({ seq }) => lost.includes(seq));
    }
    return lost;
  }

  /** Puts a message at the tail: behind everything that was published up to now. */
  requeue(message: Unfinished): void {
    this.waiting.add(message, this.#end);
  }

  /** Puts a message aside until `at`, ms. */
  defer(message: Unfinished, at: number): void {
    message.at = at;
    this.deferred.add(message);
  }

  /** Puts what has fallen due at the tail, by due time; at most `room` of those that were held. Returns whether there was anything. */
  release(now: number, room: number): boolean {
    if (now < this.earliest || this.waiting.size >= MAX_WAITING) return false;
    const limit = Math.max(0, Math.min(RELEASED_AT_ONCE, room));
    const held = this.held.release(now, limit);
    // What falls due behind the held ones that are left there must not go before them.
    const until = held.length === limit ? (held.at(-1)?.at ?? now) : now;
    const due = this.deferred.release(until);
    due.push(...held);
    due.sort((a, b) => a.at - b.at || a.seq - b.seq);
    for (const message of due) this.requeue(message);
    return due.length > 0;
  }

  /** The next message that waited and whose turn it is, with its frame. */
  takeWaiting(): Unfinished | null {
    while (this.waiting.first?.isLost) this.waiting.shift();
    const message = this.waiting.first;
    if (!message) return null;
    const hasTurn = this.cursor >= message.after || this.waiting.size > MAX_WAITING;
    if (!hasTurn) return null;
    if (this.#frame(message) === null) {
      this.#askAhead();
      return null;
    }
    this.waiting.shift();
    return message;
  }

  /** Up to `limit` messages that were never delivered; those deferred to a later time are put aside. */
  takeRun(limit: number, now: number): Run | null {
    if (limit <= 0 || this.#isFull) return null;
    while (this.#window.fresh > 0) {
      if (this.ahead.first <= this.cursor) {
        this.#passAhead();
        continue;
      }
      const run = this.#window.takePlain(Math.min(limit, this.ahead.first - this.cursor));
      if (run) return run;
      const { bytes } = this.#window.current;
      const first = this.cursor;
      const offset = this.#window.offset;
      const due = dueAt(bytes, offset);
      const frame = frameOf(bytes, offset);
      this.#window.advance();
      if (due <= now) return { first, frames: [frame], ends: [frame.length] };
      this.defer({ ...unfinished(first, now), frame }, due);
    }
    return null;
  }

  /** Takes out a message that waits for another delivery, or is deferred and in memory; null when it is none. */
  take(seq: number): Unfinished | null {
    const isIt = (message: Unfinished) => message.seq === seq && !message.isLost;
    const found = [...this.waiting, ...this.deferred].find(isIt);
    if (!found) return null;
    this.waiting.removeIf(isIt);
    this.deferred.removeIf(isIt);
    return found;
  }

  /** Takes a message of the log before its turn; `due` is when it falls due as the log says, 0 for at once. */
  takeAhead(seq: number, due: number, now: number): Unfinished | "no-message" | "too-many" {
    if (seq < this.cursor || seq >= this.#end || this.ahead.has(seq)) return "no-message";
    if (this.ahead.isFull) return "too-many";
    this.ahead.add({ seq, due });
    // The log before the cursor is needed by nobody: it should not wait for a consumer.
    if (seq === this.cursor) this.skipTo(seq + 1);
    return unfinished(seq, now);
  }

  /**
   * Moves what stays for long to the held store; to be called together with the saving of the channel's state. A message
   * whose frame is not at hand becomes missing, and is moved once the frame has come.
   */
  holdLong(inFlight: InFlight, now: number): void {
    inFlight.settle(now - HOLD_AFTER_MS);
    this.#missing.saved();
    const holdings: Holding[] = [];
    const hold = (message: Unfinished, due: number): boolean => {
      const frame = this.#frame(message);
      if (frame === null) return false;
      holdings.push({ message, due, frame });
      message.frame = null;
      return true;
    };
    const isCrowded = this.deferred.size > MAX_DEFERRED;
    this.deferred.removeIf((message) => {
      const isLong = message.at - now > HOLD_AFTER_MS || isCrowded;
      return isLong && message.at > this.held.mark.due && hold(message, message.at);
    });
    for (const message of this.#unfinished(inFlight)) {
      if (message.heldDue === null && now - message.takenAt > HOLD_AFTER_MS) hold(message, 0);
    }
    this.held.hold(holdings);
    this.held.settle(this.#unfinished(inFlight));
    this.#dropFrames();
  }

  /** Everything below is finished, or held here: the topic need not keep it for this channel. */
  low(inFlight: InFlight): number {
    let low = Math.min(this.cursor, inFlight.lowest);
    for (const { seq, heldDue, isLost } of this.#unfinished(inFlight)) {
      if (heldDue === null && !isLost && seq < low) low = seq;
    }
    return low;
  }

  /** Takes note that a message is finished. */
  finish(message: Unfinished): void {
    this.held.finish(message);
    this.#missing.delete(message.seq);
  }

  /** Drops everything before `cursor`, and all that waits, is deferred or held. */
  empty(cursor: number): void {
    this.skipTo(cursor);
    this.learnEnd(cursor);
    this.waiting.clear();
    this.deferred.clear();
    this.held.clear();
    this.#missing.clear();
  }

  /** Drops what was not yet taken before `cursor`. */
  skipTo(cursor: number): void {
    const next = this.ahead.firstOther(cursor);
    if (next > this.cursor) this.#window.jump(next);
    this.ahead.passed(this.cursor);
  }

  /** How many messages of the log from the cursor on were not taken. */
  countUntaken(end: number): number {
    this.ahead.passed(this.cursor);
    return end - this.cursor - this.ahead.size;
  }

  /** When something falls due next; Infinity when nothing is deferred. */
  get earliest(): number {
    return Math.min(this.deferred.earliest, this.held.earliest);
  }

  /** When something falls due next after `now`: there may be more that is due than was brought back. Infinity when nothing does. */
  nextDue(now: number): number {
    return Math.min(this.deferred.nextDue(now), this.held.nextDue(now));
  }

  /** How many messages are deferred to a time after `now`, the log that was not yet taken left out. */
  countDeferred(now: number): number {
    let count = this.held.count() - this.held.count(now);
    for (const { at } of this.deferred) if (at > now) count++;
    return count;
  }

  /** How many messages could be delivered now, the log that was not yet taken left out. */
  countWaiting(now: number): number {
    let count = this.waiting.size + this.held.count(now);
    for (const { at } of this.deferred) if (at <= now) count++;
    return count;
  }

  /** Whether anything is at hand that could be delivered now. */
  isAtHand(now: number): boolean {
    return this.fresh > 0 || this.waiting.size > 0 || this.earliest <= now;
  }

  /** Whether there is anything that could be delivered now, as far as that is known here. */
  hasMore(now: number): boolean {
    return this.countUntaken(this.#end) > 0 || this.countWaiting(now) > 0;
  }

  /** Whether so many wait for another delivery that an operator may not add to them. */
  get isCrowded(): boolean {
    return this.waiting.size > MAX_WAITING;
  }

  /** What was taken, is in memory, and does not belong to a flight. */
  *#unfinished(inFlight: InFlight): Iterable<Unfinished> {
    yield* inFlight.messages;
    yield* this.waiting;
    yield* this.deferred;
  }

  /** Passes by what was taken before its turn. */
  #passAhead(): void {
    if (this.ahead.first === this.cursor) this.#window.advance();
    this.ahead.passed(this.cursor);
  }

  /** Whether so much is unfinished that nothing new may be taken. */
  get #isFull(): boolean {
    return this.waiting.size > MAX_WAITING || this.#missing.size > MAX_DEFERRED;
  }

  /** Asks for the frames of what comes next, too: one question for many messages. */
  #askAhead(): void {
    let looked = 0;
    let bytes = 0;
    for (const message of this.waiting) {
      if (looked++ === MISSING_AT_ONCE || bytes > MAX_FRESH_BYTES) return;
      bytes += this.#frame(message)?.length ?? 0;
    }
  }

  /** Lets go of the frames of deferred messages beyond some megabytes: they can be had again when they are due. */
  #dropFrames(): void {
    let bytes = 0;
    for (const message of this.deferred) {
      bytes += message.frame?.length ?? 0;
      if (bytes > MAX_DEFERRED_BYTES) message.frame = null;
    }
  }

  #frame(message: Unfinished): Uint8Array | null {
    message.frame ??= this.#window.frame(message.seq) ?? this.held.frame(message);
    if (message.frame === null && !message.isLost) this.#missing.add(message);
    return message.frame;
  }
}
