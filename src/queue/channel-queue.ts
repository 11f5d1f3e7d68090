// What a channel is: a cursor into its topic's log, the messages that were taken and are not finished, and its consumers
// (design 3, nsqd/channel.go). Every message of the channel is in exactly one place: not yet taken, in flight, waiting for
// another delivery, deferred, or finished.

import { writeAttempts } from "../protocol/message.ts";
import { Backlog, type Run } from "./backlog.ts";
import type { ChannelLife } from "./channel-life.ts";
import { restoreMessages, savedMessages } from "./channel-snapshot.ts";
import { type ChannelState, encodeChannelState, type IdleState } from "./channel-state.ts";
import type { ChannelStore } from "./channel-store.ts";
import type { Consumer } from "./consumer.ts";
import { Consumers } from "./consumers.ts";
import { InFlight } from "./in-flight.ts";
import type { Batch } from "./log-store.ts";
import { frameLength } from "./record.ts";
import { type Unfinished, unfinished } from "./unfinished.ts";

export interface ChannelLimits {
  /** The node of the topic, which message ids carry. */
  readonly node: number;
  /** How far TOUCH can push a deadline, counted from the delivery, ms. */
  readonly maxMsgTimeoutMs: number;
  /** How many messages may lie behind for consumers that do not keep up; Infinity but for ephemeral channels. */
  readonly maxBehind: number;
  /** How many finishes a crash may make forgotten (nsqd's --sync-every). */
  readonly syncEvery: number;
}

/** What became of FIN, REQ or TOUCH. */
export type Answered = "done" | "not-in-flight" | "not-owner";

export interface ChannelCounts {
  readonly depth: number;
  readonly inFlight: number;
  readonly deferred: number;
  readonly messageCount: number;
  readonly requeueCount: number;
  readonly timeoutCount: number;
  readonly isPaused: boolean;
}

/** When the state must be saved: at once, with the save interval, or not at all. */
export type SaveNeed = "now" | "soon" | "none";

/** Each takes about 13 bytes of the state's row, which holds 2 MB (platform notes A1). */
const MAX_UNFINISHED = 100_000;

export class ChannelQueue {
  readonly life: ChannelLife;
  readonly consumers = new Consumers();
  readonly #store: ChannelStore;
  readonly #limits: ChannelLimits;
  /** Between 0 and 1, for sampling. */
  readonly #random: () => number;
  readonly #backlog: Backlog;
  readonly #inFlight: InFlight;
  #requeueCount = 0;
  #timeoutCount = 0;
  #isPaused = false;
  /** Whether the topic sends what is published from now on by itself. */
  #isFollowing = false;
  /** Whether the topic was told not to do so since it was asked last: its answer may be from before. */
  #hasDeclined = false;
  #saveNeed: SaveNeed = "none";
  #unsavedFinishes = 0;
  #savedLow: number;

  private constructor(
    life: ChannelLife,
    backlog: Backlog,
    store: ChannelStore,
    limits: ChannelLimits,
    random: () => number,
  ) {
    this.life = life;
    this.#backlog = backlog;
    this.#inFlight = new InFlight(life.start);
    this.#store = store;
    this.#limits = limits;
    this.#random = random;
    this.#savedLow = life.start;
  }

  /** A channel that begins its life; what the store still has of an earlier one is dropped. */
  static create(life: ChannelLife, store: ChannelStore, limits: ChannelLimits, random: () => number): ChannelQueue {
    store.held.clear();
    const queue = new ChannelQueue(life, new Backlog(life.start, store.held), store, limits, random);
    queue.#need("soon");
    return queue;
  }

