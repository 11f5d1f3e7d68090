// Random sequences of everything that can happen to a topic, with evictions and crashes of its objects between any two steps.

import {
  abortAllDurableObjects,
  evictAllDurableObjects,
  evictDurableObject,
  reset,
  runDurableObjectAlarm,
} from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Random } from "../helpers/random.ts";
import { channelStats, channelStub, post, publish, topicStub } from "./broker-api.ts";
import { type ModelChannel, type ModelConsumer, ModelWorld } from "./model-world.ts";
import { V2Client } from "./v2-client.ts";

/** Instants and delays are multiples of this: nothing is due in so short a time that an object would wait for it awake. */
const TICK_MS = 5_000;
const TOPIC = "model";
const CHANNELS = ["a", "b", "c"];
const STEPS = 60;
const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);
/** Seeds that once failed. */
const KNOWN_SEEDS: number[] = [];

beforeEach(() => {
  // Time stands still until the test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
});

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe("a topic, its channels and their consumers", () => {
  it.each([...SEEDS, ...KNOWN_SEEDS])("[DUR1] [CHN1] hold the invariants, whatever happens: seed %i", async (seed) => {
    const run = new Run(seed);
    for (let step = 0; step < STEPS; step++) await run.step();
    await run.drain();
  });
});

class Run {
  readonly #random: Random;
  readonly #world = new ModelWorld(Date.now());
  /** What was done, for the message when something fails. */
  readonly #history: string[] = [];

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  async step(): Promise<void> {
    const [name, action] = this.#random.pick(this.#actions);
    this.#history.push(name);
    try {
      await action();
      await this.#settle();
    } catch (error) {
      throw new Error(`seed ${this.#random.seed} after ${this.#history.join(", ")}`, { cause: error });
    }
  }

  /** Lets everything that is owed be delivered and finished. */
  async drain(): Promise<void> {
    const world = this.#world;
    await post(`/topic/unpause?topic=${TOPIC}`);
    world.topicPaused(false);
    for (const channel of world.channels.values()) {
      await this.#pauseChannel(channel, false);
      await this.#connect(channel, 100);
    }
    for (let rounds = 0; !world.isAllDelivered; rounds++) {
      this.#history.push("drain");
      await this.#settle();
      for (const consumer of world.consumers) {
        for (const id of [...consumer.holding.keys()]) this.#finish(consumer, id);
      }
      await this.#settle();
      await this.#advance(12);
      expect(rounds, `seed ${this.#random.seed}: never delivered`).toBeLessThan(60);
    }
    for (const { client } of world.consumers) client.close();
  }

