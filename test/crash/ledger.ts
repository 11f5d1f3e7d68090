// What the clients saw of a topic, in the order in which they saw it, and when. Nothing here judges: that is for the checks.

import { type Channel, channelOf } from "./channel-record.ts";
import { Flag, type FlagOrder, type Moment, type Order } from "./orders.ts";

export interface Publish {
  readonly sent: Moment;
  /** A connection's publishes are carried out in the order in which they were sent; null for one by HTTP. */
  readonly connection: object | null;
  readonly deferMs: number;
  /** One, or those of an MPUB: all of them are stored or none. */
  readonly messages: readonly Message[];
  acked: Moment | null;
}

export interface Message {
  /** Unique. */
  readonly body: string;
  readonly publish: Publish;
  /** When it was first delivered to anybody. */
  seen: Moment | null;
}

/** What /stats says. */
export interface TopicCounts {
  readonly messageCount: number;
  readonly depth: number;
  readonly isPaused: boolean;
  readonly channels: readonly ChannelCounts[];
}

export interface ChannelCounts {
  readonly name: string;
  readonly depth: number;
  readonly inFlight: number;
  readonly deferred: number;
  readonly messageCount: number;
  readonly requeueCount: number;
  readonly isPaused: boolean;
}

export interface Look {
  readonly moment: Moment;
  readonly life: number;
  readonly counts: TopicCounts;
}

/** What a kill may be waiting for. */
export type Sight = "acked" | "proven" | "ordered" | "confirmed" | "redelivered";

/** A delay that no run lasts, as long as max-req-timeout lets it be: what has it stays deferred to the end. ms */
export const PARKED_MS = 3_600_000;

export class Ledger {
  readonly publishes: Publish[] = [];
  readonly channels: Channel[] = [];
  readonly topicPause = new Flag();
  /** What /stats said right after a restart, when nobody was connected yet. */
  readonly looks: Look[] = [];
  /** What /stats said when everything was delivered. */
  end: Look | null = null;
  /** What is wrong whatever happened before. */
  readonly surprises: string[] = [];
  /** Of the broker: it is killed between two of them. */
  life = 0;
  isKilled = false;
  readonly #clock: () => number;
  readonly #saw: (sight: Sight) => void;
  readonly #byBody = new Map<string, Message>();
  #order = 0;

  constructor(clock: () => number, saw: (sight: Sight) => void = () => {}) {
    this.#clock = clock;
    this.#saw = saw;
  }

  /** Now, and later than all before. */
  moment(): Moment {
    return { order: this.#order++, at: this.#clock() };
  }

  saw(sight: Sight): void {
    this.#saw(sight);
  }

  started(): void {
    this.life++;
    this.isKilled = false;
  }

  killed(): void {
    this.isKilled = true;
  }

  /** Something went wrong that nothing but a kill excuses. */
  surprised(text: string): void {
    if (!this.isKilled) this.surprises.push(`life ${this.life}: ${text}`);
  }

  publishing(bodies: readonly string[], deferMs = 0, connection: object | null = null): Publish {
    const messages: Message[] = [];
    const publish: Publish = { sent: this.moment(), connection, deferMs, messages, acked: null };
    for (const body of bodies) {
      const message = { body, publish, seen: null };
      messages.push(message);
      this.#byBody.set(body, message);
    }
    this.publishes.push(publish);
    return publish;
  }

  acked(publish: Publish): void {
    publish.acked = this.moment();
    this.saw("acked");
  }

  /** The message with this body; undefined when nobody published it. */
  message(body: string): Message | undefined {
    return this.#byBody.get(body);
  }

  /** A new channel is asked for. */
  creating(name: string): Channel {
    const channel = channelOf(this, name);
    this.channels.push(channel);
    this.saw("ordered");
    return channel;
  }

  deleting(channel: Channel): Order {
    channel.deletion ??= { sent: this.moment(), confirmed: null };
    this.saw("ordered");
    return channel.deletion;
  }

  pausing(flag: Flag, value: boolean): FlagOrder {
    this.saw("ordered");
    return flag.order(value, this.moment(), this.life);
  }

  confirmed(order: Order): void {
    order.confirmed ??= this.moment();
    this.saw("confirmed");
  }

  /** /stats was read before anybody connected: what was in doubt is settled. */
  looked(counts: TopicCounts): void {
    const moment = this.moment();
    this.looks.push({ moment, life: this.life, counts });
    this.topicPause.observed(counts.isPaused, moment, this.life);
    for (const channel of this.channels) {
      const found = counts.channels.find(({ name }) => name === channel.name);
      if (found && !channel.deletion) {
        channel.creation.confirmed ??= moment;
        channel.pause.observed(found.isPaused, moment, this.life);
      }
      if (!found && channel.deletion) channel.deletion.confirmed ??= moment;
    }
  }

  /** Everything was delivered, as far as /stats says. */
  ended(counts: TopicCounts): void {
    this.end = { moment: this.moment(), life: this.life, counts };
  }
}