  /**
   * A channel as it was saved. Messages whose owner is not among the consumers any more, though it was when the state was
   * saved, come back at once, as after a restart of nsqd; those of a consumer that had left keep their deadlines.
   */
  static restore(
    state: ChannelState,
    connected: readonly Consumer[],
    store: ChannelStore,
    limits: ChannelLimits,
    random: () => number,
  ): ChannelQueue {
    const backlog = new Backlog(state.cursor, store.held, state.heldMark);
    const queue = new ChannelQueue(state.life, backlog, store, limits, random);
    for (const consumer of connected) queue.consumers.add(consumer);
    queue.#isPaused = state.isPaused;
    queue.#requeueCount = state.requeueCount;
    queue.#timeoutCount = state.timeoutCount;
    restoreMessages(state, queue.#inFlight, backlog, queue.consumers);
    queue.#savedLow = backlog.low(queue.#inFlight);
    return queue;
  }

  connect(consumer: Consumer): void {
    this.consumers.add(consumer);
  }

  /** Its messages stay in flight until they time out (spec 1.19). */
  disconnect(consumer: Consumer): void {
    this.consumers.remove(consumer);
    if (consumer.inFlight > 0) this.#need("soon");
  }

  finish(consumer: Consumer, seq: number): Answered {
    const message = this.#answer(consumer, seq);
    if (typeof message === "string") return message;
    consumer.finishCount++;
    this.#backlog.finish(message);
    this.#unsavedFinishes++;
    this.#need(this.#unsavedFinishes >= this.#limits.syncEvery ? "now" : "soon");
    return "done";
  }

  /** Puts a message at the tail of the queue, or aside for `delayMs`. */
  requeue(consumer: Consumer, seq: number, delayMs: number, now: number): Answered {
    const message = this.#answer(consumer, seq);
    if (typeof message === "string") return message;
    consumer.requeueCount++;
    this.#requeueCount++;
    if (delayMs === 0) {
      this.#backlog.requeue(message);
      this.#need("soon");
    } else {
      this.#backlog.defer(message, now + delayMs);
      this.#need("now"); // or a crash would bring it back too early
    }
    return "done";
  }

  /** Moves the deadline to a whole msg_timeout from now, but never beyond max-msg-timeout after the delivery. */
  touch(consumer: Consumer, seq: number, now: number): Answered {
    const message = this.#inFlight.get(seq);
    if (!message) return "not-in-flight";
    if (message.owner !== consumer) return "not-owner";
    const latest = message.deliveredAt + this.#limits.maxMsgTimeoutMs;
    message.at = Math.min(now + consumer.settings.msgTimeoutMs, latest);
    this.#inFlight.reschedule(message);
    consumer.hasRead(message.position);
    this.#need("soon");
    return "done";
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#need("now");
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Drops all messages before `end`, and all that were taken: in flight and deferred ones included. Counters stay. */
  empty(end: number): void {
    this.#backlog.empty(end);
    this.#inFlight.clear();
    for (const consumer of this.consumers) consumer.landedAll();
    this.#need("now");
  }

  /** Takes what the topic sends by itself. Returns whether it should go on doing so. */
  offer(batches: readonly Batch[], end: number): boolean {
    this.#learnEnd(end);
    const isWhole = this.#backlog.add(batches) && this.#backlog.knownEnd >= end;
    this.#isFollowing = isWhole && !this.#isPaused && this.consumers.isWanting && this.#backlog.fetchFrom !== null;
    this.#hasDeclined ||= !this.#isFollowing;
    return this.#isFollowing;
  }

  /** Takes what `fetch` asked for; `isFollowing` when the topic will send by itself what comes after it. */
  fetched(batches: readonly Batch[], end: number, isFollowing: boolean): void {
    this.#learnEnd(end);
    this.#isFollowing = this.#backlog.add(batches) && isFollowing && !this.#hasDeclined;
  }

  /** Takes note that what `fetch` says is being asked for. */
  asked(): void {
    this.#hasDeclined = false;
  }

  /** The seq from which on the topic should send more of the log; null when nothing is wanted now. */
  get fetch(): number | null {
    if (this.#isPaused || this.consumers.ready === 0) return null;
    const from = this.#backlog.fetchFrom;
    return from !== null && (from < this.#backlog.end || !this.#isFollowing) ? from : null;
  }

  /** Seqs of single messages whose frames the topic should send. */
  get missing(): number[] {
    return this.#backlog.missing;
  }

  /** Takes frames for `missing`. Returns the seqs that the topic does not have any more: these messages are gone. */
  supply(seqs: readonly number[], frames: readonly (Uint8Array | null)[]): number[] {
    this.#need("soon"); // the frame may have been missing for the message to be held
    return this.#backlog.supply(seqs, frames);
  }

  /** Brings back what timed out or fell due. */
  expire(now: number): void {
    for (const message of this.#inFlight.expire(now)) {
      message.owner?.landed();
      message.owner = null;
      this.#timeoutCount++;
      this.#backlog.requeue(message);
      this.#need("soon");
    }
    this.#backlog.release(now);
  }

  /** Fills the outboxes of consumers with room, in turns. Returns those that got something. */
  dispatch(now: number): ReadonlySet<Consumer> {
    const served = new Set<Consumer>();
    this.expire(now);
    if (this.#isPaused) return served;
    const share = Math.ceil(this.#backlog.fresh / Math.max(1, this.consumers.ready));
    for (let consumer = this.consumers.next; consumer; consumer = this.consumers.next) {
      const outcome = this.#deliverNext(consumer, Math.max(1, share), now);
      if (outcome === "nothing") break;
      if (outcome === "passed") continue;
      this.consumers.served();
      served.add(consumer);
    }
    return served;
  }

  /** When `dispatch` has something to do next though nothing else happens, ms; Infinity for never. */
  nextWakeAt(now: number): number {
    if (this.#isPaused || !this.consumers.isWanting) return Number.POSITIVE_INFINITY;
    const due = this.consumers.ready > 0 ? this.#backlog.earliest : Number.POSITIVE_INFINITY;
    return Math.min(this.#inFlight.earliest, due > now ? due : Number.POSITIVE_INFINITY);
  }

  get saveNeed(): SaveNeed {
    return this.#saveNeed;
  }

  /** Saves the state, all in one go. Throws what the store throws: then the queue is no longer to be trusted. */
  save(now: number): void {
    this.#store.save(() => {
      this.#backlog.holdLong(this.#inFlight, now);
      return encodeChannelState(this.#state(), now);
    });
    this.#savedLow = this.#backlog.low(this.#inFlight);
    this.#saveNeed = "none";
    this.#unsavedFinishes = 0;
  }

  /** Everything below is finished, and will be so after a crash, too. */
  get savedLow(): number {
    return this.#savedLow;
  }

  /** Whether `idleState` says all there is of the channel: a sleep loses nothing then, even without storage. */
  get isIdle(): boolean {
    return !this.#isPaused && this.#inFlight.size === 0 && this.#backlog.isIdle;
  }

  get idleState(): IdleState {
    const [requeueCount, timeoutCount] = [this.#requeueCount, this.#timeoutCount];
    return { life: this.life, cursor: this.cursor, requeueCount, timeoutCount };
  }

  /** The counts of a channel that has had nothing to do with its messages yet. */
  static untouched(start: number, fanout: number): ChannelCounts {
    const messageCount = fanout - start;
    const none = { inFlight: 0, deferred: 0, requeueCount: 0, timeoutCount: 0 };
    return { ...none, depth: messageCount, messageCount, isPaused: false };
  }

  /** `fanout` is how far the topic has fanned out: what was not yet taken of that counts as depth. */
  counts(fanout: number, now: number): ChannelCounts {
    this.#learnEnd(fanout);
    this.expire(now);
    return {
      depth: fanout - this.#backlog.cursor + this.#backlog.countWaiting(now),
      inFlight: this.#inFlight.size,
      deferred: this.#backlog.countDeferred(now),
      messageCount: fanout - this.life.start,
      requeueCount: this.#requeueCount,
      timeoutCount: this.#timeoutCount,
      isPaused: this.#isPaused,
    };
  }

  get node(): number {
    return this.#limits.node;
  }

  get cursor(): number {
    return this.#backlog.cursor;
  }

  #answer(consumer: Consumer, seq: number): Unfinished | Exclude<Answered, "done"> {
    const message = this.#inFlight.get(seq);
    if (!message) return "not-in-flight";
    if (message.owner !== consumer) return "not-owner";
    this.#inFlight.remove(message);
    message.owner = null;
    consumer.hasRead(message.position);
    consumer.landed();
    return message;
  }

  /** Gives a consumer what comes next; "passed" when that was put aside, or there may be more now. */
  #deliverNext(consumer: Consumer, share: number, now: number): "delivered" | "passed" | "nothing" {
    const waited = this.#backlog.takeWaiting();
    if (waited) return this.#deliverWaited(waited, consumer, now) ? "delivered" : "passed";
    const deferred = this.#backlog.deferred.size;
    const limit = consumer.settings.sampleRate > 0 ? 1 : Math.min(consumer.room, share, this.#room);
    const run = this.#backlog.takeRun(limit, now);
    const hasDeferred = this.#backlog.deferred.size > deferred;
    // What is deferred must be known after a crash, or its body's place in the log would be passed by.
    if (hasDeferred) this.#need("now");
    if (run) return this.#deliverRun(run, consumer, now) ? "delivered" : "passed";
    return hasDeferred || this.#backlog.release(now) ? "passed" : "nothing";
  }

  /** False when it is dropped. */
  #deliverRun(run: Run, consumer: Consumer, now: number): boolean {
    this.#need("soon");
    if (this.#isSampledOut(consumer)) return false;
    let at = 0;
    for (let i = 0; i < run.count; i++) {
      const length = frameLength(run.frames, at);
      this.#startFlight(unfinished(run.first + i, now), consumer, length, now);
      at += length;
    }
    consumer.outbox.push(run.frames);
    return true;
  }

  /** False when it is dropped. */
  #deliverWaited(message: Unfinished, consumer: Consumer, now: number): boolean {
    if (this.#isSampledOut(consumer)) {
      this.#backlog.finish(message);
      this.#need("soon");
      return false;
    }
    const frame = (message.frame as Uint8Array).slice();
    this.#startFlight(message, consumer, frame.length, now);
    message.frame = null;
    writeAttempts(frame, 0, message.attempts);
    consumer.outbox.push(frame);
    // Saved before the frame goes out, so that attempts never fall, even after a crash.
    this.#need(message.attempts > 1 ? "now" : "soon");
    return true;
  }

  #startFlight(message: Unfinished, consumer: Consumer, length: number, now: number): void {
    message.attempts++;
    message.owner = consumer;
    consumer.sentBytes += length;
    message.position = consumer.sentBytes;
    message.deliveredAt = now;
    message.at = now + consumer.settings.msgTimeoutMs;
    this.#inFlight.add(message);
    consumer.inFlight++;
    consumer.messageCount++;
  }

  /** N lets N + 1 of 100 pass, as nsqd does (spec 1.17). */
  #isSampledOut(consumer: Consumer): boolean {
    const rate = consumer.settings.sampleRate;
    return rate > 0 && Math.floor(this.#random() * 100) > rate;
  }

  /** How many more messages may be taken: the state of all that are unfinished must fit into a row. */
  get #room(): number {
    return MAX_UNFINISHED - this.#inFlight.size - this.#backlog.size;
  }

  #learnEnd(end: number): void {
    this.#backlog.learnEnd(end);
    if (end - this.#backlog.cursor > this.#limits.maxBehind) this.#backlog.skipTo(end - this.#limits.maxBehind);
  }

  #need(need: "now" | "soon"): void {
    if (this.#saveNeed !== "now") this.#saveNeed = need;
  }

  #state(): ChannelState {
    return {
      life: this.life,
      cursor: this.#backlog.cursor,
      isPaused: this.#isPaused,
      requeueCount: this.#requeueCount,
      timeoutCount: this.#timeoutCount,
      heldMark: this.#backlog.heldMark,
      ...savedMessages(this.#inFlight, this.#backlog, this.consumers),
    };
  }
}