  /** Each as often as it stands here. */
  get #actions(): [string, () => Promise<void>][] {
    const random = this.#random;
    const withChannel = (act: (channel: ModelChannel) => Promise<void>) => async () => {
      const channels = [...this.#world.channels.values()];
      if (channels.length > 0) await act(random.pick(channels));
    };
    const withHeld = (act: (consumer: ModelConsumer, id: string) => void) => async () => {
      for (const consumer of this.#world.consumers) {
        for (const id of [...consumer.holding.keys()]) if (random.chance(60)) act(consumer, id);
      }
    };
    const publishSome = async () => {
      for (let i = random.int(4); i >= 0; i--) await this.#publish(0);
    };
    const connect = async () => {
      const name = random.pick(CHANNELS);
      this.#world.channelCreated(name);
      await this.#connect(this.#world.channels.get(name) as ModelChannel, random.int(5));
    };
    const finish = withHeld((consumer, id) => this.#finish(consumer, id));
    return [
      ["publish", publishSome],
      ["publish", publishSome],
      ["publish", publishSome],
      ["publish deferred", () => this.#publish((1 + random.int(30)) * TICK_MS)],
      ["connect", connect],
      ["connect", connect],
      ["rdy", async () => this.#rdy()],
      ["rdy", async () => this.#rdy()],
      ["disconnect", () => this.#disconnect()],
      ["finish", finish],
      ["finish", finish],
      ["requeue", withHeld((consumer, id) => this.#requeue(consumer, id, 0))],
      ["defer", withHeld((consumer, id) => this.#requeue(consumer, id, (1 + random.int(30)) * TICK_MS))],
      ["touch", withHeld((consumer, id) => this.#touch(consumer, id))],
      ["advance", () => this.#advance(1 + random.int(20))],
      ["advance", () => this.#advance(1 + random.int(20))],
      ["evict channel", withChannel((channel) => this.#evictChannel(channel))],
      ["evict topic", () => ignoreNotRunning(evictDurableObject(topicStub(TOPIC)))],
      ["evict all", () => this.#evictAll()],
      ["crash", () => this.#crash()],
      ["pause topic", () => this.#pauseTopic(random.chance(40))],
      ["pause channel", withChannel((channel) => this.#pauseChannel(channel, random.chance(40)))],
      [
        "empty channel",
        withChannel((channel) => (random.chance(30) ? this.#emptyChannel(channel) : Promise.resolve())),
      ],
      ["empty topic", () => this.#emptyTopic()],
      [
        "delete channel",
        withChannel((channel) => (random.chance(20) ? this.#deleteChannel(channel) : Promise.resolve())),
      ],
    ];
  }

  async #publish(deferMs: number): Promise<void> {
    const body = this.#world.nextBody();
    await publish(TOPIC, body, deferMs);
    this.#world.published(body, deferMs);
  }

  async #connect(channel: ModelChannel, rdy: number): Promise<void> {
    const client = await V2Client.consumer(TOPIC, channel.name);
    this.#world.consumers.add({ client, channel, rdy, ceiling: rdy, holding: new Map(), lastOrder: -1 });
    client.send(`RDY ${rdy}`);
  }

  #rdy(): void {
    for (const consumer of this.#world.consumers) {
      if (this.#random.chance(50)) continue;
      const rdy = this.#random.int(6);
      consumer.ceiling = Math.max(consumer.rdy, rdy);
      consumer.rdy = rdy;
      consumer.client.send(`RDY ${rdy}`);
    }
  }

  async #disconnect(): Promise<void> {
    const consumers = [...this.#world.consumers];
    if (consumers.length === 0) return;
    const consumer = this.#random.pick(consumers);
    consumer.client.close();
    while (!("closed" in (await consumer.client.next())));
    this.#world.consumerLeft(consumer);
  }

  #finish(consumer: ModelConsumer, id: string): void {
    consumer.client.send(`FIN ${id}`);
    this.#world.finished(consumer, id);
  }

  #requeue(consumer: ModelConsumer, id: string, delayMs: number): void {
    consumer.client.send(`REQ ${id} ${delayMs}`);
    this.#world.requeued(consumer, id, delayMs);
  }

  #touch(consumer: ModelConsumer, id: string): void {
    consumer.client.send(`TOUCH ${id}`);
    this.#world.touched(consumer, id);
  }

  async #advance(ticks: number): Promise<void> {
    this.#world.advanced(ticks * TICK_MS);
    vi.setSystemTime(this.#world.now);
    await runDurableObjectAlarm(topicStub(TOPIC));
    for (const name of this.#world.channels.keys()) await runDurableObjectAlarm(channelStub(TOPIC, name));
  }

  async #evictChannel(channel: ModelChannel): Promise<void> {
    await ignoreNotRunning(evictDurableObject(channelStub(TOPIC, channel.name)));
    this.#world.saved(channel);
  }

  async #evictAll(): Promise<void> {
    await evictAllDurableObjects();
    for (const channel of this.#world.channels.values()) this.#world.saved(channel);
  }

  async #crash(): Promise<void> {
    const consumers = [...this.#world.consumers];
    await abortAllDurableObjects();
    for (const { client } of consumers) while (!("closed" in (await client.next())));
    this.#world.crashed();
  }

  async #pauseTopic(isPaused: boolean): Promise<void> {
    const { status } = await post(`/topic/${isPaused ? "pause" : "unpause"}?topic=${TOPIC}`);
    if (status === 200) this.#world.topicPaused(isPaused);
  }

  async #pauseChannel(channel: ModelChannel, isPaused: boolean): Promise<void> {
    const verb = isPaused ? "pause" : "unpause";
    expect(await post(`/channel/${verb}?topic=${TOPIC}&channel=${channel.name}`)).toEqual({ status: 200, text: "" });
    channel.isPaused = isPaused;
  }

  async #emptyChannel(channel: ModelChannel): Promise<void> {
    await post(`/channel/empty?topic=${TOPIC}&channel=${channel.name}`);
    this.#world.channelEmptied(channel);
  }

  async #emptyTopic(): Promise<void> {
    await post(`/topic/empty?topic=${TOPIC}`);
    this.#world.topicEmptied();
  }

  async #deleteChannel(channel: ModelChannel): Promise<void> {
    const consumers = [...this.#world.consumers].filter((consumer) => consumer.channel === channel);
    await post(`/channel/delete?topic=${TOPIC}&channel=${channel.name}`);
    for (const { client } of consumers) while (!("closed" in (await client.next())));
    this.#world.channelDeleted(channel.name);
  }

  /** Takes in what was sent, until the broker's figures are those of the model. */
  async #settle(): Promise<void> {
    for (let rounds = 0; ; rounds++) {
      for (const consumer of this.#world.consumers) {
        for (const received of await consumer.client.settled()) this.#world.received(consumer, received);
      }
      const difference = await this.#difference();
      if (difference === null) break;
      if (rounds === 100) throw new Error(`figures differ: ${difference}`);
      await scheduler.wait(5);
    }
    for (const consumer of this.#world.consumers) consumer.ceiling = consumer.rdy;
  }

  async #difference(): Promise<string | null> {
    for (const channel of this.#world.channels.values()) {
      const { depth, in_flight_count, deferred_count } = await channelStats(TOPIC, channel.name);
      const [least, most] = this.#world.inFlight(channel);
      if (in_flight_count < least || in_flight_count > most) {
        return `${channel.name}: ${in_flight_count} in flight, not ${least} to ${most}`;
      }
      const total = depth + in_flight_count + deferred_count;
      const owed = this.#world.owedFor(channel);
      if (total < owed) return `${channel.name}: ${total} messages, not ${owed}`;
      if (total > owed && !this.#world.isUncertain(channel)) return `${channel.name}: ${total} messages, not ${owed}`;
    }
    return null;
  }
}

/** An object that does not run cannot be evicted, and need not be. */
async function ignoreNotRunning(eviction: Promise<void>): Promise<void> {
  await eviction.catch((error: Error) => {
    if (!/not (currently )?running/i.test(error.message)) throw error;
  });
}
