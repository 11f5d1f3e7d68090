// Reads a topic's log as its channels see it: what was dropped is a gap, and what was not fanned out is not there.

import { type DroppedRanges, gap } from "./dropped-ranges.ts";
import type { Batch, LogStore } from "./log-store.ts";
import { RecentBatches } from "./recent-batches.ts";
import { dueAt, frameOf, recordLength } from "./record.ts";

/** Kept in memory for channels that keep up. */
const RECENT_BYTES = 4 * 2 ** 20;

/** A record as it is looked at. */
export interface LogRecord {
  readonly seq: number;
  /** ms; 0 for at once */
  readonly due: number;
  readonly frame: Uint8Array;
}

/** Which records are looked at. */
export interface LogPart {
  readonly from: number;
  readonly end: number;
  /** How many, and in how many batches at most. */
  readonly limit: number;
  /** Of all batches, about. */
  readonly maxBytes: number;
  /** Only records of batches that have deferred ones. */
  readonly isDeferred: boolean;
  readonly wants: (seq: number, due: number) => boolean;
}

export interface DeferredInLog {
  readonly count: number;
  /** When the first of them falls due, ms; Infinity when there is none. */
  readonly nextDue: number;
}

const SINGLE = { limit: 1, maxBytes: 0, isDeferred: false, wants: () => true } as const;

/** A record of a batch: its seq, and where in the batch it begins. */
interface RecordPlace {
  readonly batch: Batch;
  readonly seq: number;
  readonly at: number;
}

export class LogReader {
  readonly #store: LogStore;
  readonly #dropped: DroppedRanges;
  readonly #fanout: () => number;
  readonly #recent = new RecentBatches(RECENT_BYTES);

  constructor(store: LogStore, dropped: DroppedRanges, fanout: () => number) {
    this.#store = store;
    this.#dropped = dropped;
    this.#fanout = fanout;
  }

  /** A batch was stored. */
  added(batch: Batch): void {
    this.#recent.add(batch);
  }

  /** Batches from `seq` on, in order without a gap, about `maxBytes` in all. */
  read(seq: number, maxBytes: number): Batch[] {
    return this.#read(seq, (from) => this.#recent.read(from, maxBytes) ?? this.#store.read(from, maxBytes)) ?? [];
  }

  /** Like `read`, but only from memory; null when `seq` is no longer there. */
  readRecent(seq: number, maxBytes: number): Batch[] | null {
    return this.#read(seq, (from) => this.#recent.read(from, maxBytes));
  }

  /**
   * The frames of single messages for a further delivery, null for one that is no longer stored. Answers for the first
   * seqs only, at least one, when all would be more than `maxBytes`.
   */
  frames(seqs: readonly number[], maxBytes: number): (Uint8Array | null)[] {
    const frames: (Uint8Array | null)[] = [];
    let bytes = 0;
    for (const place of this.#places(seqs)) {
      const frame = place && frameOf(place.batch.bytes, place.at).slice();
      bytes += frame?.length ?? 0;
      if (frames.length > 0 && bytes > maxBytes) break;
      frames.push(frame);
    }
    return frames;
  }

