// What a model test does to the broker, with what that means to the model.

import { abortAllDurableObjects, evictAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import type { MessagesAnswer } from "../../src/admin/api.ts";
import type { Random } from "../helpers/random.ts";
import { channelStub, topicStub } from "./broker-api.ts";
import type { FaultyRun, ModelCheck } from "./model-check.ts";
import { ask, checkFrame, type Orders, ring, Scope } from "./model-orders.ts";
import { Producer } from "./model-producer.ts";
import type { ModelChannel, ModelConsumer, ModelWorld } from "./model-world.ts";
import { kill } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

/** Instants and delays are multiples of this: nothing is due in so short a time that an object would wait for it awake. */
export const TICK_MS = 5_000;
/** More than a topic keeps to be overwritten. */
const MANY_ROWS = 80;
export const TOPIC = "model";
/** The id of a message that never was. */
const NO_MESSAGE = "0000000000000001";
/** Until every alarm has rung. */
const LONG_TICKS = 900_000 / TICK_MS;
export const CHANNELS = ["a", "b", "c"];

export class ModelActs {
  readonly #random: Random;
  readonly #world: ModelWorld;
  readonly #orders: Orders;
  readonly #check: ModelCheck;
  readonly #faulty: FaultyRun | null;
  readonly #producer = new Producer(TOPIC, CHANNELS[0] as string);

  constructor(random: Random, world: ModelWorld, orders: Orders, check: ModelCheck, faulty: FaultyRun | null) {
    this.#random = random;
    this.#world = world;
    this.#orders = orders;
    this.#check = check;
    this.#faulty = faulty;
  }

  /** Publishes many messages, and finishes all there are, but for what is deferred: most rows of the log are free then. */
  async workOff(): Promise<void> {
    for (let i = 0; i < MANY_ROWS; i++) await this.publish(0);
    await this.unpauseAll();
    await this.settle();
    this.finishHeld();
    await this.settle();
    await this.evictAll(); // after everything is saved
    await this.advance(LONG_TICKS);
  }

  /** Each channel that there is has a consumer with room. */
  async unpauseAll(): Promise<void> {
    await this.pauseTopic(false);
    for (const channel of this.#world.channels.values()) {
      await this.pauseChannel(channel, false);
      await this.connect(channel.name, 100);
    }
  }

  finishHeld(): void {
    for (const consumer of this.#world.consumers) {
      for (const id of [...consumer.holding.keys()]) this.finish(consumer, id);
    }
  }

  async publish(deferMs: number): Promise<void> {
    const published = this.#world.sent(deferMs);
    const give = async () => {
      const outcome = await this.#producer.publish(published.body, deferMs, this.#faulty?.way ?? null);
      if (outcome === "stored") this.#world.confirmed(published);
      if (outcome === "refused") this.#world.refused(published);
      expect(outcome === "stored" || this.#faulty !== null, `a publish: ${outcome}`).toBe(true);
      return true; // another try would be another message
    };
    await this.#orders.give({ scope: Scope.publish, give });
  }

  async publishWrongly(): Promise<void> {
    const give = async () => {
      await this.#producer.publishWrongly(this.#faulty?.way ?? null);
      return true;
    };
    await this.#orders.give({ scope: Scope.topic, give });
  }

  async connect(name: string, rdy = this.#someRdy): Promise<void> {
    let client: V2Client;
    const give = async () => {
      const opened = await this.#subscribe(name);
      if (opened) client = opened;
      return opened !== null;
    };
    const confirmed = () => {
      this.#world.channelCreated(name);
      const channel = this.#world.channels.get(name) as ModelChannel;
      this.#world.consumers.add({ client, channel, rdy, ceiling: rdy, holding: new Map(), lastSentAt: 0 });
      client.send(`RDY ${rdy}`);
    };
    await this.#orders.give({ scope: Scope.topic, give, confirmed });
  }

  async #subscribe(name: string): Promise<V2Client | null> {
    const client = await V2Client.open(direct(TOPIC, name)).catch((error: Error) => {
      expect(error.message).toMatch(/500 {"message":"INTERNAL_ERROR"}$/);
      return null;
    });
    // What was sent must be known before time goes by: nothing may be held back (holding-back.test.ts).
    client?.send("IDENTIFY", JSON.stringify({ output_buffer_timeout: -1 }));
    client?.send(`SUB ${TOPIC} ${name}`);
    for (let i = 0; i < 2 && client; i++) {
      const received = await client.next();
      checkFrame(received);
      if (!("response" in received)) return null;
    }
    return client;
  }

  /** Where it matters whether messages come by themselves there is room for them. */
  get #someRdy(): number {
    return this.#random.int(6) * (this.#faulty?.isBlind ? 20 : 1);
  }

  rdy(): void {
    for (const consumer of this.#world.consumers) {
      if (this.#random.chance(50)) continue;
      const rdy = this.#someRdy;
      consumer.ceiling = Math.max(consumer.rdy, rdy);
      consumer.rdy = rdy;
      consumer.client.send(`RDY ${rdy}`);
    }
  }

  async disconnect(): Promise<void> {
    const consumers = [...this.#world.consumers].filter(({ channel }) => channel.doubt === null);
    if (consumers.length === 0) return;
    const consumer = this.#random.pick(consumers);
    consumer.client.close();
    await isClosed(consumer.client);
    this.#world.consumerLeft(consumer);
  }

  finish(consumer: ModelConsumer, id: string): void {
    consumer.client.send(`FIN ${id}`);
    this.#world.finished(consumer, id);
  }

  requeue(consumer: ModelConsumer, id: string, delayMs: number): void {
    consumer.client.send(`REQ ${id} ${delayMs}`);
    this.#world.requeued(consumer, id, delayMs);
  }

  touch(consumer: ModelConsumer, id: string): void {
    consumer.client.send(`TOUCH ${id}`);
    this.#world.touched(consumer, id);
  }

  async advance(ticks: number): Promise<void> {
    this.#world.advanced(ticks * TICK_MS);
    vi.setSystemTime(this.#world.now);
    const give = async () => {
      await ring(() => topicStub(TOPIC));
      for (const name of CHANNELS) await ring(() => channelStub(TOPIC, name));
      return true;
    };
    await this.#orders.give({ scope: Scope.consumers, give });
  }

  async evictChannel(channel: ModelChannel): Promise<void> {
    await this.#evict(() => evictDurableObject(channelStub(TOPIC, channel.name)));
    if (!this.#faulty?.mayEnd) this.#world.saved(channel);
  }

  evictTopic(): Promise<void> {
    return this.#evict(() => evictDurableObject(topicStub(TOPIC)));
  }

  async evictAll(): Promise<void> {
    await this.#evict(() => evictAllDurableObjects());
    if (!this.#faulty?.mayEnd) for (const channel of this.#world.channels.values()) this.#world.saved(channel);
  }

  /** An object that does not run cannot be evicted, and need not be; one that waits for an answer does not sleep. */
  async #evict(evict: () => Promise<void>): Promise<void> {
    await this.finishAll();
    const isIgnored = (error: Error) => this.#faulty?.mayEnd || /not (currently )?running/i.test(error.message);
    const work = () =>
      evict().catch((error: Error) => {
        if (!isIgnored(error)) throw error;
      });
    // An object that ends while it is waited for is waited for very long.
    await (this.#faulty ? this.#faulty.faults.without(work) : work());
  }

  /** Its channels and their consumers go on. */
  async killTopic(): Promise<void> {
    await kill(topicStub(TOPIC));
    this.#faulty?.faults.callersDied();
  }

  async crash(): Promise<void> {
    const consumers = [...this.#world.consumers];
    await abortAllDurableObjects();
    this.#faulty?.faults.release(); // who was called is no more
    for (const { client } of consumers) await isClosed(client);
    this.#world.crashed();
  }

  async createTopic(): Promise<void> {
    await this.#order(`/topic/create?topic=${TOPIC}`, Scope.topic);
  }

  async createChannel(name: string): Promise<void> {
    await this.createTopic();
    await this.#orders.finish();
    const confirmed = () => this.#world.channelCreated(name);
    await this.#order(`/channel/create?topic=${TOPIC}&channel=${name}`, Scope.topic, confirmed);
  }

  async pauseTopic(isPaused: boolean): Promise<void> {
    const path = `/topic/${isPaused ? "pause" : "unpause"}?topic=${TOPIC}`;
    if (!isPaused) this.#world.topicMayBeUnpaused();
    await this.#order(path, Scope.topic, (status) => {
      if (status === 200) this.#world.topicPaused(isPaused);
    });
  }

  async pauseChannel(channel: ModelChannel, isPaused: boolean): Promise<void> {
    const path = `/channel/${isPaused ? "pause" : "unpause"}?topic=${TOPIC}&channel=${channel.name}`;
    await this.#order(path, Scope.channel, (status) => {
      expect(status).toBe(200);
      channel.isPaused = isPaused;
    });
  }

  async emptyChannel(channel: ModelChannel): Promise<void> {
    const before = new Set(channel.owed.values());
    channel.doubt = "emptying";
    await this.#order(`/channel/empty?topic=${TOPIC}&channel=${channel.name}`, Scope.channel, () => {
      channel.doubt = null;
      this.#world.channelEmptied(channel, before);
    });
  }

  async emptyTopic(): Promise<void> {
    await this.#order(`/topic/empty?topic=${TOPIC}`, Scope.topic, () => this.#world.topicEmptied());
  }

  async deleteChannel(channel: ModelChannel): Promise<void> {
    channel.doubt = "deletion";
    const path = `/channel/delete?topic=${TOPIC}&channel=${channel.name}`;
    await this.#order(path, Scope.channel, () => this.#world.channelDeleted(channel.name));
  }

  async deleteTopic(): Promise<void> {
    for (const channel of this.#world.channels.values()) channel.doubt = "deletion";
    await this.#order(`/topic/delete?topic=${TOPIC}`, Scope.topic, () => this.#world.topicDeleted());
    await this.advance(1); // no object is deleted, evicted and made again in one instant
  }

  /** Scrapes while there are faults, twice: who rests is asked no more. */
  async scrape(): Promise<void> {
    const scraped = async () => (await ask("GET", "/metrics")).status === 200;
    const give = async () => (await scraped()) && scraped();
    await this.#orders.give({ scope: Scope.topic, give });
  }

  /** Asks for figures and looks at messages while there are faults. */
  async look(): Promise<void> {
    const channel = this.#random.pick(CHANNELS);
    const list = this.#random.pick(["waiting", "in_flight", "deferred"]);
    const questions = [
      `/stats?format=json&topic=${TOPIC}`,
      `/admin/api/messages/${TOPIC}?list=latest`,
      `/admin/api/messages/${TOPIC}/${channel}?list=${list}`,
      `/admin/api/message/${TOPIC}/${NO_MESSAGE}?channel=${channel}`,
    ];
    const give = async () => {
      const answers = await Promise.all(questions.map((path) => ask("GET", path)));
      return answers.every(({ status }) => status === 200 || status === 404);
    };
    await this.#orders.give({ scope: Scope.consumers, give });
  }

  /** An operator looks at the messages of a channel, and finishes one of them. */
  async intervene(channel: ModelChannel): Promise<void> {
    const list = this.#random.pick(["waiting", "in_flight", "deferred"]);
    const look = () => ask("GET", `/admin/api/messages/${TOPIC}/${channel.name}?list=${list}`);
    const { status, text } = await (this.#faulty ? this.#faulty.faults.without(look) : look());
    const { messages = [] } = JSON.parse(text) as Partial<MessagesAnswer>;
    if (status !== 200 || messages.length === 0) return;
    const { id, due, preview } = this.#random.pick(messages);
    const owed = channel.owed.get(atob(preview));
    if (!owed) throw new Error(`${channel.name} shows ${atob(preview)}, which it does not owe`);
    channel.doubt = "intervention";
    owed.isUncertain = true;
    const path = `/admin/api/message/${TOPIC}/${channel.name}/${id}`;
    const confirmed = () => {
      channel.doubt = null;
      this.#world.messageDropped(channel, owed);
    };
    await this.#order(
      path,
      Scope.channel,
      confirmed,
      JSON.stringify({ action: "finish", ...(due !== null && { due }) }),
    );
  }

  /** Gives an order until it is carried out, or there is nothing it could be carried out on. */
  async #order(path: string, scope: Scope, confirmed?: (status: number) => void, body?: string): Promise<void> {
    let status = 0;
    const give = async () => {
      status = (await ask("POST", path, body)).status;
      return status === 200 || status === 404;
    };
    await this.#orders.give({ scope, give, confirmed: () => confirmed?.(status) });
  }

  async finishAll(): Promise<void> {
    await this.#orders.finish();
    await this.settle();
  }

  async settle(): Promise<void> {
    await this.#orders.collect();
    await this.#check.settle();
  }
}

async function isClosed(client: V2Client): Promise<void> {
  while (!("closed" in (await client.next())));
}
