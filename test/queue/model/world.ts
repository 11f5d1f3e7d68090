// A topic and its channels in one place, with everything that can happen to them.

import { lookAtChannel, type MessagePage, type SeenMessage } from "../../../src/durable/topic-look.ts";
import type { Answered } from "../../../src/queue/channel-queue.ts";
import { Consumer } from "../../../src/queue/consumer.ts";
import type { Batch, LogStore } from "../../../src/queue/log-store.ts";
import type { LookPlace } from "../../../src/queue/look.ts";
import { TopicLog, type TopicState } from "../../../src/queue/topic-log.ts";
import { MemoryChannelStore } from "../../../src/storage/memory-channel-store.ts";
import { MemoryLogStore } from "../../../src/storage/memory-log-store.ts";
import { SqliteChannelStore } from "../../../src/storage/sqlite-channel-store.ts";
import { SqliteLogStore } from "../../../src/storage/sqlite-log-store.ts";
import { topicLimits, topicState } from "../../helpers/channel.ts";
import type { Random } from "../../helpers/random.ts";
import { type Draft, segmentsOf, T0 } from "../../helpers/records.ts";
import { Database } from "../../helpers/sql.ts";
import type { Published } from "./expected-channel.ts";
import { SimulatedChannel } from "./simulated-channel.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = T0 * 1_024;
/** Small, so that what is bounded overflows. */
const MEM_QUEUE_SIZE = 25;
const NAMES = ["a", "b", "c", "e#ephemeral"];
const DELAYS = [1, 40, 1_000, 30_000, 61_000, 10 * MINUTE, HOUR];
/** What an operator can look at in a channel. */
const LISTS = ["waiting", "in_flight", "deferred"] as const;
/** So many that a few are not worth a send. */
const MANY = 40;
const TIMEOUTS = [1_000, 10_000, MINUTE, 2.5 * MINUTE];

/** What the topic sends to a channel that follows (src/durable/fan-out.ts). */
interface Follower {
  next: number;
  isFollowing: boolean;
  wishes: number;
  push: { batches: Batch[]; end: number; wishes: number; answer: { isFollowing: boolean; low: number } | null } | null;
}

export class World {
  readonly random: Random;
  readonly #store: LogStore;
  readonly #isInSqlite: boolean;
  readonly #isBounded: boolean;
  readonly #channels = new Map<string, SimulatedChannel>();
  readonly #followers = new Map<string, Follower>();
  #log: TopicLog;
  #state: TopicState;
  /** Published and not yet fanned out, as it should be. */
  #waiting: Published[] = [];
  /** Stored and not dropped; those before the end of what is free are left out now and then. */
  #kept: number[] = [];
  #isPaused = false;
  #messageCount = 0;
  #messageBytes = 0;
  #now = T0;
  #connections = 0;

  constructor(random: Random) {
    this.random = random;
    const kind = random.pick(["sqlite", "memory", "memory", "bounded"] as const);
    this.#isInSqlite = kind === "sqlite";
    this.#isBounded = kind === "bounded";
    this.#store = this.#isInSqlite ? sqliteLog() : new MemoryLogStore();
    this.#state = topicState({ start: START, fanout: START });
    this.#log = this.#open();
  }

  // What publishers and operators do.

