// What a large backlog costs: a million messages wait in a topic, then in three channels at different places.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { peakBytes } from "../../test/broker/memory.ts";
import { atLeast, atMost, type Figure } from "../figure.ts";
import { medians } from "../rounds.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { BROKER_DIR } from "../servers.ts";
import { post } from "../target.ts";
import { Drain, Producer } from "./backlog-load.ts";

const WANTED = 0.9;
const MAX_MEMORY_MB = 400;
const MAX_OPENING_S = 2;
const TOPIC = "large";
/** At the beginning, at a third, and at two thirds of the backlog. */
const CHANNELS = ["first", "second", "third"] as const;

interface Sizes {
  readonly backlog: number;
  /** Messages that are published or drained at a time. */
  readonly portion: number;
  readonly rounds: number;
}

const WHOLE: Sizes = { backlog: 1_000_000, portion: 50_000, rounds: 25 };
const QUICK: Sizes = { backlog: 100_000, portion: 10_000, rounds: 3 };

export const backlog: Scenario = {
  name: "backlog",
  async run({ isQuick }: Bench): Promise<Figure[]> {
    const dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-bench-"));
    const run = new BacklogRun(dataDir, isQuick ? QUICK : WHOLE);
    try {
      return await run.figures();
    } finally {
      await run.end();
    }
  },
};

class BacklogRun {
  readonly #dataDir: string;
  readonly #sizes: Sizes;
  #broker: BrokerProcess | null = null;
  #peak = 0;
  #topics = 0;

  constructor(dataDir: string, sizes: Sizes) {
    this.#dataDir = dataDir;
    this.#sizes = sizes;
  }

  async figures(): Promise<Figure[]> {
    await this.#restart();
    const producer = await Producer.open(this.#running, TOPIC);
    await producer.publish(this.#sizes.backlog);
    const figures = [await this.#publishing("the topic", producer, [])];
    await this.#inherit();
    const drains = await this.#spread();
    figures.push(await this.#publishing("three channels", producer, CHANNELS));
    figures.push(...(await this.#draining(drains)));
    figures.push(...(await this.#opening()));
    await this.#stop();
    // Where nobody knows the memory there is nothing to compare.
    if (this.#peak > 0)
      figures.push(atMost("backlog: memory at most, MB", "the limit", this.#peak / 1e6, MAX_MEMORY_MB, 1));
    return figures;
  }

  async end(): Promise<void> {
    await this.#stop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }

  get #running(): BrokerProcess {
    if (this.#broker === null) throw new Error("the broker does not run");
    return this.#broker;
  }

  /** How fast messages are published where many wait, and where none do. */
  async #publishing(where: string, toLarge: Producer, channels: readonly string[]): Promise<Figure> {
    const { portion, rounds } = this.#sizes;
    const { large, empty } = await medians(rounds, {
      large: () => toLarge.publish(portion),
      empty: () =>
        this.#withTopic(channels, async (topic) => {
          const toEmpty = await Producer.open(this.#running, topic);
          await toEmpty.publish(1); // what it costs to begin is not the question
          const published = await toEmpty.publish(portion);
          toEmpty.close();
          return published;
        }),
    });
    return atLeast(`backlog: publish while it waits in ${where}, messages/s`, "an empty topic", large, empty, WANTED);
  }

  /** Hands all that waits in the topic to each channel. */
  async #inherit(): Promise<void> {
    await post(`${this.#running.http}/topic/pause?topic=${TOPIC}`);
    for (const channel of CHANNELS)
      await post(`${this.#running.http}/channel/create?topic=${TOPIC}&channel=${channel}`);
    await post(`${this.#running.http}/topic/unpause?topic=${TOPIC}`);
  }

  /** Brings the channels to different places. */
  async #spread(): Promise<Drain[]> {
    const drains: Drain[] = [];
    for (const [index, channel] of CHANNELS.entries()) {
      const drain = await Drain.open(this.#running, TOPIC, channel);
      if (index > 0) await drain.drain((index * this.#sizes.backlog) / CHANNELS.length);
      drains.push(drain);
    }
    return drains;
  }

  /** How fast each channel is drained, and one that has but little. */
  async #draining(drains: readonly Drain[]): Promise<Figure[]> {
    const { portion, rounds } = this.#sizes;
    const channels = CHANNELS.map((name, index) => [name, () => (drains[index] as Drain).drain(portion)] as const);
    const small = await medians(rounds, {
      ...(Object.fromEntries(channels) as Record<(typeof CHANNELS)[number], () => Promise<number>>),
      small: () => this.#drainSmall(),
    });
    return CHANNELS.map((name) =>
      atLeast(`backlog: drain the ${name} channel, messages/s`, "a small backlog", small[name], small.small, WANTED),
    );
  }

  #drainSmall(): Promise<number> {
    return this.#withTopic(["ch"], async (topic) => {
      const producer = await Producer.open(this.#running, topic);
      // Some more than is drained: the last ones, for which a consumer waits, are no part of the comparison.
      await producer.publish(1.1 * this.#sizes.portion);
      producer.close();
      const drain = await Drain.open(this.#running, topic, "ch");
      const drained = await drain.drain(this.#sizes.portion);
      drain.close();
      return drained;
    });
  }

  /** How long it takes from the start of a broker that was killed until a topic answers. */
  async #opening(): Promise<Figure[]> {
    const empty = await this.#newTopic(CHANNELS);
    const opened = async (topic: string) => (await this.#restart()) + (await this.#answering(topic));
    const { large, small } = await medians(this.#sizes.rounds, {
      large: () => opened(TOPIC),
      small: () => opened(empty),
    });
    const scenario = "backlog: restart until the topic answers, s";
    return [
      atMost(scenario, "the limit", large, MAX_OPENING_S, 1),
      // Both are far below a second: what must not be is that one takes several times as long.
      atMost(scenario, "an empty topic", large, small, 2),
    ];
  }

  /** Seconds until a topic tells how it is. */
  async #answering(topic: string): Promise<number> {
    const start = performance.now();
    const response = await fetch(`${this.#running.http}/stats?format=json&topic=${topic}`);
    const { topics } = (await response.json()) as { topics: unknown[] };
    if (topics.length !== 1) throw new Error(`there is no topic ${topic}`);
    return (performance.now() - start) / 1000;
  }

  /** Does something with a topic that has nothing, and is deleted afterwards. */
  async #withTopic<T>(channels: readonly string[], act: (topic: string) => Promise<T>): Promise<T> {
    const topic = await this.#newTopic(channels);
    const result = await act(topic);
    await post(`${this.#running.http}/topic/delete?topic=${topic}`);
    return result;
  }

  async #newTopic(channels: readonly string[]): Promise<string> {
    const topic = `empty-${++this.#topics}`;
    await post(`${this.#running.http}/topic/create?topic=${topic}`);
    for (const channel of channels)
      await post(`${this.#running.http}/channel/create?topic=${topic}&channel=${channel}`);
    return topic;
  }

  /** Kills the broker, if it runs, and starts it on the same data. Returns how long the start took, s. */
  async #restart(): Promise<number> {
    await this.#stop();
    const start = performance.now();
    this.#broker = await startBroker({ dataDir: this.#dataDir, bundleDir: BROKER_DIR });
    return (performance.now() - start) / 1000;
  }

  async #stop(): Promise<void> {
    if (this.#broker === null) return;
    this.#peak = Math.max(this.#peak, peakBytes(this.#broker.pid));
    await this.#broker.stop("SIGKILL");
    this.#broker = null;
  }
}
