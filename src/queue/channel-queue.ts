// What a channel is: a cursor into its topic's log, the messages that were taken and are not finished, and its consumers
// (design 3, nsqd/channel.go). Every message of the channel is in exactly one place: not yet taken, in flight, waiting for
// another delivery, deferred, or finished.

import { Backlog } from "./backlog.ts";
import type { ChannelCounts } from "./channel-counts.ts";
import type { ChannelLife } from "./channel-life.ts";
import type { ChannelLimits } from "./channel-limits.ts";
import { restoreMessages, savedMessages } from "./channel-snapshot.ts";
import { type ChannelState, encodeChannelState, type IdleState } from "./channel-state.ts";
import type { ChannelStore } from "./channel-store.ts";
import type { Consumer } from "./consumer.ts";
import { Consumers } from "./consumers.ts";
import { Delivery } from "./delivery.ts";
import { InFlight } from "./in-flight.ts";
import { LatencyMeter } from "./latency-meter.ts";
import type { SketchBins } from "./latency-sketch.ts";
import type { Batch } from "./log-store.ts";
import type { ChannelLook, LookPlace, MessageList } from "./look.ts";
import { type Addressed, type Intervened, type Intervention, Operator } from "./operator.ts";
import { SaveNeed, type Urgency } from "./save-need.ts";
import type { Unfinished } from "./unfinished.ts";

/** What became of FIN, REQ or TOUCH. */
export type Answered = "done" | "not-in-flight" | "not-owner";

const NOBODY: ReadonlySet<Consumer> = new Set();

export class ChannelQueue {
  readonly life: ChannelLife;
  readonly consumers = new Consumers();
  readonly #store: ChannelStore;
  readonly #limits: ChannelLimits;
  readonly #backlog: Backlog;
  readonly #inFlight: InFlight;
  readonly #delivery: Delivery;
  readonly #operator: Operator;
  readonly #saveNeed = new SaveNeed();
  readonly #latency: LatencyMeter;
  #requeueCount = 0;
  #timeoutCount = 0;
  #isPaused = false;
  /** Whether the topic sends what is published from now on by itself. */
  #isFollowing = false;
  /** Whether the topic was told not to do so since it was asked last: its answer may be from before. */
  #hasDeclined = false;
  #unsavedFinishes = 0;
  #savedLow: number;
  /** Consumers of whom something timed out, until somebody asks. */
  #timedOut = new Set<Consumer>();

  private constructor(
    life: ChannelLife,
    backlog: Backlog,
    latency: LatencyMeter,
    store: ChannelStore,
    limits: ChannelLimits,
    random: () => number,
  ) {
    this.life = life;
    this.#backlog = backlog;
    this.#inFlight = new InFlight(life.start);
    this.#store = store;
    this.#limits = limits;
    this.#operator = new Operator(backlog, this.#inFlight);
    this.#latency = latency;
    this.#delivery = new Delivery(backlog, this.#inFlight, this.consumers, this.#saveNeed, latency, random);
    this.#savedLow = life.start;
  }

  /** A channel that begins its life; what the store still has of an earlier one is dropped. */
  static create(life: ChannelLife, store: ChannelStore, limits: ChannelLimits, random: () => number): ChannelQueue {
    store.held.clear();
    const backlog = new Backlog(life.start, store.held);
    const queue = new ChannelQueue(life, backlog, new LatencyMeter(limits.latencyWindowMs), store, limits, random);
    queue.#saveNeed.add("soon");
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
    const backlog = new Backlog(state.cursor, store.held, state.heldMark, state.ahead);
    const latency = new LatencyMeter(limits.latencyWindowMs, state.latency);
    const queue = new ChannelQueue(state.life, backlog, latency, store, limits, random);
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
    if (consumer.inFlight > 0) this.#saveNeed.add("soon");
  }

