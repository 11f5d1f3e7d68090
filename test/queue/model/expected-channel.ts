// What a channel owes to its consumers, said as simply as can be: each message is finished, in flight, or to be delivered.
// Whatever a channel does is checked against this; what it cannot do at that moment is an error.

import type { ChannelCounts } from "../../../src/queue/channel-counts.ts";
import type { Answered } from "../../../src/queue/channel-queue.ts";
import type { Consumer } from "../../../src/queue/consumer.ts";
import type { Intervention } from "../../../src/queue/operator.ts";
import type { Received } from "../../helpers/records.ts";

export interface Published {
  readonly seq: number;
  readonly body: Uint8Array;
  readonly publishedAt: number;
  /** When it may be delivered first, ms; 0 for at once. */
  readonly due: number;
}

/** What a crash takes back to how it was saved. */
interface CopyState {
  readonly place: "ready" | "in-flight" | "finished";
  readonly attempts: number;
  /** Ready: when it may be delivered, ms. */
  readonly notBefore: number;
  /** Ready: whether a requeue with a delay put it aside; it goes to the tail when that is over. */
  readonly isAside: boolean;
  /** In flight: the id of its owner. */
  readonly owner: string;
  readonly deliveredAt: number;
  readonly deadline: number;
}

/** A message of the channel. */
class Copy {
  readonly message: Published;
  state: CopyState;
  /** Came back: its turn is behind everything below this seq. */
  after = 0;
  /** The most attempts that were ever seen: saved before they are sent, but for the first one, they are known after a crash. */
  highest = 0;
  /** Not to be delivered before this, ms: saved at once, a crash does not change it. */
  promised: number;
  /** An operator has put it at the tail. */
  wasBrought = false;
  /** Fell behind what an ephemeral channel keeps: it may be gone. */
  mayBeLost = false;

  constructor(message: Published) {
    this.message = message;
    this.promised = message.due;
    this.state = { ...READY, attempts: 0, notBefore: message.due, deliveredAt: 0, deadline: 0 };
  }
}

const READY = { place: "ready", notBefore: 0, isAside: false, owner: "" } as const;

/** Who received what. */
export interface Delivery {
  readonly to: Consumer;
  readonly received: Received;
}

export interface ExpectedLimits {
  readonly maxMsgTimeoutMs: number;
  readonly maxBehind: number;
}

export class ExpectedChannel {
  readonly #limits: ExpectedLimits;
  readonly #copies = new Map<number, Copy>();
  readonly #unfinished = new Set<Copy>();
  readonly #inFlight = new Set<Copy>();
  /** In publishing order; those before the index were delivered, or never will be. */
  readonly #fresh: Copy[] = [];
  #freshIndex = 0;
  /** Those that came back, in the order of their turns. */
  #tail: Copy[] = [];
  #requeueCount = 0;
  #timeoutCount = 0;
  /** How far the channel was told that the topic has fanned out. */
  #toldEnd = 0;
  #lastFresh = 0;
  /** What has changed since the last save, as it was then. */
  readonly #savedStates = new Map<Copy, CopyState>();
  #saved = { requeueCount: 0, timeoutCount: 0, lastFresh: 0, connected: new Set<string>() };

  constructor(limits: ExpectedLimits) {
    this.#limits = limits;
  }

  /** The topic fans out a message. */
  give(message: Published): void {
    const copy = new Copy(message);
    this.#copies.set(message.seq, copy);
    this.#unfinished.add(copy);
    if (message.due === 0) this.#fresh.push(copy);
  }

