// A channel with its topic, joined as their objects join them, but at once and without failures.

import { lookAtChannel, type MessagePage, type SeenMessage } from "../../src/durable/topic-look.ts";
import type { ChannelCounts } from "../../src/queue/channel-counts.ts";
import type { ChannelLimits } from "../../src/queue/channel-limits.ts";
import { ChannelQueue } from "../../src/queue/channel-queue.ts";
import { decodeChannelState } from "../../src/queue/channel-state.ts";
import type { ChannelStore } from "../../src/queue/channel-store.ts";
import { Consumer, type ConsumerSettings } from "../../src/queue/consumer.ts";
import type { LookPlace, MessageList } from "../../src/queue/look.ts";
import type { Intervened, Intervention } from "../../src/queue/operator.ts";
import { type TopicLimits, TopicLog, type TopicState } from "../../src/queue/topic-log.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { type Draft, NODE, segmentsOf, T0, textsOf } from "./records.ts";

/** What one answer of a topic carries, bytes. */
const PULL_BYTES = 2 * 2 ** 20;
const MINUTE = 60_000;

export function channelLimits(limits: Partial<ChannelLimits> = {}): ChannelLimits {
  return {
    node: NODE,
    maxMsgTimeoutMs: 15 * MINUTE,
    maxBehind: Number.POSITIVE_INFINITY,
    syncEvery: 2_500,
    latencyWindowMs: 0,
    ...limits,
  };
}

export function topicLimits(limits: Partial<TopicLimits> = {}): TopicLimits {
  return { node: NODE, memQueueSize: 10_000, maxTopicBytes: 2 ** 33, ...limits };
}

export function topicState(state: Partial<TopicState> = {}): TopicState {
  return {
    start: 1,
    fanout: 1,
    isPaused: false,
    channels: {},
    dropped: [],
    uncounted: 0,
    nextLife: 1,
    free: 1,
    ...state,
  };
}

let connections = 0;

export interface ConsumerOptions extends Partial<ConsumerSettings> {
  readonly id?: string;
  readonly rdy?: number;
}

export function consumer({ id, rdy = 1, ...settings }: ConsumerOptions = {}): Consumer {
  const all = { msgTimeoutMs: MINUTE, sampleRate: 0, outputBufferTimeoutMs: 250, ...settings };
  const made = new Consumer(id ?? `connection ${++connections}`, all);
  made.rdy = rdy;
  return made;
}

/** Takes what a consumer was sent, as `textsOf`. */
export function take(from: Consumer): string[] {
  return textsOf(from.outbox.splice(0));
}

export interface RigOptions {
  readonly channel?: string;
  readonly limits?: Partial<ChannelLimits>;
  readonly store?: ChannelStore;
  readonly log?: TopicLog;
  readonly random?: () => number;
}

export class ChannelRig {
  now = T0;
  queue: ChannelQueue;
  /** Whether the topic can be asked for frames of single messages. */
  hasFrames = true;
  /** Seqs that the topic was asked for and did not have. */
  readonly lost: number[] = [];
  readonly log: TopicLog;
  readonly store: ChannelStore;
  readonly #channel: string;
  readonly #limits: ChannelLimits;
  readonly #random: () => number;
  #isFollowing = false;

