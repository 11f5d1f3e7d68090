// What the model test knows: which messages each channel still owes to its consumers, who holds which, and what may not
// happen (design 3). It sees the broker only from outside.

import { expect } from "vitest";
import type { Received, V2Client } from "./v2-client.ts";

/** A message as it was published; bodies are unique. */
export interface Published {
  readonly body: string;
  /** Instants of the model: what was sent after another one was confirmed stands behind it in the log. */
  readonly sentAt: number;
  confirmedAt: number;
  /** It may have gone to a channel that is deleted. */
  isDoubtful: boolean;
  /** Where it is owed, or was. */
  readonly offeredTo: Set<ModelChannel>;
  /** Not before this, ms. */
  readonly dueAt: number;
  readonly isDeferred: boolean;
}

/** A message that a channel owes. */
export interface Owed {
  readonly published: Published;
  /** Attempts of the last delivery that was seen; 0 for none. */
  attempts: number;
  /** Not before this, ms: deferred by its publish or by REQ, or held by somebody who left. */
  notBefore: number;
  /** It may be that the channel does not owe it: a crash may have made it forget that it was finished, or nobody said `OK`. */
  isUncertain: boolean;
}

interface Holding {
  readonly owed: Owed;
  deadline: number;
}

export interface ModelConsumer {
  readonly client: V2Client;
  readonly channel: ModelChannel;
  rdy: number;
  /** The highest RDY since everything was last settled. */
  ceiling: number;
  /** By message id. */
  readonly holding: Map<string, Holding>;
  /** When the newest of what it got as a first delivery was sent. */
  lastSentAt: number;
}

export interface ModelChannel {
  readonly name: string;
  readonly owed: Map<string, Owed>;
  /** Finished since the channel last saved its state for sure. */
  unsaved: Owed[];
  /** What consumers that left still hold: until when. */
  readonly abandoned: Map<Owed, number>;
  /** The same from before a crash: if that was saved they still are held, else they came back at once. */
  readonly perhapsAbandoned: Map<Owed, number>;
  isPaused: boolean;
  /** An order is under way. */
  doubt: "emptying" | "deletion" | "intervention" | null;
}

export const MSG_TIMEOUT_MS = 60_000;

export class ModelWorld {
  readonly channels = new Map<string, ModelChannel>();
  readonly consumers = new Set<ModelConsumer>();
  /** Whose channels were deleted: their connections are closed sooner or later. */
  readonly ended = new Set<V2Client>();
  isTopicPaused = false;
  /** Published, and not yet with the channels. */
  #waiting: Published[] = [];
  #count = 0;
  #instant = 0;
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  /** A message is sent; it may come to be there from now on. */
  sent(deferMs: number): Published {
    const published: Published = {
      body: `m${this.#count++}`,
      sentAt: ++this.#instant,
      confirmedAt: Number.POSITIVE_INFINITY,
      isDoubtful: false,
      offeredTo: new Set(),
      dueAt: this.now + deferMs,
      isDeferred: deferMs > 0,
    };
    this.#waiting.push(published);
    this.#fanOut();
    return published;
  }

  /** `OK` was said. */
  confirmed(published: Published): void {
    published.confirmedAt = ++this.#instant;
    for (const { owed, doubt } of this.channels.values()) {
      const message = owed.get(published.body);
      if (message && doubt === null) message.isUncertain = false;
    }
  }

  /** It was refused, and so it is nowhere. */
  refused(published: Published): void {
    this.#waiting = this.#waiting.filter((other) => other !== published);
    for (const { owed } of this.channels.values()) owed.delete(published.body);
  }

  channelCreated(name: string): void {
    if (this.channels.has(name)) return;
    this.channels.set(name, {
      name,
      owed: new Map(),
      unsaved: [],
      abandoned: new Map(),
      perhapsAbandoned: new Map(),
      isPaused: false,
      doubt: null,
    });
    this.#fanOut();
  }

  channelDeleted(name: string): void {
    this.channels.delete(name);
    for (const consumer of this.consumers) {
      if (consumer.channel.name !== name) continue;
      this.consumers.delete(consumer);
      this.ended.add(consumer.client);
    }
  }