  /** The topic has fanned out up to `end`: what lies too far behind that may be lost. */
  fannedOut(end: number): void {
    const kept = end - this.#limits.maxBehind;
    if (kept < 0) return;
    for (const copy of this.#unfinished) if (copy.message.seq < kept) copy.mayBeLost = true;
  }

  /** The channel is told how far the topic has fanned out. */
  learn(end: number): void {
    this.#toldEnd = Math.max(this.#toldEnd, end);
  }

  /** Whether a message may have left the log. */
  mayBeLost(seq: number): boolean {
    return this.#copies.get(seq)?.mayBeLost ?? false;
  }

  /** What times out or falls due comes back. */
  expire(now: number): void {
    const late = [...this.#inFlight].filter(({ state }) => state.deadline <= now);
    this.#timeoutCount += late.length;
    this.#comeBack(late, ({ deadline }) => deadline);
    const due = [...this.#unfinished].filter(({ state }) => state.isAside && state.notBefore <= now);
    this.#comeBack(due, ({ notBefore }) => notBefore);
  }

  /** Each of the consumers received messages. */
  deliver(deliveries: readonly Delivery[][], now: number): void {
    const served = deliveries.filter(({ length }) => length > 0);
    // Who of several was served first cannot be seen: then whatever order is right is taken for the true one.
    const rank = ({ received: { seq } }: Delivery) => this.#rank(seq);
    for (const received of served) this.#checkAscent(received);
    const all = served.length > 1 ? served.flat().sort((a, b) => rank(a) - rank(b)) : served.flat();
    for (const { to, received } of all) this.#deliver(to, received, now);
  }

  #deliver(to: Consumer, { seq, attempts, body, publishedAt }: Received, now: number): void {
    const copy = this.#copies.get(seq);
    if (!copy) throw new Error(`message ${seq} was delivered but is none of the channel's`);
    const { message, state } = copy;
    if (Buffer.compare(body, message.body) !== 0 || publishedAt !== message.publishedAt) {
      throw new Error(`message ${seq} was delivered with another body or timestamp`);
    }
    if (state.place !== "ready") throw new Error(`message ${seq} was delivered although it is ${state.place}`);
    if (now < copy.promised) throw new Error(`message ${seq} was delivered ${copy.promised - now} ms early`);
    if (attempts !== state.attempts + 1)
      throw new Error(`message ${seq}: attempts ${attempts} after ${state.attempts}`);
    const known = copy.highest > 1 ? copy.highest : 0;
    if (attempts <= known) throw new Error(`message ${seq}: attempts ${attempts}, but ${known} were sent before`);
    this.#checkOrder(copy);
    copy.highest = attempts;
    const deadline = now + to.settings.msgTimeoutMs;
    this.#set(copy, { place: "in-flight", attempts, isAside: false, owner: to.id, deliveredAt: now, deadline });
    const count = this.held(to.id).length;
    if (count > to.rdy) throw new Error(`${to.id} has ${count} messages in flight, RDY is ${to.rdy}`);
  }

  finish(by: Consumer, seq: number): Answered {
    const copy = this.#owned(by, seq);
    if (typeof copy === "string") return copy;
    this.#set(copy, { place: "finished" });
    return "done";
  }

  requeue(by: Consumer, seq: number, delayMs: number, now: number): Answered {
    const copy = this.#owned(by, seq);
    if (typeof copy === "string") return copy;
    this.#requeueCount++;
    if (delayMs === 0) {
      this.#comeBack([copy], () => now);
    } else {
      copy.promised = now + delayMs;
      this.#set(copy, { ...READY, notBefore: copy.promised, isAside: true });
    }
    return "done";
  }

  touch(by: Consumer, seq: number, now: number): Answered {
    const copy = this.#owned(by, seq);
    if (typeof copy === "string") return copy;
    const latest = copy.state.deliveredAt + this.#limits.maxMsgTimeoutMs;
    this.#set(copy, { deadline: Math.min(now + by.settings.msgTimeoutMs, latest) });
    return "done";
  }

  /** An operator drops a message, or puts it at the tail at once; the channel is saved then. */
  intervene(intervention: Intervention, seq: number): void {
    const copy = this.#copies.get(seq);
    if (!copy || copy.state.place === "finished") throw new Error(`an operator found ${seq}, which is none`);
    this.#tail = this.#tail.filter((other) => other !== copy);
    if (intervention === "finish") {
      this.#set(copy, { place: "finished" });
    } else {
      copy.wasBrought = true;
      copy.promised = 0;
      this.#comeBack([copy], () => 0);
    }
  }

  /** The seqs of messages that can be looked at in a list. */
  listed(list: "waiting" | "in_flight" | "deferred", now: number): number[] {
    const isThere = ({ place, notBefore }: CopyState) => {
      if (place === "in-flight") return list === "in_flight";
      return list === (notBefore > now ? "deferred" : "waiting");
    };
    return [...this.#unfinished].filter(({ state }) => isThere(state)).map(({ message }) => message.seq);
  }

  /** Drops everything, for good: no crash brings it back. */
  empty(): void {
    for (const copy of this.#copies.values()) {
      this.#savedStates.delete(copy);
      this.#assign(copy, { ...copy.state, place: "finished" });
    }
    this.#tail = [];
  }

  /** The channel has saved its state; these consumers were connected. */
  saved(connected: Iterable<string>): void {
    this.#savedStates.clear();
    this.#saved = {
      requeueCount: this.#requeueCount,
      timeoutCount: this.#timeoutCount,
      lastFresh: this.#lastFresh,
      connected: new Set(connected),
    };
  }

  /** The channel goes on from what was saved; these consumers are still connected. */
  crashed(survivors: ReadonlySet<string>): void {
    for (const [copy, state] of this.#savedStates) this.#assign(copy, state);
    this.#savedStates.clear();
    this.#requeueCount = this.#saved.requeueCount;
    this.#timeoutCount = this.#saved.timeoutCount;
    this.#lastFresh = this.#saved.lastFresh;
    this.#toldEnd = 0;
    this.#freshIndex = 0;
    this.#tail = []; // in which order they come then is not promised
    for (const copy of this.#inFlight) {
      const { owner } = copy.state;
      if (!survivors.has(owner) && this.#saved.connected.has(owner)) this.#set(copy, READY);
    }
  }

  counts(now: number): Pick<ChannelCounts, "depth" | "inFlight" | "deferred" | "requeueCount" | "timeoutCount"> {
    let [depth, inFlight, deferred] = [0, 0, 0];
    for (const { state } of this.#unfinished) {
      if (state.place === "in-flight") inFlight++;
      else if (state.notBefore > now) deferred++;
      else depth++;
    }
    return { depth, inFlight, deferred, requeueCount: this.#requeueCount, timeoutCount: this.#timeoutCount };
  }

  /** How many messages the channel was given in its life. */
  get messageCount(): number {
    return this.#copies.size;
  }

  /** What a consumer has in flight. */
  held(owner: string): number[] {
    return [...this.#inFlight].filter(({ state }) => state.owner === owner).map(({ message }) => message.seq);
  }

  /** Messages that must still be delivered or finished. */
  get owed(): number[] {
    return [...this.#unfinished].filter(({ mayBeLost }) => !mayBeLost).map(({ message }) => message.seq);
  }

  get earliestDeadline(): number {
    return Math.min(...[...this.#inFlight].map(({ state }) => state.deadline));
  }

  #owned(by: Consumer, seq: number): Copy | Exclude<Answered, "done"> {
    const copy = this.#copies.get(seq);
    if (copy?.state.place !== "in-flight") return "not-in-flight";
    return copy.state.owner === by.id ? copy : "not-owner";
  }

  /** To the tail, in the order of some instant: behind everything that the channel was told of. */
  #comeBack(copies: Copy[], at: (state: CopyState) => number): void {
    for (const copy of copies.sort((a, b) => at(a.state) - at(b.state) || a.message.seq - b.message.seq)) {
      copy.after = this.#toldEnd;
      this.#tail.push(copy);
    }
    for (const copy of copies) this.#set(copy, READY);
  }

  /** First deliveries to one consumer are in the order of publishing. */
  #checkAscent(deliveries: readonly Delivery[]): void {
    let last = 0;
    for (const { seq } of deliveries.map(({ received }) => received)) {
      const copy = this.#copies.get(seq);
      if (!copy || !this.#isFresh(copy)) continue;
      if (seq < last) throw new Error(`message ${seq} was delivered behind ${last}`);
      last = seq;
    }
  }

  /** First deliveries come first, in the order of publishing, then what came back, in its order. */
  #rank(seq: number): number {
    const copy = this.#copies.get(seq);
    if (!copy || this.#isFresh(copy)) return seq;
    return Number.MAX_SAFE_INTEGER - this.#tail.length + this.#tail.indexOf(copy);
  }

  #isFresh({ state, message, wasBrought }: Copy): boolean {
    return state.attempts === 0 && message.due === 0 && !wasBrought;
  }

  #checkOrder(copy: Copy): void {
    const { seq } = copy.message;
    if (this.#isFresh(copy)) {
      if (seq <= this.#lastFresh) throw new Error(`message ${seq} was delivered behind ${this.#lastFresh}`);
      this.#lastFresh = seq;
      return;
    }
    const turn = this.#tail.indexOf(copy);
    if (turn < 0) return; // fell due, or is back from before a crash
    const first = this.#tail.find(({ mayBeLost }) => !mayBeLost) ?? copy;
    if (this.#tail.indexOf(first) < turn) {
      throw new Error(`message ${seq} was delivered before ${first.message.seq}, which came back earlier`);
    }
    this.#tail.splice(turn, 1);
    while (isPassed(this.#fresh[this.#freshIndex])) this.#freshIndex++;
    const fresh = this.#fresh[this.#freshIndex]?.message.seq ?? Number.POSITIVE_INFINITY;
    if (fresh < copy.after) throw new Error(`message ${seq}, which came back, was delivered before ${fresh}`);
  }

  #set(copy: Copy, change: Partial<CopyState>): void {
    if (!this.#savedStates.has(copy)) this.#savedStates.set(copy, copy.state);
    this.#assign(copy, { ...copy.state, ...change });
  }

  #assign(copy: Copy, state: CopyState): void {
    copy.state = state;
    if (state.place === "finished") this.#unfinished.delete(copy);
    else this.#unfinished.add(copy);
    if (state.place === "in-flight") this.#inFlight.add(copy);
    else this.#inFlight.delete(copy);
  }
}

function isPassed(copy: Copy | undefined): boolean {
  if (copy === undefined) return false;
  return copy.state.attempts > 0 || copy.state.place === "finished" || copy.mayBeLost || copy.wasBrought;
}
