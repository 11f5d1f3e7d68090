// The part of the log that a channel has in memory: batches it will deliver next, and some it has delivered, whose messages
// may be needed again.

import type { Batch } from "./log-store.ts";
import { frameLength, frameOf, isPlain, recordLength } from "./record.ts";

/** Consecutive messages that were never delivered. */
export interface Run {
  readonly first: number;
  /** Their frames back to back, in pieces. */
  readonly frames: Uint8Array[];
  /** Where each message's frame ends, bytes from the beginning of the first one. */
  readonly ends: number[];
}

/** A run of at least so many bytes ends with its batch: it is after each run that a consumer is looked at. */
const LONG_RUN = 2 ** 19;
/** Bytes of delivered batches that are kept for redelivery. */
const KEPT_BYTES = 2 * 2 ** 20;

export class BatchWindow {
  #batches: Batch[] = [];
  /** The batch that holds the next record, and where in it. */
  #index = 0;
  #offset = 0;
  #cursor: number;
  #freshBytes = 0;
  #keptBytes = 0;

  constructor(cursor: number) {
    this.#cursor = cursor;
  }

  /** The next seq that was never delivered. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Where the batches at hand end: the seq to ask for next. */
  get end(): number {
    const last = this.#batches.at(-1);
    return last === undefined ? this.#cursor : Math.max(this.#cursor, last.first + last.count);
  }

  /** How many messages are at hand. */
  get fresh(): number {
    return this.end - this.#cursor;
  }

  /** Bytes of batches not yet delivered to their end. */
  get freshBytes(): number {
    return this.#freshBytes;
  }

  /** Adds a batch. One that brings nothing new is ignored; false when records before it are missing. */
  add(batch: Batch): boolean {
    if (batch.first + batch.count <= this.end) return true;
    if (batch.first > this.end) return false;
    const isNext = this.fresh === 0;
    this.#batches.push(batch);
    this.#freshBytes += batch.bytes.length;
    if (isNext) this.#enter(this.#batches.length - 1);
    return true;
  }

  /** The batch that holds the cursor, and where its record begins; there must be something fresh. */
  get current(): Batch {
    return this.#batches[this.#index] as Batch;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Moves on by one record. */
  advance(): void {
    const batch = this.current;
    this.#offset += recordLength(batch.bytes, this.#offset);
    this.#cursor++;
    if (this.#offset === batch.bytes.length) this.#leave(batch);
  }

  /** Takes up to `limit` records that can be sent as they lie; null when the next one cannot, or there is none. */
  takePlain(limit: number): Run | null {
    const run: Run = { first: this.#cursor, frames: [], ends: [] };
    let length = 0;
    while (
      run.ends.length < limit &&
      length < LONG_RUN &&
      this.fresh > 0 &&
      this.#cursor === run.first + run.ends.length
    ) {
      const frames = this.#plainFrames(run.ends, length, limit);
      if (frames.length === 0) break;
      run.frames.push(frames);
      length += frames.length;
    }
    return length > 0 ? run : null;
  }

  /** Takes plain records of the current batch until `ends`, where each ends from the beginning of the run, are `limit`. */
  #plainFrames(ends: number[], length: number, limit: number): Uint8Array {
    const batch = this.current;
    const { bytes } = batch;
    const from = this.#offset;
    let at = from;
    while (ends.length < limit && at < bytes.length && isPlain(bytes, at)) {
      at += frameLength(bytes, at);
      ends.push(length + at - from);
      this.#cursor++;
    }
    this.#offset = at;
    if (at === bytes.length) this.#leave(batch);
    return bytes.subarray(from, at);
  }

  /** Jumps to a later seq, dropping what is at hand. */
  jump(cursor: number): void {
    this.#cursor = cursor;
    this.#batches = [];
    this.#index = 0;
    this.#offset = 0;
    this.#freshBytes = 0;
    this.#keptBytes = 0;
  }

  /** The frame of a message whose batch is at hand, or null. */
  frame(seq: number): Uint8Array | null {
    const batch = this.#batches.find(({ first, count }) => first <= seq && seq < first + count);
    if (!batch || batch.bytes.length === 0) return null;
    return frameOf(batch.bytes, offsetOf(batch, seq));
  }

  #leave(batch: Batch): void {
    this.#freshBytes -= batch.bytes.length;
    this.#keptBytes += batch.bytes.length;
    this.#index++;
    if (this.#keptBytes > KEPT_BYTES) this.#dropDelivered();
    this.#enter(this.#index);
  }

  /** Drops the older half of what was delivered at once: shifting the array for each batch would cost more. */
  #dropDelivered(): void {
    let drop = 0;
    while (drop < this.#index && this.#keptBytes > KEPT_BYTES / 2) {
      this.#keptBytes -= (this.#batches[drop] as Batch).bytes.length;
      drop++;
    }
    this.#batches.splice(0, drop);
    this.#index -= drop;
  }

  /** Begins with the batch at an index; one without records, where messages were dropped, is passed by. */
  #enter(from: number): void {
    let batch = this.#batches[from];
    this.#index = from;
    while (batch !== undefined && batch.bytes.length === 0) {
      this.#cursor = batch.first + batch.count;
      batch = this.#batches[++this.#index];
    }
    this.#offset = batch === undefined ? 0 : offsetOf(batch, this.#cursor);
  }
}

function offsetOf(batch: Batch, seq: number): number {
  let at = 0;
  for (let skip = seq - batch.first; skip > 0; skip--) at += recordLength(batch.bytes, at);
  return at;
}