  publish(count: number): void {
    const drafts = Array.from({ length: count }, () => this.#draft());
    const from = this.#log.end;
    const { free } = this.#log;
    this.#kept = this.#kept.filter((seq) => seq >= free);
    const room = this.#isBounded ? Math.max(0, MEM_QUEUE_SIZE - this.#kept.length) : count;
    this.#log.append(segmentsOf(drafts), this.#now);
    const kept = Math.min(count, room);
    if (this.#log.end !== from + kept) throw new Error(`${this.#log.end - from} of ${kept} messages were stored`);
    this.#messageCount += count;
    drafts.forEach(({ body, due }, i) => {
      const bytes = body as Uint8Array;
      this.#messageBytes += bytes.length;
      if (i >= kept) return;
      this.#waiting.push({ seq: from + i, body: bytes, publishedAt: this.#now, due });
      this.#kept.push(from + i);
    });
    this.#fanOut();
  }

  addChannel(name: string): void {
    if (!this.#log.addChannel(name)) return;
    this.#state = this.#log.state;
    const isEphemeral = name.endsWith("#ephemeral");
    const store = this.#isInSqlite && !isEphemeral ? sqliteChannel() : new MemoryChannelStore();
    const syncEvery = this.random.pick([3, 2_500]);
    const maxBehind = isEphemeral ? MEM_QUEUE_SIZE : Number.POSITIVE_INFINITY;
    const channel = new SimulatedChannel(name, this.#log.channelLife(name), store, maxBehind, syncEvery);
    this.#channels.set(name, channel);
    this.#followers.set(name, { next: this.#log.fanout, isFollowing: false, wishes: 0, push: null });
    this.#fanOut();
  }

  removeChannel(name: string): void {
    this.#log.removeChannel(name);
    this.#state = this.#log.state;
    this.#channels.delete(name);
    this.#followers.delete(name);
  }

  pauseTopic(isPaused: boolean): void {
    this.#log.setPaused(isPaused);
    this.#state = this.#log.state;
    this.#isPaused = isPaused;
    this.#fanOut();
  }

  emptyTopic(): void {
    this.#log.empty();
    this.#state = this.#log.state;
    this.#kept = this.#kept.filter((seq) => !this.#waiting.some((message) => message.seq === seq));
    this.#waiting = [];
    this.#fanOut();
  }

  pauseChannel(channel: SimulatedChannel, isPaused: boolean): void {
    channel.setPaused(isPaused, this.#now);
  }

  emptyChannel(channel: SimulatedChannel): void {
    channel.learn(this.#log.fanout);
    channel.queue.empty(this.#log.fanout);
    channel.expected.empty();
    channel.proceed(this.#now);
  }

  // What consumers do.

  connect(channel: SimulatedChannel, rdy = this.random.chance(20) ? MANY : this.random.int(8)): void {
    const settings = { msgTimeoutMs: this.random.pick(TIMEOUTS), sampleRate: 0, outputBufferTimeoutMs: 250 };
    const consumer = new Consumer(`connection ${++this.#connections}`, settings);
    consumer.rdy = rdy;
    channel.queue.connect(consumer);
    channel.proceed(this.#now);
  }

  disconnect(channel: SimulatedChannel, consumer: Consumer): void {
    channel.queue.disconnect(consumer);
    channel.proceed(this.#now);
  }

  /** RDY, CLS, or a socket that fills up or is free again. */
  change(channel: SimulatedChannel, consumer: Consumer): void {
    const { random } = this;
    if (random.chance(20)) consumer.isBlocked = !consumer.isBlocked;
    else if (random.chance(4)) Object.assign(consumer, { isClosing: true, rdy: 0 });
    else if (!consumer.isClosing) consumer.rdy = random.int(8);
    channel.proceed(this.#now);
  }

  /** Some commands that arrive together. */
  answer(channel: SimulatedChannel, consumer: Consumer): void {
    const { random } = this;
    const now = this.#now;
    for (let i = 1 + random.int(4); i > 0; i--) {
      const own = channel.expected.held(consumer.id);
      const isOwn = own.length > 0 && random.chance(85);
      const seq = isOwn ? random.pick(own) : START + random.int(this.#log.end - START + 2);
      const { queue, expected } = channel;
      const delay = random.chance(40) ? 0 : random.pick(DELAYS);
      const [got, owed] = random.pick<() => [Answered, Answered]>([
        () => [queue.finish(consumer, seq, now), expected.finish(consumer, seq)],
        () => [queue.finish(consumer, seq, now), expected.finish(consumer, seq)],
        () => [queue.requeue(consumer, seq, delay, now), expected.requeue(consumer, seq, delay, now)],
        () => [queue.touch(consumer, seq, now), expected.touch(consumer, seq, now)],
      ])();
      if (got !== owed) throw new Error(`${consumer.id} was answered ${got} for ${seq}, not ${owed}`);
    }
    channel.proceed(now);
  }

  /** An operator looks into a channel, and deals with one of the messages that are there. */
  intervene(channel: SimulatedChannel): void {
    const { random } = this;
    const listed = this.#look(channel, random.pick(LISTS), random.pick([1, 3, 100]));
    if (listed.length === 0) return;
    const { seq, due } = random.pick(listed);
    const dueInLog = this.#log.record(seq)?.due ?? null;
    channel.intervene(random.pick(["finish", "requeue"]), { seq, due, dueInLog }, this.#log.fanout, this.#now);
  }

  /** Pages through a list. */
  #look(channel: SimulatedChannel, list: (typeof LISTS)[number], limit: number): SeenMessage[] {
    const seen: SeenMessage[] = [];
    let place: LookPlace | null = null;
    channel.learn(this.#log.fanout);
    channel.expected.expire(this.#now);
    do {
      const { fanout } = this.#log;
      const ownLimit = place?.section === "log" ? 0 : limit;
      const look = channel.queue.look(list, place, ownLimit, fanout, this.#now);
      const report = { ...look, next: ownLimit === 0 ? null : look.next, owners: {} };
      const page: MessagePage = lookAtChannel(this.#log, fanout, report, { list, place, limit, search: "" }, this.#now);
      seen.push(...page.messages);
      place = page.next;
    } while (place !== null);
    return seen;
  }

  /** Whatever is looked at is what there is. */
  checkLists(channel: SimulatedChannel): void {
    if (channel.name.endsWith("#ephemeral")) return; // how much it has lost only it knows
    for (const list of LISTS) {
      const seen = this.#look(channel, list, this.random.pick([1, 3, 100])).map(({ seq }) => seq);
      const there = channel.expected.listed(list, this.#now);
      const [is, owed] = [seen, there].map((seqs) => seqs.sort((a, b) => a - b).join());
      if (is !== owed) throw new Error(`${list} of ${channel.name} are ${is}, not ${owed}`);
    }
  }

  // What happens to the objects and between them.

  /** Lets time pass; `isAwake` when everybody wakes at the time they want to. */
  pass(ms: number, isAwake: boolean): void {
    const until = this.#now + ms;
    for (let wakes = 0; isAwake && wakes < 10_000; wakes++) {
      const wakeAt = (channel: SimulatedChannel) => channel.queue.nextWakeAt(this.#now);
      const [next] = this.channels.toSorted((a, b) => wakeAt(a) - wakeAt(b));
      if (!next || wakeAt(next) > until) break;
      this.#now = wakeAt(next);
      next.proceed(this.#now);
    }
    this.#now = until;
  }

  /** The time at which somebody wants to be woken; Infinity for never. */
  get nextWakeAt(): number {
    return Math.min(...this.channels.map(({ queue }) => queue.nextWakeAt(this.#now)));
  }

  wakeUp(): void {
    this.#now = Math.max(this.#now, this.nextWakeAt);
    for (const channel of this.channels) channel.proceed(this.#now);
  }

  get now(): number {
    return this.#now;
  }

  get channels(): SimulatedChannel[] {
    return [...this.#channels.values()];
  }

  get unusedNames(): string[] {
    return NAMES.filter((name) => !this.#channels.has(name));
  }

  save(channel: SimulatedChannel): void {
    channel.save(this.#now);
  }

  /** A channel's object is lost, and made anew; an ephemeral channel would be gone. */
  crashChannel(channel: SimulatedChannel, survivors: readonly Consumer[]): void {
    if (channel.name.endsWith("#ephemeral")) return;
    channel.crash(survivors, this.#now);
  }

  /** The topic's object is lost, and made anew; what an ephemeral one has counted would be gone. */
  crashTopic(): void {
    if (this.#isBounded) return;
    if (this.random.chance(50)) this.#state = this.#log.state; // saved by an alarm
    this.#state = JSON.parse(JSON.stringify(this.#state));
    this.#log = this.#open();
    for (const name of this.#followers.keys()) {
      this.#followers.set(name, { next: this.#log.fanout, isFollowing: true, wishes: 0, push: null });
    }
  }

  /** The topic's alarm rings. */
  wakeTopic(): void {
    this.#send();
    while (this.#log.trim());
  }

  /** Lets the call between a channel and its topic come one step further, or fail. Returns whether there was one. */
  advanceQuestion(channel: SimulatedChannel, fails: boolean): boolean {
    const { question } = channel;
    if (channel.hasFailed) {
      channel.retry(this.#now);
      return true;
    }
    if (question === null) return false;
    if (fails) channel.failed();
    else if (question.answer) channel.answered(this.#now);
    else if (question.kind === "frames") question.answer = this.#log.frames(question.seqs, this.#maxBytes());
    else question.answer = this.#pull(channel, question.seq, question.low);
    return true;
  }

  /** The same for what the topic sends by itself; `repeats` when the channel gets it twice. */
  advancePush(channel: SimulatedChannel, fails: boolean, repeats: boolean): boolean {
    const follower = this.#follower(channel);
    const { push } = follower;
    if (push === null) return false;
    if (fails) {
      follower.push = null;
    } else if (push.answer === null) {
      if (repeats) channel.offer(push.batches, push.end, this.#now);
      const isFollowing = channel.offer(push.batches, push.end, this.#now);
      push.answer = { isFollowing, low: channel.queue.savedLow };
    } else {
      this.#pushed(channel.name, follower, push.answer);
    }
    return true;
  }

  // What must always be true.

  checkTopic(): void {
    const { depth, messageCount, messageBytes, isPaused, channelNames } = this.#log;
    const is = { depth, messageCount, messageBytes, isPaused, channelNames: `${channelNames.toSorted()}` };
    const owed = {
      depth: this.#waiting.length,
      messageCount: this.#messageCount,
      messageBytes: this.#messageBytes,
      isPaused: this.#isPaused,
      channelNames: `${[...this.#channels.keys()].toSorted()}`,
    };
    compare("the topic", is, owed);
  }

  /** Checks the counts as /stats shows them (src/durable/topic-stats.ts). */
  checkChannel(channel: SimulatedChannel): void {
    const { queue, expected, name } = channel;
    const log = this.#log;
    channel.learn(log.fanout);
    expected.expire(this.#now);
    const counts = queue.counts(log.fanout, this.#now);
    for (const { id, inFlight } of channel.consumers) {
      compare(`${name}, ${id}`, { inFlight }, { inFlight: expected.held(id).length });
    }
    if (name.endsWith("#ephemeral")) return; // how much it has lost only it knows
    const deferredInLog = log.deferred(queue.cursor, log.fanout, this.#now).count - counts.deferredAhead;
    const is = {
      depth: counts.depth - deferredInLog - log.countDropped(queue.cursor),
      inFlight: counts.inFlight,
      deferred: counts.deferred + deferredInLog,
      requeueCount: counts.requeueCount,
      timeoutCount: counts.timeoutCount,
      messageCount: counts.messageCount - log.droppedOf(name),
    };
    compare(`channel ${name}`, is, { ...expected.counts(this.#now), messageCount: expected.messageCount });
  }

  /** Everything is finished: nothing of it may be kept. */
  checkIsOver(): void {
    for (const channel of this.channels) {
      const owed = channel.expected.owed;
      if (owed.length > 0) throw new Error(`channel ${channel.name} still owes ${owed.slice(0, 10)}`);
      channel.checkIsOver(this.#now);
      this.#log.report(channel.name, channel.queue.savedLow);
    }
    if (this.#log.free !== this.#log.fanout) throw new Error(`the log is kept from ${this.#log.free} on`);
  }

  #open(): TopicLog {
    return new TopicLog(this.#store, this.#state, topicLimits({ memQueueSize: MEM_QUEUE_SIZE }), this.#isBounded);
  }

  #draft(): Draft & { body: Uint8Array } {
    const { random } = this;
    const size = random.pick([1, 10, 100, 100, 4_000]);
    const body = new Uint8Array(size).fill(random.int(256));
    return { body, due: random.chance(20) ? this.#now + random.pick(DELAYS) : 0 };
  }

  /** How much an answer of the topic carries: mostly enough, sometimes next to nothing. */
  #maxBytes(): number {
    return this.random.pick([0, 500, 1e6, 1e6]);
  }

  #fanOut(): void {
    if (!this.#isPaused && this.#channels.size > 0) {
      for (const { expected } of this.channels) for (const message of this.#waiting) expected.give(message);
      this.#waiting = [];
    }
    for (const { expected } of this.channels) expected.fannedOut(this.#log.fanout);
    this.#send();
  }

  #pull(channel: SimulatedChannel, seq: number, low: number) {
    const log = this.#log;
    log.report(channel.name, low);
    const batches = log.read(seq, this.#maxBytes());
    const last = batches.at(-1);
    const next = last ? last.first + last.count : seq;
    const isFollowing = next >= log.fanout;
    const follower = this.#follower(channel);
    if (isFollowing) Object.assign(follower, { next, isFollowing, wishes: follower.wishes + 1 });
    return { batches, end: log.fanout, isFollowing };
  }

  #send(): void {
    for (const follower of this.#followers.values()) {
      if (follower.isFollowing && follower.push === null) this.#sendTo(follower);
    }
  }

  #sendTo(follower: Follower): void {
    const batches = this.#log.readRecent(follower.next, this.#maxBytes()) ?? [];
    follower.push = { batches, end: this.#log.fanout, wishes: follower.wishes, answer: null };
  }

  #pushed(name: string, follower: Follower, answer: { isFollowing: boolean; low: number }): void {
    const { push } = follower;
    follower.push = null;
    this.#log.report(name, answer.low);
    if (push?.wishes === follower.wishes) {
      const last = push.batches.at(-1);
      if (last) follower.next = last.first + last.count;
      follower.isFollowing = answer.isFollowing;
    }
    if (follower.isFollowing && follower.next < this.#log.fanout) this.#sendTo(follower);
  }

  #follower(channel: SimulatedChannel): Follower {
    return this.#followers.get(channel.name) as Follower;
  }
}

function sqliteLog(): SqliteLogStore {
  const database = new Database();
  SqliteLogStore.createTables(database);
  return new SqliteLogStore(database);
}

function sqliteChannel(): SqliteChannelStore {
  const database = new Database();
  SqliteChannelStore.createTables(database);
  return new SqliteChannelStore(database);
}

function compare<T extends object>(what: string, is: T, owed: T): void {
  const keys = Object.keys(is) as (keyof T)[];
  const wrong = keys.filter((key) => is[key] !== owed[key]).map((key) => `${String(key)} ${is[key]}, not ${owed[key]}`);
  if (wrong.length > 0) throw new Error(`${what} has ${wrong.join(", ")}`);
}