  constructor({ channel = "ch", limits, store, log, random = () => 0 }: RigOptions = {}) {
    this.#channel = channel;
    this.#limits = channelLimits(limits);
    this.#random = random;
    this.store = store ?? new MemoryChannelStore();
    this.log = log ?? new TopicLog(new MemoryLogStore(), topicState(), topicLimits());
    this.log.addChannel(channel);
    this.queue = ChannelQueue.create(this.log.channelLife(channel), this.store, this.#limits, random);
  }

  /** A rig whose channel has a consumer. */
  static withConsumer(options: ConsumerOptions = {}, rigOptions: RigOptions = {}): [ChannelRig, Consumer] {
    const rig = new ChannelRig(rigOptions);
    return [rig, rig.connect(options)];
  }

  connect(options: ConsumerOptions = {}): Consumer {
    const connected = consumer(options);
    this.queue.connect(connected);
    this.proceed();
    return connected;
  }

  /** Stores messages in one go, and sends them to the channel if it follows. Returns their seqs. */
  publish(...drafts: (string | Draft)[]): number[] {
    const from = this.log.end;
    this.log.append(segmentsOf(drafts), this.now);
    this.push();
    return Array.from({ length: this.log.end - from }, (_, i) => from + i);
  }

  /** Sends on what was fanned out, if the channel follows. */
  push(): void {
    const known = this.queue.cursor;
    if (this.#isFollowing) {
      const batches = this.log.readRecent(known, PULL_BYTES) ?? [];
      this.#isFollowing = this.queue.offer(batches, this.log.fanout);
    }
    this.proceed();
  }

  /** What a channel's object does after each event. */
  proceed(): void {
    do {
      this.queue.dispatch(this.now);
      if (this.queue.saveNeed === "now") this.save();
    } while (this.#fetch());
  }

  save(): void {
    this.queue.save(this.now);
    this.log.report(this.#channel, this.queue.savedLow);
  }

  /** Moves the clock and lets the channel do what has come due. */
  wait(ms: number): void {
    this.now += ms;
    this.proceed();
  }

  /** Goes on from what was saved last, with these connections still there. Returns their consumers. */
  crash(...connected: Consumer[]): Consumer[] {
    const bytes = this.store.load();
    if (bytes === null) throw new Error("nothing was saved");
    const restored = connected.map((before) => {
      const after = new Consumer(before.id, before.settings);
      after.restore(before.state);
      return after;
    });
    const state = decodeChannelState(bytes);
    this.queue = ChannelQueue.restore(state, restored, this.store, this.#limits, this.#random);
    this.#isFollowing = false;
    this.proceed();
    return restored;
  }

  /** The counts as /stats shows them: what the topic knows of the log that was not taken is worked in. */
  counts(): ChannelCounts {
    const { log, queue, now } = this;
    const counts = queue.counts(log.fanout, now);
    const deferred = log.deferred(queue.cursor, log.fanout, now).count - counts.deferredAhead;
    return {
      ...counts,
      depth: counts.depth - deferred - log.countDropped(queue.cursor),
      deferred: counts.deferred + deferred,
      messageCount: counts.messageCount - log.droppedOf(this.#channel),
    };
  }

  /** A page of a list, as the objects put it together. */
  lookAt(list: MessageList, limit: number, place: LookPlace | null = null, search = ""): MessagePage {
    const { queue, log, now } = this;
    const ownLimit = place?.section === "log" ? 0 : limit;
    const look = queue.look(list, place, ownLimit, log.fanout, now);
    const report = { ...look, next: ownLimit === 0 ? null : look.next, owners: {} };
    return lookAtChannel(log, log.fanout, report, { list, place, limit, search }, now);
  }

  /** All pages of a list. */
  look(list: MessageList, limit = 100): SeenMessage[] {
    const seen: SeenMessage[] = [];
    let place: LookPlace | null = null;
    do {
      const page: MessagePage = this.lookAt(list, limit, place);
      seen.push(...page.messages);
      place = page.next;
    } while (place !== null);
    return seen;
  }

  /** What an operator does with a message. */
  intervene(intervention: Intervention, seq: number, due: number | null = null): Intervened {
    const dueInLog = this.log.record(seq)?.due ?? null;
    const outcome = this.queue.intervene(intervention, { seq, due, dueInLog }, this.log.fanout, this.now);
    if (outcome === "done") this.save();
    this.proceed();
    return outcome;
  }

  /** Asks the topic for what the queue wants. Returns whether it wanted anything. */
  #fetch(): boolean {
    const { queue, log } = this;
    const seqs = this.hasFrames ? queue.missing : [];
    const from = queue.fetch;
    if (seqs.length > 0) this.lost.push(...queue.supply(seqs, log.frames(seqs, PULL_BYTES)));
    if (from !== null) {
      queue.asked();
      log.report(this.#channel, queue.savedLow);
      const batches = log.read(from, PULL_BYTES);
      const last = batches.at(-1);
      this.#isFollowing = (last ? last.first + last.count : from) >= log.fanout;
      queue.fetched(batches, log.fanout, this.#isFollowing);
    }
    return seqs.length > 0 || from !== null;
  }
}
