// What a topic is: a log of messages, a pointer to how far it was fanned out, and its channels (design 3).

import { BODY_OFFSET } from "../protocol/message.ts";
import { isEphemeral } from "../protocol/names.ts";
import type { ChannelLife } from "./channel-life.ts";
import { DroppedRanges, type SeqRange } from "./dropped-ranges.ts";
import { type DeferredInLog, type LogPart, LogReader, type LogRecord } from "./log-reader.ts";
import type { Batch, LogStore, StoredBatch } from "./log-store.ts";
import { stamp } from "./record.ts";
import { cutSegment, type Segment } from "./record-writer.ts";

/** What must be known of a topic besides its log. */
export interface TopicState {
  /** The first seq of the topic's life. */
  readonly start: number;
  /** How far messages have moved on to the channels; null while that is always the end of the log. */
  readonly fanout: number | null;
  readonly isPaused: boolean;
  readonly channels: Readonly<Record<string, ChannelPlaceState>>;
  /** Messages that were dropped before they were fanned out. */
  readonly dropped: readonly SeqRange[];
  /** Seqs that do not count as messages: an ephemeral topic begins to count anew when its memory was lost. */
  readonly uncounted: number;
  /** The id of the next life of a channel. */
  readonly nextLife: number;
  /** Everything below was needed by nobody. */
  readonly free: number;
}

export interface ChannelPlaceState {
  readonly life: ChannelLife;
  /** How many of them were dropped before they came to it. */
  readonly dropped: number;
}

export interface TopicLimits {
  /** The topic's place among the nodes of its name, 0 to 1023. */
  readonly node: number;
  /** How many messages an ephemeral topic, and an ephemeral channel of any topic, keeps. */
  readonly memQueueSize: number;
  /** How much a topic may store, in bytes. */
  readonly maxTopicBytes: number;
}

interface ChannelPlace {
  readonly life: ChannelLife;
  dropped: number;
  /** Everything below is finished, and known to be so by the channel's saved state. */
  low: number;
}

/** Fewer rows that can be overwritten are not worth one that says so. */
const WORTH_SAVING = 16;

export class TopicLog {
  readonly start: number;
  readonly #store: LogStore;
  readonly #limits: TopicLimits;
  /** Messages that may wait; the newest ones beyond are dropped, yet counted (spec 2.7). */
  readonly #maxWaiting: number;
  readonly #channels = new Map<string, ChannelPlace>();
  readonly #reader: LogReader;
  #end: number;
  #totalBytes: number;
  /** Null while it is always the end. */
  #fanout: number | null;
  #isPaused: boolean;
  readonly #dropped: DroppedRanges;
  readonly #uncounted: number;
  #nextLife: number;
  #droppedCount = 0;
  #droppedBytes = 0;

  constructor(store: LogStore, state: TopicState, limits: TopicLimits, isBounded = false) {
    this.#store = store;
    this.#limits = limits;
    this.#maxWaiting = isBounded ? limits.memQueueSize : Number.POSITIVE_INFINITY;
    this.start = state.start;
    this.#dropped = new DroppedRanges(state.dropped);
    this.#reader = new LogReader(store, this.#dropped, () => this.fanout);
    const newest = store.newest();
    // Without a log the seqs go on behind those that were dropped, or they begin.
    this.#end = newest ? newest.first + newest.count : Math.max(state.start, this.#dropped.end);
    this.#uncounted = state.uncounted;
    this.#nextLife = state.nextLife;
    this.#totalBytes = newest?.totalBytes ?? 0;
    this.#fanout = state.fanout;
    this.#isPaused = state.isPaused;
    for (const [name, place] of Object.entries(state.channels)) {
      this.#channels.set(name, { ...place, low: Math.max(place.life.start, state.free) });
    }
  }

