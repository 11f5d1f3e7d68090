// Compares what comes from the broker, and its figures, with the model.

import type { TopicStats } from "../../src/durable/topic-stats.ts";
import { stats } from "./broker-api.ts";
import type { Faults } from "./faults.ts";
import { ask } from "./model-orders.ts";
import type { Way } from "./model-producer.ts";
import type { ModelConsumer, ModelWorld } from "./model-world.ts";
import type { Received } from "./v2-client.ts";

const LOOK_AGAIN_MS = 5;
const MAX_ROUNDS = 200;
const BLIND_ROUNDS = 2;

export interface FaultyRun {
  readonly faults: Faults;
  /** How messages are published. */
  readonly way: Way | null;
  /** Actions that are chosen more often. */
  readonly often: readonly string[];
  /** Objects may end by themselves. */
  readonly mayEnd: boolean;
  /** Nothing is killed: then what fails must be made good soon, since somebody has noticed it. */
  readonly isGentle: boolean;
  /** Nobody asks for figures: a channel that is asked learns what it was not told. */
  readonly isBlind: boolean;
}

export class ModelCheck {
  readonly #topic: string;
  readonly #world: ModelWorld;
  readonly #faulty: FaultyRun | null;

  constructor(topic: string, world: ModelWorld, faulty: FaultyRun | null) {
    this.#topic = topic;
    this.#world = world;
    this.#faulty = faulty;
  }

  /** Takes in what was sent, until the broker's figures are those of the model. */
  async settle(): Promise<void> {
    for (let rounds = 0; ; rounds++) {
      await this.#receive();
      if (this.#faulty?.isBlind && rounds === BLIND_ROUNDS) break;
      const difference = await this.#difference();
      if (difference === null) break;
      if (rounds === MAX_ROUNDS) throw new Error(`figures differ: ${difference}`);
      await scheduler.wait(LOOK_AGAIN_MS);
    }
    for (const consumer of this.#world.consumers) consumer.ceiling = consumer.rdy;
    this.#world.settled();
  }

  /** Whether Lookup knows the channels that there are. */
  async isKnownToLookup(): Promise<boolean> {
    const { text } = await ask("GET", `/channels?topic=${this.#topic}`);
    return text === JSON.stringify({ channels: [...this.#world.channels.keys()].sort() });
  }

  async #receive(): Promise<void> {
    const all: [ModelConsumer, Received[]][] = [];
    for (const consumer of this.#world.consumers) {
      const { client } = consumer;
      all.push([consumer, client.closedWith === null ? await client.settled() : [{ closed: client.closedWith }]]);
    }
    // Who was lost together with a life of the channel got what it got before all others.
    const isLost = (received: Received[]) => received.some((one) => "closed" in one);
    for (const [consumer, received] of all) if (isLost(received)) this.#lost(consumer, received);
    for (const [consumer, received] of all) {
      if (isLost(received) || !this.#world.consumers.has(consumer)) continue;
      for (const one of received) this.#world.received(consumer, one);
    }
  }

  #lost(consumer: ModelConsumer, received: Received[]): void {
    const isExpected = consumer.channel.doubt === "deletion" || this.#faulty?.mayEnd;
    for (const one of received) {
      if (!isExpected || !("closed" in one)) this.#world.received(consumer, one);
    }
    this.#world.consumers.delete(consumer);
    this.#world.channelCrashed(consumer.channel);
  }

  async #difference(): Promise<string | null> {
    if (this.#faulty?.isBlind) return "nobody has looked";
    const channels = [...this.#world.channels.values()].filter(({ doubt }) => doubt === null);
    if (channels.length === 0) return null;
    const report = await this.#figures();
    if (typeof report === "string") return report;
    for (const channel of channels) {
      const figures = report.channels.find(({ channel_name }) => channel_name === channel.name);
      if (!figures) return `no channel ${channel.name}`;
      const { depth, in_flight_count, deferred_count } = figures;
      const [least, most] = this.#world.inFlight(channel);
      if (in_flight_count < least || in_flight_count > most) {
        return `${channel.name}: ${in_flight_count} in flight, not ${least} to ${most}`;
      }
      const total = depth + in_flight_count + deferred_count;
      const [atLeast, atMost] = this.#world.owedFor(channel);
      if (total < atLeast || total > atMost) return `${channel.name}: ${total} messages, not ${atLeast} to ${atMost}`;
    }
    return null;
  }

  async #figures(): Promise<TopicStats | string> {
    const look = async () => (await stats(this.#topic).catch(String)) ?? "no topic";
    if (this.#faulty === null) return look();
    // A point of storage may be met by nothing but an object that wakes to answer this.
    const figures = this.#faulty.mayEnd ? await look() : "";
    return typeof figures === "string" ? this.#faulty.faults.without(look) : figures;
  }
}