  /** What waits may come to the channels from now on. */
  topicMayBeUnpaused(): void {
    for (const published of this.#waiting)
      for (const channel of this.channels.values()) offer(published, channel, true);
  }

  topicPaused(isPaused: boolean): void {
    this.isTopicPaused = isPaused;
    this.#fanOut();
  }

  topicEmptied(): void {
    this.#waiting = [];
  }

  topicDeleted(): void {
    for (const name of [...this.channels.keys()]) this.channelDeleted(name);
    this.#waiting = [];
    this.isTopicPaused = false;
  }

  /** What was there when the order was given is gone; what came since may be. */
  channelEmptied(channel: ModelChannel, before: ReadonlySet<Owed>): void {
    for (const [body, owed] of [...channel.owed]) {
      if (before.has(owed)) channel.owed.delete(body);
      else owed.isUncertain = true;
    }
    channel.unsaved = [];
    channel.abandoned.clear();
    channel.perhapsAbandoned.clear();
    for (const consumer of this.consumers) {
      if (consumer.channel !== channel) continue;
      for (const { owed, deadline } of consumer.holding.values()) {
        if (!before.has(owed)) channel.perhapsAbandoned.set(owed, deadline);
      }
      consumer.holding.clear();
    }
  }

  /** An operator has finished a message, for good, wherever it was. */
  messageDropped(channel: ModelChannel, owed: Owed): void {
    channel.owed.delete(owed.published.body);
    channel.unsaved = channel.unsaved.filter((other) => other !== owed);
    channel.abandoned.delete(owed);
    channel.perhapsAbandoned.delete(owed);
    for (const { holding } of this.consumers) {
      for (const [id, held] of holding) if (held.owed === owed) holding.delete(id);
    }
  }

  consumerLeft(consumer: ModelConsumer): void {
    // What it held stays its own until it times out.
    for (const { owed, deadline } of consumer.holding.values()) {
      owed.notBefore = deadline;
      consumer.channel.abandoned.set(owed, deadline);
    }
    this.consumers.delete(consumer);
  }

  /** Time went by: what was held for too long may go to others. */
  advanced(ms: number): void {
    this.now += ms;
    for (const { holding } of this.consumers) {
      for (const [id, { deadline }] of holding) if (deadline <= this.now) holding.delete(id);
    }
    for (const { abandoned, perhapsAbandoned } of this.channels.values()) {
      for (const held of [abandoned, perhapsAbandoned]) {
        for (const [owed, deadline] of held) if (deadline <= this.now) held.delete(owed);
      }
    }
  }

  /** Everything was killed, and the state since the last save is forgotten. */
  crashed(): void {
    this.consumers.clear();
    for (const channel of this.channels.values()) this.channelCrashed(channel);
  }

  /** Its consumers are gone. */
  channelCrashed(channel: ModelChannel): void {
    for (const owed of channel.unsaved) {
      owed.isUncertain = true;
      channel.owed.set(owed.published.body, owed);
    }
    channel.unsaved = [];
    for (const [owed, deadline] of channel.abandoned) channel.perhapsAbandoned.set(owed, deadline);
    channel.abandoned.clear();
    // Who held a message is gone, so it may come at once; what was deferred keeps its time.
    for (const owed of channel.owed.values()) owed.notBefore = Math.min(owed.notBefore, this.#deferredUntil(owed));
  }

  /** Everything that was sent to the broker has been answered. */
  settled(): void {
    this.#unanswered.clear();
  }

  saved(channel: ModelChannel): void {
    channel.unsaved = [];
  }

  received(consumer: ModelConsumer, received: Received): void {
    if (!("id" in received)) throw new Error(`unexpected: ${JSON.stringify(received)}`);
    const { id, attempts, body } = received;
    const { channel, holding } = consumer;
    const owed = channel.owed.get(body);
    if (!owed) throw new Error(`${channel.name} delivered ${body}, which it did not owe`);
    this.#checkNotHeld(channel, owed);
    expect(holding.size, `[I5] in flight to one consumer, RDY ${consumer.ceiling}`).toBeLessThan(consumer.ceiling);
    expect(attempts, `[I3] attempts of ${body}`).toBeGreaterThanOrEqual(Math.max(1, owed.attempts));
    expect(this.now, `[I6] ${body} came early`).toBeGreaterThanOrEqual(owed.notBefore);
    const { sentAt, confirmedAt, isDeferred } = owed.published;
    if (owed.attempts === 0 && !isDeferred) {
      expect(confirmedAt, "[I4] first deliveries out of order").toBeGreaterThan(consumer.lastSentAt);
      consumer.lastSentAt = Math.max(consumer.lastSentAt, sentAt);
    }
    owed.attempts = attempts;
    channel.perhapsAbandoned.delete(owed);
    holding.set(id, { owed, deadline: this.now + MSG_TIMEOUT_MS });
  }

  finished(consumer: ModelConsumer, id: string): void {
    const { owed } = consumer.holding.get(id) as Holding;
    consumer.holding.delete(id);
    consumer.channel.owed.delete(owed.published.body);
    owed.isUncertain = false;
    consumer.channel.unsaved.push(owed);
  }

  requeued(consumer: ModelConsumer, id: string, delayMs: number): void {
    const { owed } = consumer.holding.get(id) as Holding;
    consumer.holding.delete(id);
    if (delayMs > 0) this.#deferred.set(owed, this.now + delayMs);
    this.#unanswered.add(owed);
    owed.notBefore = this.now + delayMs;
  }

  touched(consumer: ModelConsumer, id: string): void {
    (consumer.holding.get(id) as Holding).deadline = this.now + MSG_TIMEOUT_MS;
  }

  /** How many messages of a channel are in flight: at least, and at most. */
  inFlight(channel: ModelChannel): [number, number] {
    let count = channel.abandoned.size;
    for (const consumer of this.consumers) if (consumer.channel === channel) count += consumer.holding.size;
    return [count, count + channel.perhapsAbandoned.size];
  }

  /** How many messages a channel owes, wherever they are: at least, and at most. */
  owedFor(channel: ModelChannel): [number, number] {
    const uncertain = [...channel.owed.values()].filter(({ isUncertain }) => isUncertain).length;
    return [channel.owed.size - uncertain, channel.owed.size];
  }

  /** Channels that owe something at this moment to a consumer that has room for it. */
  get starving(): string[] {
    const holding = new Set<Owed>();
    for (const consumer of this.consumers) for (const { owed } of consumer.holding.values()) holding.add(owed);
    const isDue = (channel: ModelChannel, owed: Owed) => {
      const isHeld = holding.has(owed) || channel.abandoned.has(owed) || channel.perhapsAbandoned.has(owed);
      return !owed.isUncertain && !isHeld && this.now >= Math.max(owed.notBefore, owed.published.dueAt);
    };
    const waiting = [...this.consumers].filter(({ channel, rdy, holding }) => !channel.isPaused && holding.size < rdy);
    const channels = new Set(waiting.map(({ channel }) => channel));
    const starving = [...channels].filter((channel) => [...channel.owed.values()].some((owed) => isDue(channel, owed)));
    return starving.map(({ name }) => name);
  }

  get isAllDelivered(): boolean {
    return [...this.channels.values()].every((channel) => this.owedFor(channel)[0] === 0);
  }

  /** Until when REQ put messages aside. */
  readonly #deferred = new Map<Owed, number>();
  /** What was requeued, and may be lost on the way. */
  readonly #unanswered = new Set<Owed>();

  #deferredUntil(owed: Owed): number {
    return Math.max(owed.published.dueAt, this.#unanswered.has(owed) ? 0 : (this.#deferred.get(owed) ?? 0));
  }

  #fanOut(): void {
    if (this.isTopicPaused || this.channels.size === 0) return;
    for (const published of this.#waiting) {
      const isUncertain = published.isDoubtful || published.confirmedAt === Number.POSITIVE_INFINITY;
      for (const channel of this.channels.values()) offer(published, channel, isUncertain);
    }
    // Perhaps the last channel is deleted before these come to it: then they wait for the next one.
    const isEnding = [...this.channels.values()].every(({ doubt }) => doubt === "deletion");
    if (!isEnding) this.#waiting = [];
    else for (const published of this.#waiting) published.isDoubtful = true;
  }

  #checkNotHeld(channel: ModelChannel, owed: Owed): void {
    for (const { channel: other, holding } of this.consumers) {
      if (other !== channel) continue;
      for (const held of holding.values()) {
        expect(held.owed, `[I2] ${owed.published.body} is in flight already`).not.toBe(owed);
      }
    }
  }
}

/** A channel owes a message, unless it did before and it is finished. */
function offer(published: Published, channel: ModelChannel, isUncertain: boolean): void {
  const known = channel.owed.get(published.body);
  if (known) known.isUncertain &&= isUncertain;
  else if (!published.offeredTo.has(channel)) {
    channel.owed.set(published.body, { published, attempts: 0, notBefore: published.dueAt, isUncertain });
  }
  published.offeredTo.add(channel);
}
