// One random sequence of what can happen to a topic, checked against the model after each step.

import { abortAllDurableObjects, evictAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { expect, vi } from "vitest";
import { Random } from "../helpers/random.ts";
import { channelStub, topicStub } from "./broker-api.ts";
import { type FaultyRun, ModelCheck } from "./model-check.ts";
import { ask, checkFrame, Orders, ring, Scope } from "./model-orders.ts";
import { Producer } from "./model-producer.ts";
import { type ModelChannel, type ModelConsumer, ModelWorld } from "./model-world.ts";
import { kill } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

/** Instants and delays are multiples of this: nothing is due in so short a time that an object would wait for it awake. */
const TICK_MS = 5_000;
const TOPIC = "model";
const CHANNELS = ["a", "b", "c"];
const MAX_ROUNDS = 200;
const LOOK_AGAIN_MS = 20;

function action(name: string, weight: number, scope: Scope, act: () => Promise<void>): Action {
  return { name, weight, scope, act };
}

interface Action {
  readonly name: string;
  /** How often it is chosen, among others. */
  readonly weight: number;
  readonly scope: Scope;
  readonly act: () => Promise<void>;
}

export class ModelRun {
  readonly #random: Random;
  readonly #world = new ModelWorld(Date.now());
  readonly #faulty: FaultyRun | null;
  readonly #orders: Orders;
  readonly #check: ModelCheck;
  readonly #producer: Producer;
  /** What was done, for the message when something fails. */
  readonly #history: string[] = [];

  constructor(seed: number, faulty: FaultyRun | null = null) {
    this.#random = new Random(seed);
    this.#faulty = faulty;
    this.#orders = new Orders(faulty?.faults ?? null);
    this.#check = new ModelCheck(TOPIC, this.#world, faulty);
    this.#producer = new Producer(TOPIC, CHANNELS[0] as string);
  }

  async step(): Promise<void> {
    const { name, act } = this.#pick();
    this.#history.push(name);
    try {
      await act();
      await this.#settle();
      if (this.#faulty?.faults.isHolding && this.#random.chance(30)) await this.#finishAll();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Messages flow to all channels. */
  async enliven(): Promise<void> {
    this.#history.push("enliven");
    try {
      await this.#finishAll();
      await this.#unpauseAll();
      await this.#settle();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Lets everything that is owed be delivered and finished; nothing goes wrong any more. */
  async drain(): Promise<void> {
    try {
      this.#faulty?.faults.stop();
      await this.#finishAll();
      await this.#drain();
    } catch (error) {
      this.#history.push("the end");
      throw this.#failure(error);
    }
  }

  async #drain(): Promise<void> {
    const world = this.#world;
    await this.#wakeStarving();
    await this.#unpauseAll();
    for (let rounds = 0; !world.isAllDelivered; rounds++) {
      this.#history.push("drain");
      await this.#settle();
      this.#finishHeld();
      await this.#settle();
      await this.#advance(12);
      expect(rounds, "never delivered").toBeLessThan(MAX_ROUNDS);
    }
    await this.#advance(1);
    await this.#check.lookup();
    for (const { client } of world.consumers) client.close();
  }

  /** Nobody waits for what is there, at the latest when the alarms have rung: not only those who ask for it anew get it. */
  async #wakeStarving(): Promise<void> {
    for (let rounds = 0; this.#world.starving.length > 0; rounds++) {
      expect(rounds, `still nothing for ${this.#world.starving}`).toBeLessThan(MAX_ROUNDS);
      await this.#advance(1);
      await this.#settle();
      if (rounds > 1) await scheduler.wait(LOOK_AGAIN_MS); // a channel asks again after a pause
    }
  }

  #failure(cause: unknown): Error {
    return new Error(`seed ${this.#random.seed}, after ${this.#history.join(", ")}`, { cause });
  }

  #pick(): Action {
    const actions = this.#actions.filter(({ scope }) => this.#orders.allows(scope));
    const often = (name: string) => (this.#faulty?.often.includes(name) ? 8 : 0);
    const choices = actions.flatMap((action) => Array<Action>(action.weight + often(action.name)).fill(action));
    return this.#random.pick(choices);
  }

  get #actions(): Action[] {
    const random = this.#random;
    const withChannel = (percent: number, act: (channel: ModelChannel) => Promise<void>) => async () => {
      const channels = [...this.#world.channels.values()].filter(({ doubt }) => doubt === null);
      if (channels.length > 0 && random.chance(percent)) await act(random.pick(channels));
    };
    const withHeld = (act: (consumer: ModelConsumer, id: string) => void) => async () => {
      for (const consumer of this.#world.consumers) {
        if (consumer.channel.doubt !== null) continue;
        for (const id of [...consumer.holding.keys()]) if (random.chance(60)) act(consumer, id);
      }
    };
    const delay = () => (1 + random.int(30)) * TICK_MS;
    const publishSome = async () => {
      for (let i = random.int(4); i >= 0; i--) await this.#publish(0);
    };
    const isRare = (name: string) => (this.#faulty?.often.includes(name) ? 100 : 20);
    const { consumers, publish, channel, topic } = Scope;
    return [
      action("publish", 3, publish, publishSome),
      action("publish deferred", 1, publish, () => this.#publish(delay())),
      action("connect", 2, topic, () => this.#connect(random.pick(CHANNELS), random.int(5))),
      action("rdy", 2, consumers, async () => this.#rdy()),
      action("disconnect", 1, consumers, () => this.#disconnect()),
      action(
        "finish",
        2,
        consumers,
        withHeld((consumer, id) => this.#finish(consumer, id)),
      ),
      action(
        "requeue",
        1,
        consumers,
        withHeld((consumer, id) => this.#requeue(consumer, id, 0)),
      ),
      action(
        "defer",
        1,
        consumers,
        withHeld((consumer, id) => this.#requeue(consumer, id, delay())),
      ),
      action(
        "touch",
        1,
        consumers,
        withHeld((consumer, id) => this.#touch(consumer, id)),
      ),
      action("advance", 2, consumers, () => this.#advance(1 + random.int(20))),
      action(
        "evict channel",
        1,
        topic,
        withChannel(100, (one) => this.#evictChannel(one)),
      ),
      action("evict topic", 1, topic, () => this.#evict(() => evictDurableObject(topicStub(TOPIC)))),
      action("kill topic", 1, consumers, () => this.#killTopic()),
      action("evict all", 1, topic, () => this.#evictAll()),
      action("crash", 1, consumers, () => this.#crash()),
      action("pause topic", 1, topic, () => this.#pauseTopic(random.chance(40))),
      action(
        "pause channel",
        1,
        channel,
        withChannel(100, (one) => this.#pauseChannel(one, random.chance(40))),
      ),
      action(
        "empty channel",
        1,
        channel,
        withChannel(30, (one) => this.#emptyChannel(one)),
      ),
      action("empty topic", 1, topic, () => this.#emptyTopic()),
      action(
        "delete channel",
        1,
        channel,
        withChannel(isRare("delete channel"), (one) => this.#deleteChannel(one)),
      ),
      ...(this.#faulty === null
        ? []
        : [
            action("create topic", 1, topic, () => this.#createTopic()),
            action("create channel", 1, topic, () => this.#createChannel(random.pick(CHANNELS))),
            action("delete topic", random.chance(isRare("delete topic")) ? 1 : 0, topic, () => this.#deleteTopic()),
            action("publish wrongly", 1, topic, () => this.#publishWrongly()),
            action("look", 1, consumers, () => this.#look()),
            action("work off", 0, topic, () => this.#workOff()),
          ]),
    ];
  }

  /** Publishes many messages, and finishes all there are, but for what is deferred: most rows of the log are free then. */
  async #workOff(): Promise<void> {
    for (let i = 0; i < 30; i++) await this.#publish(0);
    await this.#unpauseAll();
    await this.#settle();
    this.#finishHeld();
    await this.#settle();
    await this.#evictAll(); // after everything is saved
    await this.#advance(1);
  }

  /** Each channel that there is has a consumer with room. */
  async #unpauseAll(): Promise<void> {
    await this.#pauseTopic(false);
    for (const channel of this.#world.channels.values()) {
      await this.#pauseChannel(channel, false);
      await this.#connect(channel.name, 100);
    }
  }

  #finishHeld(): void {
    for (const consumer of this.#world.consumers) {
      for (const id of [...consumer.holding.keys()]) this.#finish(consumer, id);
    }
  }

  async #publish(deferMs: number): Promise<void> {
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

  async #publishWrongly(): Promise<void> {
    const give = async () => {
      await this.#producer.publishWrongly(this.#faulty?.way ?? null);
      return true;
    };
    await this.#orders.give({ scope: Scope.topic, give });
  }

  async #connect(name: string, rdy: number): Promise<void> {
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
    client?.send("IDENTIFY", "{}");
    client?.send(`SUB ${TOPIC} ${name}`);
    for (let i = 0; i < 2 && client; i++) {
      const received = await client.next();
      checkFrame(received);
      if (!("response" in received)) return null;
    }
    return client;
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
    const consumers = [...this.#world.consumers].filter(({ channel }) => channel.doubt === null);
    if (consumers.length === 0) return;
    const consumer = this.#random.pick(consumers);
    consumer.client.close();
    await isClosed(consumer.client);
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
    const give = async () => {
      await ring(() => topicStub(TOPIC));
      for (const name of CHANNELS) await ring(() => channelStub(TOPIC, name));
      return true;
    };
    await this.#orders.give({ scope: Scope.consumers, give });
  }

  async #evictChannel(channel: ModelChannel): Promise<void> {
    await this.#evict(() => evictDurableObject(channelStub(TOPIC, channel.name)));
    if (!this.#faulty?.mayEnd) this.#world.saved(channel);
  }

  async #evictAll(): Promise<void> {
    await this.#evict(() => evictAllDurableObjects());
    if (!this.#faulty?.mayEnd) for (const channel of this.#world.channels.values()) this.#world.saved(channel);
  }

  /** An object that does not run cannot be evicted, and need not be; one that waits for an answer does not sleep. */
  async #evict(evict: () => Promise<void>): Promise<void> {
    await this.#finishAll();
    const isIgnored = (error: Error) => this.#faulty?.mayEnd || /not (currently )?running/i.test(error.message);
    const work = () =>
      evict().catch((error: Error) => {
        if (!isIgnored(error)) throw error;
      });
    // An object that ends while it is waited for is waited for very long.
    await (this.#faulty ? this.#faulty.faults.without(work) : work());
  }

  /** Its channels and their consumers go on. */
  async #killTopic(): Promise<void> {
    await kill(topicStub(TOPIC));
    this.#faulty?.faults.release(); // who called is no more
  }

  async #crash(): Promise<void> {
    const consumers = [...this.#world.consumers];
    await abortAllDurableObjects();
    this.#faulty?.faults.release(); // who was called is no more
    for (const { client } of consumers) await isClosed(client);
    this.#world.crashed();
  }

  async #createTopic(): Promise<void> {
    await this.#order(`/topic/create?topic=${TOPIC}`, Scope.topic);
  }

  async #createChannel(name: string): Promise<void> {
    await this.#createTopic();
    await this.#orders.finish();
    const confirmed = () => this.#world.channelCreated(name);
    await this.#order(`/channel/create?topic=${TOPIC}&channel=${name}`, Scope.topic, confirmed);
  }

  async #pauseTopic(isPaused: boolean): Promise<void> {
    const path = `/topic/${isPaused ? "pause" : "unpause"}?topic=${TOPIC}`;
    if (!isPaused) this.#world.topicMayBeUnpaused();
    await this.#order(path, Scope.topic, (status) => {
      if (status === 200) this.#world.topicPaused(isPaused);
    });
  }

  async #pauseChannel(channel: ModelChannel, isPaused: boolean): Promise<void> {
    const path = `/channel/${isPaused ? "pause" : "unpause"}?topic=${TOPIC}&channel=${channel.name}`;
    await this.#order(path, Scope.channel, (status) => {
      expect(status).toBe(200);
      channel.isPaused = isPaused;
    });
  }

  async #emptyChannel(channel: ModelChannel): Promise<void> {
    const before = new Set(channel.owed.values());
    channel.doubt = "emptying";
    await this.#order(`/channel/empty?topic=${TOPIC}&channel=${channel.name}`, Scope.channel, () => {
      channel.doubt = null;
      this.#world.channelEmptied(channel, before);
    });
  }

  async #emptyTopic(): Promise<void> {
    await this.#order(`/topic/empty?topic=${TOPIC}`, Scope.topic, () => this.#world.topicEmptied());
  }

  async #deleteChannel(channel: ModelChannel): Promise<void> {
    channel.doubt = "deletion";
    const path = `/channel/delete?topic=${TOPIC}&channel=${channel.name}`;
    await this.#order(path, Scope.channel, () => this.#world.channelDeleted(channel.name));
  }

  async #deleteTopic(): Promise<void> {
    for (const channel of this.#world.channels.values()) channel.doubt = "deletion";
    await this.#order(`/topic/delete?topic=${TOPIC}`, Scope.topic, () => this.#world.topicDeleted());
    await this.#advance(1); // no object is deleted, evicted and made again in one instant
  }

  /** Asks for figures while there are faults. */
  async #look(): Promise<void> {
    const give = async () => (await ask("GET", `/stats?format=json&topic=${TOPIC}`)).status === 200;
    await this.#orders.give({ scope: Scope.consumers, give });
  }

  /** Gives an order until it is carried out, or there is nothing it could be carried out on. */
  async #order(path: string, scope: Scope, confirmed?: (status: number) => void): Promise<void> {
    let status = 0;
    const give = async () => {
      status = (await ask("POST", path)).status;
      return status === 200 || status === 404;
    };
    await this.#orders.give({ scope, give, confirmed: () => confirmed?.(status) });
  }

  async #finishAll(): Promise<void> {
    await this.#orders.finish();
    await this.#settle();
  }

  async #settle(): Promise<void> {
    await this.#orders.collect();
    await this.#check.settle();
  }
}

async function isClosed(client: V2Client): Promise<void> {
  while (!("closed" in (await client.next())));
}
