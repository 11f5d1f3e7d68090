// What a topic is: a log of messages, a pointer to how far it was fanned out, and its channels (design 3).

import { EMPTY } from "../protocol/bytes.ts";
import { BODY_OFFSET } from "../protocol/message.ts";
import { isEphemeral } from "../protocol/names.ts";
import type { Batch, LogStore, StoredBatch } from "./log-store.ts";
import { RecentBatches } from "./recent-batches.ts";
import { dueAt, frameOf, lengthOfRecord, recordLength, stamp } from "./record.ts";
import type { Segment } from "./record-writer.ts";

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
}

export interface ChannelPlaceState {
  /** The seq from which on the channel has the messages. */
  readonly start: number;
  /** How many of them were dropped before they came to it. */
  readonly dropped: number;
}

/** From `from` to before `to`. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
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
  readonly start: number;
  dropped: number;
  /** Everything below is finished, and known to be so by the channel's saved state. */
  low: number;
}

/** Kept in memory for channels that keep up. */
const RECENT_BYTES = 4 * 2 ** 20;

export class TopicLog {
  readonly start: number;
  readonly #store: LogStore;
  readonly #limits: TopicLimits;
  /** Messages that may wait; the newest ones beyond are dropped, yet counted (spec 2.7). */
  readonly #maxWaiting: number;
  readonly #channels = new Map<string, ChannelPlace>();
  readonly #recent = new RecentBatches(RECENT_BYTES);
  #end: number;
  #totalBytes: number;
  /** Null while it is always the end. */
  #fanout: number | null;
  #isPaused: boolean;
  #dropped: SeqRange[];
  readonly #uncounted: number;
  #droppedCount = 0;
  #droppedBytes = 0;

  constructor(store: LogStore, state: TopicState, limits: TopicLimits, isBounded = false) {
    this.#store = store;
    this.#limits = limits;
    this.#maxWaiting = isBounded ? limits.memQueueSize : Number.POSITIVE_INFINITY;
    this.start = state.start;
    const newest = store.newest();
    // Without a log the seqs go on behind those that were dropped, or they begin.
    this.#end = newest ? newest.first + newest.count : Math.max(state.start, ...state.dropped.map(({ to }) => to));
    this.#uncounted = state.uncounted;
    this.#totalBytes = newest?.totalBytes ?? 0;
    this.#fanout = state.fanout;
    this.#isPaused = state.isPaused;
    this.#dropped = [...state.dropped];
    for (const [name, place] of Object.entries(state.channels)) {
      this.#channels.set(name, { ...place, low: place.start });
    }
  }