  get state(): TopicState {
    const places = [...this.#channels].map(([name, { life, dropped }]) => [name, { life, dropped }] as const);
    return {
      start: this.start,
      fanout: this.#fanout,
      isPaused: this.#isPaused,
      channels: Object.fromEntries(places),
      dropped: this.#dropped.ranges,
      uncounted: this.#uncounted,
      nextLife: this.#nextLife,
      free: this.free,
    };
  }

  /** The seq that the next message gets. */
  get end(): number {
    return this.#end;
  }

  get fanout(): number {
    return this.#fanout ?? this.#end;
  }

  /** Messages that wait at the topic itself. */
  get depth(): number {
    return this.#end - this.fanout;
  }

  get messageCount(): number {
    return this.#end - this.start - this.#uncounted + this.#droppedCount;
  }

  get messageBytes(): number {
    return this.#totalBytes + this.#droppedBytes;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get channelNames(): string[] {
    return [...this.#channels.keys()];
  }

  hasChannel(name: string): boolean {
    return this.#channels.has(name);
  }

  /** The channel must exist. */
  channelLife(name: string): ChannelLife {
    return this.#place(name).life;
  }

  /** Whether what is still needed fills all that the topic may store. */
  get isFull(): boolean {
    const stored = (bytes: number, count: number) => bytes + count * BODY_OFFSET;
    if (stored(this.#totalBytes, this.#end - this.start) < this.#limits.maxTopicBytes) return false;
    const { free } = this;
    const freeBytes = this.#store.totalBytesBefore(free);
    return stored(this.#totalBytes - freeBytes, this.#end - free) >= this.#limits.maxTopicBytes;
  }

  /** Stores messages, which get the next seqs and the timestamp `now`. Throws what the store throws; nothing is stored then. */
  append(segments: readonly Segment[], now: number): void {
    const batches: StoredBatch[] = [];
    let first = this.#end;
    let totalBytes = this.#totalBytes;
    for (const segment of this.#withinBound(segments)) {
      stamp(segment.bytes, this.#limits.node, first, now);
      totalBytes += segment.bodyBytes;
      const { bytes, count, deferred } = segment;
      batches.push({ first, count, bytes, deferred, totalBytes });
      first += count;
    }
    if (batches.length === 0) return;
    this.#store.append(batches, this.free);
    this.#end = first;
    this.#totalBytes = totalBytes;
    for (const { first, count, bytes } of batches) this.#reader.added({ first, count, bytes });
  }

  /** Adds a channel: the first one inherits what waits at the topic. Returns false when it exists. */
  addChannel(name: string): boolean {
    return this.addChannels([name]).length > 0;
  }

  /** Adds channels that begin together: if they are the first ones, each inherits what waits. Returns those that did not exist. */
  addChannels(names: readonly string[]): string[] {
    const start = this.fanout;
    const added = names.filter((name) => !this.#channels.has(name));
    for (const name of added) {
      this.#channels.set(name, { life: { id: this.#nextLife++, start }, dropped: 0, low: start });
    }
    this.#moveFanout();
    return added;
  }

  /** Removes a channel; without any, messages wait at the topic from now on. */
  removeChannel(name: string): void {
    if (this.#channels.size === 1 && this.#channels.has(name)) this.#fanout = this.fanout;
    this.#channels.delete(name);
  }

  setPaused(isPaused: boolean): void {
    if (isPaused) this.#fanout = this.fanout;
    this.#isPaused = isPaused;
    this.#moveFanout();
  }

  /** Drops what waits at the topic itself. */
  empty(): void {
    const { fanout: from, depth } = this;
    if (depth === 0) return;
    this.#fanout = this.#end;
    if (this.#channels.size === 0) return; // a channel to come begins behind it
    this.#dropped.add({ from, to: this.#end }, this.free);
    for (const place of this.#channels.values()) place.dropped += depth;
  }

  /** Takes note that a channel has saved that everything below `low` is finished. */
  report(name: string, low: number): void {
    const place = this.#channels.get(name);
    if (place && low > place.low) place.low = low;
  }

  /** Whether a channel has not finished all that was fanned out, as far as is known. */
  isHeldBackBy(name: string): boolean {
    return this.#place(name).low < this.fanout;
  }

  /** Everything below is needed by nobody. */
  get free(): number {
    let free = this.fanout;
    for (const [name, { low }] of this.#channels) {
      free = Math.min(free, isEphemeral(name) ? Math.max(low, this.fanout - this.#limits.memQueueSize) : low);
    }
    return free;
  }

  /**
   * Whether the state should be saved for what it says to be free: a log that goes on from one that says `savedFree` would overwrite
   * nothing, though there is enough.
   */
  isFreeWorthSaving(savedFree: number): boolean {
    const oldest = this.#store.oldest();
    const isKnown = oldest !== null && oldest.first + oldest.count <= savedFree;
    return !isKnown && this.#store.hasFree(WORTH_SAVING, this.free);
  }

  /** Whether there is more to delete than is worth keeping to be overwritten. */
  get canTrim(): boolean {
    return this.#store.canTrim(this.free);
  }

  /** Deletes what nobody needs. Returns whether there is more to delete. */
  trim(): boolean {
    return this.#store.trim(this.free);
  }

  /** What a channel reads from `seq` on: batches in order without a gap, about `maxBytes` in all. */
  read(seq: number, maxBytes: number): Batch[] {
    return this.#reader.read(seq, maxBytes);
  }

  /** Like `read`, but only from memory; null when `seq` is no longer there. */
  readRecent(seq: number, maxBytes: number): Batch[] | null {
    return this.#reader.readRecent(seq, maxBytes);
  }

  /** The frames of the first of some messages, about `maxBytes` in all; null for one that is no longer stored. */
  frames(seqs: readonly number[], maxBytes: number): (Uint8Array | null)[] {
    return this.#reader.frames(seqs, maxBytes);
  }

  /** Records of a part of the log, whether they were fanned out or not; and where to go on, null at the end. */
  look(part: LogPart): { records: LogRecord[]; next: number | null } {
    return this.#reader.look(part);
  }

  /** A single record, whether it was fanned out or not; null when it is not stored. */
  record(seq: number): LogRecord | null {
    return this.#reader.record(seq);
  }

  /** Single records that were fanned out, null for one that is not stored: the first of them, at least one, about `maxBytes` of the log. */
  records(seqs: readonly number[], maxBytes: number): (LogRecord | null)[] {
    return this.#reader.records(seqs, maxBytes);
  }

  /** The messages from `seq` to before `end` that are deferred to a time after `now`. */
  deferred(seq: number, end: number, now: number): DeferredInLog {
    return this.#reader.deferred(seq, end, now);
  }

  /** How many messages from `seq` to before `end` were dropped before they came to any channel. */
  countDropped(seq: number, end = Number.POSITIVE_INFINITY): number {
    return this.#dropped.count(seq, end);
  }

  /** How many messages of all its life a channel never got, because they were dropped before. */
  droppedOf(name: string): number {
    return this.#place(name).dropped;
  }

  #place(name: string): ChannelPlace {
    const place = this.#channels.get(name);
    if (!place) throw new Error(`no channel ${name}`);
    return place;
  }

  #moveFanout(): void {
    if (!this.#isPaused && this.#channels.size > 0) this.#fanout = null;
  }

  /** Leaves out, but counts, what a bounded log has no room for. */
  #withinBound(segments: readonly Segment[]): Segment[] {
    const { free } = this;
    let room = this.#maxWaiting - (this.#end - free - this.countDropped(free));
    return segments.flatMap((segment) => {
      const kept = cutSegment(segment, Math.max(0, Math.min(room, segment.count)));
      room -= kept.count;
      this.#droppedCount += segment.count - kept.count;
      this.#droppedBytes += segment.bodyBytes - kept.bodyBytes;
      return kept.count > 0 ? [kept] : [];
    });
  }
}
