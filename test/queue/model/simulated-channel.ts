// A channel as its object runs it (src/durable/Channel.ts, topic-link.ts), step by step: calls to the topic can be slow, lost
// or repeated. What consumers receive is checked against what the channel owes them.

import type { ChannelLife } from "../../../src/queue/channel-life.ts";
import { ChannelQueue } from "../../../src/queue/channel-queue.ts";
import { decodeChannelState } from "../../../src/queue/channel-state.ts";
import type { ChannelStore } from "../../../src/queue/channel-store.ts";
import { Consumer } from "../../../src/queue/consumer.ts";
import type { Batch } from "../../../src/queue/log-store.ts";
import type { Addressed, Intervention } from "../../../src/queue/operator.ts";
import { channelLimits } from "../../helpers/channel.ts";
import { framesIn } from "../../helpers/records.ts";
import { ExpectedChannel } from "./expected-channel.ts";

/** What the channel asks its topic, and the answer once there is one. */
export type Question =
  | { readonly kind: "frames"; readonly seqs: number[]; answer: (Uint8Array | null)[] | null }
  | { readonly kind: "pull"; readonly seq: number; readonly low: number; answer: Pulled | null };

export interface Pulled {
  readonly batches: Batch[];
  readonly end: number;
  readonly isFollowing: boolean;
}

/** Short, so that TOUCH meets it. */
const MAX_MSG_TIMEOUT = 3 * 60_000;

export class SimulatedChannel {
  readonly name: string;
  readonly life: ChannelLife;
  readonly expected: ExpectedChannel;
  readonly #store: ChannelStore;
  readonly #limits: ReturnType<typeof channelLimits>;
  queue: ChannelQueue;
  question: Question | null = null;
  isPaused = false;
  /** A call failed: it is made again after a while. */
  hasFailed = false;

  constructor(name: string, life: ChannelLife, store: ChannelStore, maxBehind: number, syncEvery: number) {
    this.name = name;
    this.life = life;
    this.#store = store;
    this.#limits = channelLimits({ maxMsgTimeoutMs: MAX_MSG_TIMEOUT, maxBehind, syncEvery });
    this.expected = new ExpectedChannel({ maxMsgTimeoutMs: MAX_MSG_TIMEOUT, maxBehind });
    this.queue = ChannelQueue.create(life, store, this.#limits, () => 0);
  }

  get consumers(): Consumer[] {
    return [...this.queue.consumers];
  }

  /** What the object does after each event. */
  proceed(now: number): void {
    const { queue, expected } = this;
    expected.expire(now);
    queue.dispatch(now, true);
    const isHoldingBack = queue.isHoldingBack(now);
    if (queue.dispatch(now).size > 0 && !isHoldingBack) throw new Error("it held something back, and did not say so");
    this.#receive(now);
    if (queue.saveNeed === "now") this.save(now);
    if (queue.dispatch(now).size > 0) throw new Error("a second dispatch at the same time delivers more");
    const wakeAt = queue.nextWakeAt(now);
    if (wakeAt <= now) throw new Error("it wants to be woken in the past");
    const isWanting = !queue.isPaused && this.consumers.some(({ rdy, isClosing }) => rdy > 0 && !isClosing);
    if (isWanting && wakeAt > expected.earliestDeadline) throw new Error("it would sleep through a deadline");
    this.#ask();
  }

  setPaused(isPaused: boolean, now: number): void {
    this.isPaused = isPaused;
    this.queue.setPaused(isPaused);
    this.proceed(now);
  }

  save(now: number): void {
    this.queue.save(now);
    this.expected.saved(this.consumers.map(({ id }) => id));
  }

  /** An operator deals with a message. */
  intervene(intervention: Intervention, message: Addressed, fanout: number, now: number): void {
    this.learn(fanout);
    this.expected.expire(now);
    const outcome = this.queue.intervene(intervention, message, fanout, now);
    if (outcome !== "done") throw new Error(`to ${intervention} ${message.seq} was answered ${outcome}`);
    this.expected.intervene(intervention, message.seq);
    this.save(now);
    this.proceed(now);
  }

  /** Takes an answer of the topic. */
  answered(now: number): void {
    const { question, queue } = this;
    if (!question?.answer) throw new Error("there is no answer");
    this.question = null;
    if (question.kind === "frames") {
      const lost = queue.supply(question.seqs, question.answer);
      const missed = lost.filter((seq) => !this.expected.mayBeLost(seq));
      if (missed.length > 0) throw new Error(`the topic has lost ${missed}`);
      this.#askForMore();
      if (this.question !== null) return;
    } else {
      this.learn(question.answer.end);
      queue.fetched(question.answer.batches, question.answer.end, question.answer.isFollowing);
    }
    this.proceed(now);
  }

  failed(): void {
    this.question = null;
    this.hasFailed = true;
  }

  /** Makes the call that failed once more. */
  retry(now: number): void {
    this.hasFailed = false;
    this.proceed(now);
  }

  /** Takes what the topic sends by itself. Returns whether it should go on. */
  offer(batches: readonly Batch[], end: number, now: number): boolean {
    this.learn(end);
    const isFollowing = this.queue.offer(batches, end);
    this.proceed(now);
    return isFollowing;
  }

  learn(end: number): void {
    this.expected.learn(end);
  }

  /** Goes on from what was saved last. */
  crash(survivors: readonly Consumer[], now: number): void {
    this.question = null;
    this.hasFailed = false;
    const consumers = survivors.map((before) => {
      const after = new Consumer(before.id, before.settings);
      after.restore(before.state);
      return after;
    });
    const bytes = this.#store.load();
    const state = bytes && decodeChannelState(bytes);
    if (state?.life.id === this.life.id) {
      this.queue = ChannelQueue.restore(state, consumers, this.#store, this.#limits, () => 0);
    } else {
      this.queue = ChannelQueue.create(this.life, this.#store, this.#limits, () => 0);
      for (const consumer of consumers) this.queue.connect(consumer);
    }
    if (this.queue.isPaused !== this.isPaused) throw new Error(`it is ${this.isPaused ? "no longer" : "again"} paused`);
    this.expected.crashed(new Set(consumers.map(({ id }) => id)));
    this.proceed(now);
  }

  /** Everything is finished: nothing may be left anywhere. */
  checkIsOver(now: number): void {
    this.save(now);
    const { queue } = this;
    const held = this.#store.held.count({ due: 0, seq: 0 });
    if (held > 0) throw new Error(`${held} messages are still held`);
    if (!queue.isIdle || queue.savedLow !== queue.cursor) throw new Error("it still holds back the log");
  }

  /** Takes what the consumers were sent. */
  #receive(now: number): void {
    const deliveries = this.consumers.map((to) => framesIn(to.outbox.splice(0)).map((received) => ({ to, received })));
    this.expected.deliver(deliveries, now);
  }

  /** Asks the topic for what is wanted, one question at a time. */
  #ask(): void {
    if (this.question !== null || this.hasFailed) return;
    const seqs = this.queue.missing;
    if (seqs.length > 0) this.question = { kind: "frames", seqs, answer: null };
    else this.#askForMore();
  }

  #askForMore(): void {
    const seq = this.queue.fetch;
    if (seq === null) return;
    this.queue.asked();
    this.question = { kind: "pull", seq, low: this.queue.savedLow, answer: null };
  }
}