  get state(): TopicState {
    const places = [...this.#channels].map(([name, { start, dropped }]) => [name, { start, dropped }] as const);
    const channels = Object.fromEntries(places);
    const { start } = this;
    const [fanout, isPaused, dropped, uncounted] = [this.#fanout, this.#isPaused, this.#dropped, this.#uncounted];
    return { start, fanout, isPaused, channels, dropped, uncounted };
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

  /** The seq from which on a channel has the messages; the channel must exist. */
  channelStart(name: string): number {
    return this.#place(name).start;
  }

  /** Whether a publish would pass what the topic may store. */
  get isFull(): boolean {
    const stored = (bytes: number, count: number) => bytes + count * BODY_OFFSET;
    if (stored(this.#totalBytes, this.#end - this.start) < this.#limits.maxTopicBytes) return false;
    const oldest = this.#store.oldest();
    if (oldest === null) return false;
    return stored(this.#totalBytes - oldest.totalBytes, this.#end - oldest.first) >= this.#limits.maxTopicBytes;
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
    for (const { first, count, bytes } of batches) this.#recent.add({ first, count, bytes });
  }

  /** Adds a channel: the first one inherits what waits at the topic. Returns false when it exists. */
  addChannel(name: string): boolean {
    return this.addChannels([name]).length > 0;
  }

  /** Adds channels that begin together: if they are the first ones, each inherits what waits. Returns those that did not exist. */
  addChannels(names: readonly string[]): string[] {
    const start = this.fanout;
    const added = names.filter((name) => !this.#channels.has(name));
    for (const name of added) this.#channels.set(name, { start, dropped: 0, low: start });
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
    const { free } = this;
    this.#dropped = [...this.#dropped.filter(({ to }) => to > free), { from, to: this.#end }];
    for (const place of this.#channels.values()) place.dropped += depth;
  }

  /** Takes note that a channel has saved that everything below `low` is finished. */
  report(name: string, low: number): void {
    const place = this.#channels.get(name);
    if (place && low > place.low) place.low = low;
  }

  /** Everything below is needed by nobody. */
  get free(): number {
    let free = this.fanout;
    for (const [name, { low }] of this.#channels) {
      free = Math.min(free, isEphemeral(name) ? Math.max(low, this.fanout - this.#limits.memQueueSize) : low);
    }
    return free;
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
    for (const seq of seqs) {
      const frame = this.#frame(seq);
      bytes += frame?.length ?? 0;
      if (frames.length > 0 && bytes > maxBytes) break;
      frames.push(frame);
    }
    return frames;
  }

  /** How many messages from `seq` on that were fanned out are deferred to a time after `now`. */
  countDeferred(seq: number, now: number): number {
    let deferred = 0;
    for (const batch of this.#store.readDeferred(seq)) {
      let at = batch.first;
      for (let offset = 0; offset < batch.bytes.length; offset += recordLength(batch.bytes, offset)) {
        if (at >= seq && at < this.fanout && dueAt(batch.bytes, offset) > now && !this.#isDropped(at)) deferred++;
        at++;
      }
    }
    return deferred;
  }

  #read(seq: number, from: (seq: number) => Batch[] | null): Batch[] | null {
    const { fanout } = this;
    if (seq >= fanout) return [];
    const dropped = this.#dropped.find(({ to }) => to > seq);
    if (dropped && dropped.from <= seq) {
      const rest = this.#read(dropped.to, from);
      return rest && [nothing(seq, dropped.to), ...rest];
    }
    const limit = Math.min(fanout, dropped?.from ?? fanout);
    // Batches end where the fan-out once was, and so do dropped ranges: none lies astride.
    const batches = from(seq)?.filter((batch) => batch.first < limit) ?? null;
    if (batches === null) return null;
    const first = batches[0]?.first ?? limit;
    // Only an ephemeral channel that is too far behind misses something that is no longer kept.
    return first > seq ? [nothing(seq, first), ...batches] : batches;
  }

  #frame(seq: number): Uint8Array | null {
    const batch = this.read(seq, 0).find(({ first, count }) => first <= seq && seq < first + count);
    if (!batch || batch.bytes.length === 0) return null;
    let at = 0;
    for (let skip = seq - batch.first; skip > 0; skip--) at += recordLength(batch.bytes, at);
    return frameOf(batch.bytes, at).slice();
  }

  /** How many messages of a channel from `seq` on were dropped before they came to it. */
  countDropped(seq: number): number {
    return this.#dropped.reduce((count, { from, to }) => count + Math.max(0, to - Math.max(from, seq)), 0);
  }

  /** How many messages of all its life a channel never got, because they were dropped before. */
  droppedOf(name: string): number {
    return this.#place(name).dropped;
  }

  #isDropped(seq: number): boolean {
    return this.#dropped.some(({ from, to }) => from <= seq && seq < to);
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
      const kept = cut(segment, Math.max(0, Math.min(room, segment.count)));
      room -= kept.count;
      this.#droppedCount += segment.count - kept.count;
      this.#droppedBytes += segment.bodyBytes - kept.bodyBytes;
      return kept.count > 0 ? [kept] : [];
    });
  }
}

function nothing(from: number, to: number): Batch {
  return { first: from, count: to - from, bytes: EMPTY };
}

/** The first `count` records of a segment. */
function cut(segment: Segment, count: number): Segment {
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