  /** Records of a part of the log, whether they were fanned out or not; and where to go on, null at the end. */
  look(part: LogPart): { records: LogRecord[]; next: number | null } {
    const { from, end, limit, maxBytes, isDeferred } = part;
    if (from >= end) return { records: [], next: null };
    if (limit <= 0) return { records: [], next: from };
    const batches = isDeferred
      ? this.#store.lookDeferred(from, maxBytes, limit)
      : (this.#recent.read(from, maxBytes) ?? this.#store.read(from, maxBytes, limit));
    const records: LogRecord[] = [];
    for (const { first, bytes } of batches) {
      let seq = first;
      for (let at = 0; at < bytes.length; at += recordLength(bytes, at)) {
        const due = dueAt(bytes, at);
        if (seq >= end) return { records, next: null };
        if (seq >= from && part.wants(seq, due) && !this.#dropped.has(seq)) {
          if (records.length === limit) return { records, next: seq };
          records.push({ seq, due, frame: frameOf(bytes, at) });
        }
        seq++;
      }
    }
    const last = batches.at(-1);
    const next = last ? last.first + last.count : end;
    return { records, next: next < end ? next : null };
  }

  /** A single record, whether it was fanned out or not; null when it is not stored. */
  record(seq: number): LogRecord | null {
    return this.look({ ...SINGLE, from: seq, end: seq + 1 }).records[0] ?? null;
  }

  /** Single records that were fanned out, null for one that is not stored: the first of them, at least one, about `maxBytes` of the log. */
  records(seqs: readonly number[], maxBytes: number): (LogRecord | null)[] {
    const records: (LogRecord | null)[] = [];
    let bytes = 0;
    let last: Batch | null = null;
    for (const place of this.#places(seqs)) {
      if (place && place.batch !== last) bytes += place.batch.bytes.length;
      if (records.length > 0 && bytes > maxBytes) break;
      records.push(place && recordAt(place));
      last = place?.batch ?? last;
    }
    return records;
  }

  /** The messages from `seq` to before `end` that are deferred to a time after `now`. */
  deferred(seq: number, end: number, now: number): DeferredInLog {
    let count = 0;
    let nextDue = Number.POSITIVE_INFINITY;
    for (const due of this.#dueTimes(seq, end)) {
      if (due <= now) continue;
      count++;
      if (due < nextDue) nextDue = due;
    }
    return { count, nextDue };
  }

  /** When the messages of batches with deferred ones fall due, ms; 0 for those that are not deferred. */
  *#dueTimes(seq: number, end: number): Generator<number> {
    for (const batch of this.#store.readDeferred(seq)) {
      let at = batch.first;
      for (let offset = 0; offset < batch.bytes.length; offset += recordLength(batch.bytes, offset)) {
        if (at >= seq && at < end && !this.#dropped.has(at)) yield dueAt(batch.bytes, offset);
        at++;
      }
    }
  }

  #read(seq: number, from: (seq: number) => Batch[] | null): Batch[] | null {
    const dropped = this.#dropped.at(seq);
    const gaps = dropped ? [dropped] : [];
    const start = dropped ? dropped.first + dropped.count : seq;
    const limit = Math.min(this.#dropped.next(start), this.#fanout());
    if (start >= limit) return gaps;
    // Batches end where the fan-out once was, and so do dropped ranges: none lies astride.
    const batches = from(start)?.filter((batch) => batch.first < limit) ?? null;
    if (batches === null) return null;
    const first = batches[0]?.first ?? limit;
    // Only an ephemeral channel that is too far behind misses something that is no longer kept.
    if (first > start) gaps.push(gap(start, first));
    return [...gaps, ...batches];
  }

  /** Where single records lie; neighbours are found in one batch. */
  *#places(seqs: readonly number[]): Generator<RecordPlace | null> {
    let place: RecordPlace | null = null;
    for (const seq of seqs) {
      const found: RecordPlace | null = this.#recordPlace(seq, place);
      yield found;
      place = found ?? place;
    }
  }

  /** Where a record lies; a place before it in the same batch shortens the way. Null when it is no longer stored. */
  #recordPlace(seq: number, before: RecordPlace | null): RecordPlace | null {
    const isBehind = before !== null && before.seq <= seq && seq < before.batch.first + before.batch.count;
    const batch = isBehind ? before.batch : this.#batchOf(seq);
    if (batch === null) return null;
    let at = isBehind ? before.at : 0;
    for (let skip = seq - (isBehind ? before.seq : batch.first); skip > 0; skip--) at += recordLength(batch.bytes, at);
    return { batch, seq, at };
  }

  #batchOf(seq: number): Batch | null {
    const batch = this.read(seq, 0)[0];
    return batch !== undefined && batch.first <= seq && batch.bytes.length > 0 ? batch : null;
  }
}

function recordAt({ batch, seq, at }: RecordPlace): LogRecord {
  return { seq, due: dueAt(batch.bytes, at), frame: frameOf(batch.bytes, at) };
}
