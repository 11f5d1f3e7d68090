// What a large backlog costs: a million messages wait in a topic, then in three channels at different places.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { peakBytes } from "../../test/broker/memory.ts";
import { atLeast, atMost, type Figure } from "../figure.ts";
import type { Task } from "../load/task.ts";
import { medians } from "../rounds.ts";
import type { Bench, Scenario, Turn } from "../scenario.ts";
import { BROKER_DIR } from "../servers.ts";
import { createTopic, direct, post, type Target, withTopic } from "../target.ts";

const WANTED = 0.9;
const MAX_MEMORY_MB = 400;
const MAX_OPENING_S = 2;
/** Bytes of a body. */
const SIZE = 200;
/** Messages of an MPUB. */
const BATCH = 500;
/** MPUBs that may be unanswered. */
const OPEN = 16;
const RDY = 2_500;
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
const QUICK: Sizes = { backlog: 300_000, portion: 30_000, rounds: 3 };

export const backlog: Scenario = {
  name: "backlog",
  async run(bench): Promise<Figure[]> {
    const dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-bench-"));
    const run = new BacklogRun(bench, dataDir, bench.isQuick ? QUICK : WHOLE);
    try {
      return await run.figures();
    } finally {
      await run.end();
    }
  },
};

class BacklogRun {
  readonly #bench: Bench;
  readonly #dataDir: string;
  readonly #sizes: Sizes;
  #broker: BrokerProcess | null = null;
  #peak = 0;

  constructor(bench: Bench, dataDir: string, sizes: Sizes) {
    this.#bench = bench;
    this.#dataDir = dataDir;
    this.#sizes = sizes;
  }

  async figures(): Promise<Figure[]> {
    const { backlog } = this.#sizes;
    await this.#restart();
    await this.#bench.load("backlog", this.#publish(TOPIC, backlog));
    const figures = [await this.#publishing("the topic", [])];
    await this.#inherit();
    // Brings the channels to different places.
    for (const [index, channel] of CHANNELS.entries()) {
      const behind = (index * backlog) / CHANNELS.length;
      if (behind > 0) await this.#bench.load("backlog", this.#drain(TOPIC, channel, behind));
    }
    figures.push(await this.#publishing("three channels", CHANNELS));
    figures.push(...(await this.#draining()));
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

  get #target(): Target {
    if (this.#broker === null) throw new Error("the broker does not run");
    const { http, ws, pid } = this.#broker;
    return direct(http, ws, pid);
  }

  #publish(topic: string, messages: number): Task {
    const command = { kind: "mpub", topic, size: SIZE, count: BATCH } as const;
    const producer = { endpoint: this.#target.producer(topic), command, perWrite: 1, open: OPEN };
    return { kind: "publish", producers: [producer], extent: { messages }, server: this.#target.pid };
  }

  #drain(topic: string, channel: string, messages: number): Task {
    const consumers = [{ endpoint: this.#target.consumer(topic, channel), rdy: RDY }];
    return { kind: "consume", consumers, messages, server: this.#target.pid };
  }

  /** How fast messages are published where many wait, and where none do. */
  async #publishing(where: string, channels: readonly string[]): Promise<Figure> {
    const { portion, rounds } = this.#sizes;
    const scenario = `backlog: publish while it waits in ${where}, messages/s`;
    const speed = await this.#bench.compare(
      scenario,
      {
        large: (turn) => turn.run(this.#publish(TOPIC, portion)),
        empty: (turn) =>
          withTopic(this.#target, channels, async (topic) => {
            await turn.run(this.#publish(topic, 1)); // what it costs to begin is not the question
            return turn.run(this.#publish(topic, portion));
          }),
      },
      rounds,
    );
    return atLeast(scenario, "an empty topic", speed("large") as number, speed("empty"), WANTED);
  }

  /** Hands all that waits in the topic to each channel. */
  async #inherit(): Promise<void> {
    const { http } = this.#target;
    await post(`${http}/topic/pause?topic=${TOPIC}`);
    for (const channel of CHANNELS) await post(`${http}/channel/create?topic=${TOPIC}&channel=${channel}`);
    await post(`${http}/topic/unpause?topic=${TOPIC}`);
  }

  /** How fast each channel is drained, and one that has but little. */
  async #draining(): Promise<Figure[]> {
    const { portion, rounds } = this.#sizes;
    const contenders = Object.fromEntries(
      CHANNELS.map((channel) => [channel, (turn: Turn) => turn.run(this.#drain(TOPIC, channel, portion))]),
    );
    const small = (turn: Turn) =>
      withTopic(this.#target, ["ch"], async (topic) => {
        // Some more than is drained: the last ones, for which a consumer waits, are no part of the comparison.
        await turn.run(this.#publish(topic, 1.1 * portion));
        return turn.run(this.#drain(topic, "ch", portion));
      });
    const speed = await this.#bench.compare<string>("backlog: drain", { ...contenders, small }, rounds);
    return CHANNELS.map((channel) => {
      const scenario = `backlog: drain the ${channel} channel, messages/s`;
      return atLeast(scenario, "a small backlog", speed(channel) as number, speed("small"), WANTED);
    });
  }

  /** How long it takes from the start of a broker that was killed until a topic answers. */
  async #opening(): Promise<Figure[]> {
    const empty = await createTopic(this.#target, CHANNELS);
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
    const response = await fetch(`${this.#target.http}/stats?format=json&topic=${topic}`);
    const { topics } = (await response.json()) as { topics: unknown[] };
    if (topics.length !== 1) throw new Error(`there is no topic ${topic}`);
    return (performance.now() - start) / 1000;
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
