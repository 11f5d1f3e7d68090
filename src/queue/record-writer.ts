// Collects the messages that will be stored together, as records back to back.

import { BODY_OFFSET } from "../protocol/message.ts";
import { dueAt, frameLength, lengthOfRecord, recordLength, writeRecord } from "./record.ts";

/** Records that go into one row; timestamps and ids are still missing. */
export interface Segment {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Bytes of the bodies alone. */
  readonly bodyBytes: number;
  /** How many of them are deferred. */
  readonly deferred: number;
}

/** A row is closed when it reaches this size; only a single larger message makes a larger row. */
export const SEGMENT_SIZE = 1_000_000;
const FIRST_CAPACITY = 4096;

export class RecordWriter {
  #closed: Segment[] = [];
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #size = 0;
  #count = 0;
  #bodyBytes = 0;
  #deferred = 0;
  #totalCount = 0;
  #totalSize = 0;

  /** Messages collected since the last `take`. */
  get count(): number {
    return this.#totalCount;
  }

  /** Bytes collected since the last `take`. */
  get size(): number {
    return this.#totalSize;
  }

  /** Adds the body that lies in `source` from `start` to `end`; `due` 0 means at once. */
  add(source: Uint8Array, start: number, end: number, due = 0): void {
    const length = lengthOfRecord(end - start, due !== 0);
    this.#makeRoom(length);
    writeRecord(this.#buffer, this.#size, source, start, end, due);
    this.#size += length;
    this.#note(length, end - start, due);
  }

  /** Adds records that another writer collected: as many as share a row are copied together. */
  addRecords(records: Uint8Array): void {
    for (let start = 0, end = 0; start < records.length; start = end) {
      let length = recordLength(records, end);
      this.#makeRoom(length);
      do {
        this.#note(length, frameLength(records, end) - BODY_OFFSET, dueAt(records, end));
        end += length;
        length = end < records.length ? recordLength(records, end) : Number.POSITIVE_INFINITY;
      } while (this.#size + (end - start) + length <= SEGMENT_SIZE);
      this.#makeRoom(end - start);
      this.#buffer.set(records.subarray(start, end), this.#size);
      this.#size += end - start;
    }
  }

  /** What was collected, in order; the writer is empty then. */
  take(): Segment[] {
    this.#close();
    const segments = this.#closed;
    this.#closed = [];
    this.#totalCount = 0;
    this.#totalSize = 0;
    return segments;
  }

  #note(length: number, bodyBytes: number, due: number): void {
    this.#count++;
    this.#bodyBytes += bodyBytes;
    if (due !== 0) this.#deferred++;
    this.#totalCount++;
    this.#totalSize += length;
  }

  #makeRoom(length: number): void {
    if (this.#size > 0 && this.#size + length > SEGMENT_SIZE) this.#close();
    if (this.#size + length <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#size + length, 2 * this.#buffer.length));
    grown.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = grown;
  }

  #close(): void {
    if (this.#size === 0) return;
    this.#closed.push({
      // A copy of its own: a view would take the whole buffer along when it is sent to another object.
      bytes: this.#buffer.slice(0, this.#size),
      count: this.#count,
      bodyBytes: this.#bodyBytes,
      deferred: this.#deferred,
    });
    this.#size = 0;
    this.#count = 0;
    this.#bodyBytes = 0;
    this.#deferred = 0;
  }
}

/** The first `count` records of a segment. */
export function cutSegment(segment: Segment, count: number): Segment {
  if (count === segment.count) return segment;
  let at = 0;
  let deferred = 0;
  let bodyBytes = 0;
  for (let i = 0; i < count; i++) {
    const length = recordLength(segment.bytes, at);
    const isDue = dueAt(segment.bytes, at) !== 0;
    bodyBytes += length - lengthOfRecord(0, isDue);
    if (isDue) deferred++;
    at += length;
  }
  return { bytes: segment.bytes.slice(0, at), count, bodyBytes, deferred };
}
