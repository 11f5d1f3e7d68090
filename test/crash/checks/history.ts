// Histories to be checked: what clients could have seen, told in few words.

import { expect } from "vitest";
import type { Channel } from "../channel-record.ts";
import type { Answer, ConsumerRecord, Delivery } from "../consumer-record.ts";
import { type ChannelCounts, Ledger, type Publish, type TopicCounts } from "../ledger.ts";
import type { Flag } from "../orders.ts";

export const T0 = 1_700_000_000_000;
export const MINUTE = 60_000;

export class History {
  now = T0;
  readonly ledger = new Ledger(() => this.now);

  constructor() {
    this.ledger.started();
  }

  pass(ms: number): void {
    this.now += ms;
  }

  channel(name = "a"): Channel {
    const channel = this.ledger.creating(name);
    this.ledger.confirmed(channel.creation);
    return channel;
  }

  /** What was acknowledged. */
  publish(body: string, deferMs = 0, connection: object | null = null): Publish {
    const publish = this.inDoubt([body], deferMs, connection);
    this.ledger.acked(publish);
    return publish;
  }

  inDoubt(bodies: readonly string[], deferMs = 0, connection: object | null = null): Publish {
    return this.ledger.publishing(bodies, deferMs, connection);
  }

  consumer(channel: Channel, rdy = 10, msgTimeoutMs = MINUTE): ConsumerRecord {
    const consumer = channel.subscribing(msgTimeoutMs);
    consumer.readying(rdy);
    return consumer;
  }

  /** The consumer learns that everything it said was carried out. */
  prove(consumer: ConsumerRecord): void {
    consumer.refused(`E_FIN_FAILED FIN ${consumer.barring()} failed ID not in flight`);
  }

  /** It finishes, and that is proven. */
  finish(delivery: Delivery): void {
    delivery.consumer.answering(delivery, "FIN");
    this.prove(delivery.consumer);
  }

  /** It requeues, and that is proven. */
  requeue(delivery: Delivery, delayMs: number): Answer {
    delivery.consumer.answering(delivery, "REQ", delayMs);
    this.prove(delivery.consumer);
    return delivery.answer as Answer;
  }

  pause(flag: Flag, value: boolean): void {
    this.ledger.confirmed(this.ledger.pausing(flag, value));
  }

  delete(channel: Channel): void {
    this.ledger.confirmed(this.ledger.deleting(channel));
  }

  /** The broker is killed, and lives again. */
  kill(): void {
    this.ledger.killed();
    this.ledger.started();
  }
}

/** What /stats says of a topic whose messages are all finished. */
export function counts(messageCount: number, ...channels: (Partial<ChannelCounts> & { name: string })[]): TopicCounts {
  const none = { depth: 0, inFlight: 0, deferred: 0, messageCount, requeueCount: 0, isPaused: false };
  return { messageCount, depth: 0, isPaused: false, channels: channels.map((channel) => ({ ...none, ...channel })) };
}

/** Just that one thing is wrong. */
export function only(text: string): string[] {
  return [expect.stringContaining(text)];
}