  finish(consumer: Consumer, seq: number, now: number): Answered {
    const flight = this.#inFlight.flightOf(seq);
    if (flight?.owner === consumer) {
      this.#latency.finished(flight.publishedAt(seq), now);
      consumer.hasRead(this.#inFlight.land(flight, seq));
      consumer.landed();
    } else {
      const message = this.#answer(consumer, seq);
      if (typeof message === "string") return message;
      this.#latency.finished(message.publishedAt, now);
      this.#backlog.finish(message);
    }
    consumer.finishCount++;
    this.#unsavedFinishes++;
    this.#saveNeed.add(this.#unsavedFinishes >= this.#limits.syncEvery ? "now" : "soon");
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
      this.#saveNeed.add("soon");
    } else {
      this.#backlog.defer(message, now + delayMs);
      this.#saveNeed.add("now"); // or a crash would bring it back too early
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
    this.#saveNeed.add("soon");
    return "done";
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#saveNeed.add("now");
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Drops all messages before `end`, and all that were taken: in flight and deferred ones included. Counters stay. */
  empty(end: number): void {
    this.#backlog.empty(end);
    this.#inFlight.clear();
    for (const consumer of this.consumers) consumer.landedAll();
    this.#saveNeed.add("now");
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
    if (this.#isPaused || this.consumers.ready() === 0) return null;
    const from = this.#backlog.fetchFrom;
    return from !== null && (from < this.#backlog.end || !this.#isFollowing) ? from : null;
  }

  /** Seqs of single messages whose frames the topic should send. */
  get missing(): number[] {
    return this.#backlog.missing;
  }

  /** Takes frames for `missing`. Returns the seqs that the topic does not have any more: these messages are gone. */
  supply(seqs: readonly number[], frames: readonly (Uint8Array | null)[]): number[] {
    const lost = this.#backlog.supply(seqs, frames);
    // A frame may have been missing for its message to be held.
    this.#saveNeed.add(this.#backlog.isLaden ? "now" : "soon");
    return lost;
  }

  /** Brings back what timed out or fell due. */
  expire(now: number): void {
    for (const message of this.#inFlight.expire(now)) {
      const owner = message.owner as Consumer;
      owner.timedOut(message.deliveredAt, now);
      this.#timedOut.add(owner);
      message.owner = null;
      this.#timeoutCount++;
      this.#backlog.requeue(message);
      this.#saveNeed.add("soon");
    }
    this.#backlog.release(now, this.#delivery.room);
  }

  /** Consumers of whom something timed out since this was asked last: they may have vanished. */
  takeTimedOut(): ReadonlySet<Consumer> {
    if (this.#timedOut.size === 0) return NOBODY;
    const timedOut = this.#timedOut;
    this.#timedOut = new Set();
    return timedOut;
  }

  /**
   * Fills the outboxes of consumers with room, in turns. Returns those that got something. When it is patient it leaves out those that have
   * room for little: it is to be called again soon if it `isHoldingBack`.
   */
  dispatch(now: number, isPatient = false): ReadonlySet<Consumer> {
    this.expire(now);
    return this.#isPaused ? NOBODY : this.#delivery.dispatch(now, isPatient);
  }

  /** Whether there is something for a consumer that has room for little. */
  isHoldingBack(now: number): boolean {
    return !this.#isPaused && this.consumers.isAnyNearlyFull && this.#backlog.isAtHand(now);
  }

  /** When `dispatch` has something to do next though nothing else happens, ms; Infinity for never. */
  nextWakeAt(now: number): number {
    if (this.#isPaused || !this.consumers.isWanting) return Number.POSITIVE_INFINITY;
    const due = this.consumers.ready() > 0 ? this.#backlog.earliest : Number.POSITIVE_INFINITY;
    return Math.min(this.#inFlight.earliest, due > now ? due : Number.POSITIVE_INFINITY);
  }

  /** Whether nobody has anything to answer: until more is published or falls due, nothing will happen. */
  get isAtRest(): boolean {
    return this.#inFlight.size === 0;
  }

  get saveNeed(): Urgency {
    return this.#saveNeed.urgency;
  }

  /** Saves the state, all in one go. Throws what the store throws: then the queue is no longer to be trusted. */
  save(now: number): void {
    this.#store.save(() => {
      this.#backlog.holdLong(this.#inFlight, now);
      return encodeChannelState(this.#state(), now);
    });
    this.#savedLow = this.#backlog.low(this.#inFlight);
    this.#saveNeed.clear();
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

  /** `fanout` is how far the topic has fanned out: what was not yet taken of that counts as depth. */
  counts(fanout: number, now: number): ChannelCounts {
    this.#learnEnd(fanout);
    this.expire(now);
    return {
      depth: this.#backlog.countUntaken(fanout) + this.#backlog.countWaiting(now),
      inFlight: this.#inFlight.size,
      deferred: this.#backlog.countDeferred(now),
      deferredAhead: this.#backlog.ahead.countDeferred(now),
      messageCount: fanout - this.life.start,
      requeueCount: this.#requeueCount,
      timeoutCount: this.#timeoutCount,
      isPaused: this.#isPaused,
    };
  }

  /** How long messages took that were finished lately; null when that is not measured. */
  latency(now: number): SketchBins | null {
    return this.#latency.bins(now);
  }

  /**
   * When what is told of it changes next though nobody does anything, ms: at once while messages are under way, or may be at any moment;
   * Infinity for never.
   */
  changesAt(now: number): number {
    const isUnderWay = !this.isAtRest || (this.consumers.ready() > 0 && !this.#isPaused && this.#backlog.hasMore(now));
    return isUnderWay ? now : Math.min(this.#backlog.nextDue(now), this.#latency.changesAt(now));
  }

  /** What the channel has in a list behind a place, up to `limit`; `fanout` is how far the topic has fanned out. */
  look(list: MessageList, after: LookPlace | null, limit: number, fanout: number, now: number): ChannelLook {
    this.#learnEnd(fanout);
    this.expire(now);
    const ahead = [...this.#backlog.ahead].map(({ seq }) => seq);
    return { ...this.#operator.look(list, after, limit), cursor: this.cursor, ahead };
  }

  /** The frame of a message that the channel holds itself; `due` is when it falls due, null when it is not deferred. */
  heldFrame(seq: number, due: number | null): Uint8Array | null {
    return this.#operator.heldFrame(seq, due);
  }

  /**
   * Drops a message for good, wherever it is, or puts it at the tail of the queue at once: to be saved before anything else happens.
   * `fanout` is how far the topic has fanned out.
   */
  intervene(intervention: Intervention, message: Addressed, fanout: number, now: number): Intervened {
    this.#learnEnd(fanout);
    this.expire(now);
    const outcome = this.#operator.intervene(intervention, message, now);
    if (outcome === "done") this.#saveNeed.add("now");
    return outcome;
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

  #learnEnd(end: number): void {
    this.#backlog.learnEnd(end);
    if (end - this.#backlog.cursor > this.#limits.maxBehind) this.#backlog.skipTo(end - this.#limits.maxBehind);
  }

  #state(): ChannelState {
    return {
      life: this.life,
      cursor: this.#backlog.cursor,
      isPaused: this.#isPaused,
      requeueCount: this.#requeueCount,
      timeoutCount: this.#timeoutCount,
      heldMark: this.#backlog.heldMark,
      ahead: [...this.#backlog.ahead],
      latency: this.#latency.saved(this.#inFlight),
      ...savedMessages(this.#inFlight, this.#backlog, this.consumers),
    };
  }
}
