// One random sequence of what can happen to a topic, checked against the model after each step.

import { expect } from "vitest";
import { Random } from "../helpers/random.ts";
import { CHANNELS, ModelActs, TICK_MS, TOPIC } from "./model-acts.ts";
import { type FaultyRun, ModelCheck } from "./model-check.ts";
import { Orders, Scope } from "./model-orders.ts";
import { type ModelChannel, type ModelConsumer, ModelWorld } from "./model-world.ts";
import { differences } from "./shown-figures.ts";

const MAX_ROUNDS = 200;
const KILLS = ["kill topic", "crash"];
const LOOK_AGAIN_MS = 20;
/** A call that fails is made again after a minute at most, and one that is lost unnoticed after ten. */
const RETRY_TICKS = 90_000 / TICK_MS;
const GUARD_TICKS = 15 * RETRY_TICKS;

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
  readonly #acts: ModelActs;
  /** What was done, for the message when something fails. */
  readonly #history: string[] = [];

  constructor(seed: number, faulty: FaultyRun | null = null) {
    this.#random = new Random(seed);
    this.#faulty = faulty;
    this.#orders = new Orders(faulty?.faults ?? null);
    this.#check = new ModelCheck(TOPIC, this.#world, faulty);
    this.#acts = new ModelActs(this.#random, this.#world, this.#orders, this.#check, faulty);
  }

  async step(): Promise<void> {
    const { name, act } = this.#pick();
    this.#history.push(name);
    try {
      await act();
      await this.#acts.settle();
      if (this.#faulty?.faults.isHolding && this.#random.chance(30)) await this.#acts.finishAll();
      if (this.#random.chance(this.#faulty?.isBlind ? 70 : 10))
        await this.#faulty?.faults.without(() => this.#madeGood());
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Messages flow to all channels. */
  async enliven(): Promise<void> {
    this.#history.push("enliven");
    try {
      await this.#acts.finishAll();
      await this.#acts.unpauseAll();
      await this.#acts.settle();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Lets everything that is owed be delivered and finished; nothing goes wrong any more. */
  async drain(): Promise<void> {
    try {
      this.#faulty?.faults.stop();
      await this.#acts.finishAll();
      await this.#drain();
    } catch (error) {
      this.#history.push("the end");
      throw this.#failure(error);
    }
  }

  async #drain(): Promise<void> {
    const world = this.#world;
    await this.#madeGood();
    await this.#acts.unpauseAll();
    for (let rounds = 0; !world.isAllDelivered; rounds++) {
      this.#history.push("drain");
      await this.#acts.settle();
      this.#acts.finishHeld();
      await this.#acts.settle();
      await this.#acts.advance(12);
      expect(rounds, "never delivered").toBeLessThan(MAX_ROUNDS);
    }
    await this.#madeGood();
    for (const { client } of world.consumers) client.close();
  }

  /** What went wrong is made good without anybody who asks for it: at the latest when the alarms have rung. */
  async #madeGood(): Promise<void> {
    await this.#acts.finishAll();
    await this.#untilMadeGood(
      () => this.#world.starving.length === 0,
      () => `still nothing for ${this.#world.starving}`,
    );
    await this.#untilMadeGood(
      () => [...this.#world.ended].every(({ closedWith }) => closedWith !== null),
      () => "consumers of a deleted channel are still there",
    );
    await this.#untilMadeGood(
      () => this.#check.isKnownToLookup(),
      () => "Lookup does not know the channels",
    );
    if (!this.#history.includes("scrape")) return;
    let difference = "";
    await this.#untilMadeGood(
      async () => {
        difference = (await differences(TOPIC)).join(", ");
        return difference === "";
      },
      () => `a scrape shows ${difference}`,
    );
  }

  /** Waits, as time goes by. */
  async #untilMadeGood(isSo: () => Promise<boolean> | boolean, what: () => string): Promise<void> {
    // With its caller a call may be lost unnoticed.
    const hasEnded = this.#faulty?.mayEnd || KILLS.some((name) => this.#history.includes(name));
    const patience = hasEnded ? GUARD_TICKS : RETRY_TICKS;
    for (let ticks = 0; !(await isSo()); ticks++) {
      expect(ticks, what()).toBeLessThan(patience);
      await this.#acts.advance(1);
      await this.#acts.settle();
      if (ticks > 1) await scheduler.wait(LOOK_AGAIN_MS); // a channel asks again after a pause
    }
  }

  #failure(cause: unknown): Error {
    return new Error(`seed ${this.#random.seed}, after ${this.#history.join(", ")}`, { cause });
  }

  #pick(): Action {
    const isAllowed = ({ name, scope }: Action) =>
      this.#orders.allows(scope) && !(this.#faulty?.isGentle && KILLS.includes(name));
    const actions = this.#actions.filter(isAllowed);
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
      for (let i = random.int(4); i >= 0; i--) await this.#acts.publish(0);
    };
    const isRare = (name: string) => (this.#faulty?.often.includes(name) ? 100 : 20);
    const { consumers, publish, channel, topic } = Scope;
    return [
      action("publish", 3, publish, publishSome),
      action("publish deferred", 1, publish, () => this.#acts.publish(delay())),
      action("connect", 2, topic, () => this.#acts.connect(random.pick(CHANNELS))),
      action("rdy", 2, consumers, async () => this.#acts.rdy()),
      action("disconnect", 1, consumers, () => this.#acts.disconnect()),
      action(
        "finish",
        2,
        consumers,
        withHeld((consumer, id) => this.#acts.finish(consumer, id)),
      ),
      action(
        "requeue",
        1,
        consumers,
        withHeld((consumer, id) => this.#acts.requeue(consumer, id, 0)),
      ),
      action(
        "defer",
        1,
        consumers,
        withHeld((consumer, id) => this.#acts.requeue(consumer, id, delay())),
      ),
      action(
        "touch",
        1,
        consumers,
        withHeld((consumer, id) => this.#acts.touch(consumer, id)),
      ),
      action("advance", 2, consumers, () => this.#acts.advance(1 + random.int(20))),
      action(
        "evict channel",
        1,
        topic,
        withChannel(100, (one) => this.#acts.evictChannel(one)),
      ),
      action("evict topic", 1, topic, () => this.#acts.evictTopic()),
      action("kill topic", 1, consumers, () => this.#acts.killTopic()),
      action("evict all", 1, topic, () => this.#acts.evictAll()),
      action("crash", 1, consumers, () => this.#acts.crash()),
      action("pause topic", 1, topic, () => this.#acts.pauseTopic(random.chance(40))),
      action(
        "pause channel",
        1,
        channel,
        withChannel(100, (one) => this.#acts.pauseChannel(one, random.chance(40))),
      ),
      action(
        "empty channel",
        1,
        channel,
        withChannel(30, (one) => this.#acts.emptyChannel(one)),
      ),
      action(
        "intervene",
        1,
        channel,
        withChannel(100, (one) => this.#acts.intervene(one)),
      ),
      action("empty topic", 1, topic, () => this.#acts.emptyTopic()),
      action(
        "delete channel",
        1,
        channel,
        withChannel(isRare("delete channel"), (one) => this.#acts.deleteChannel(one)),
      ),
      ...(this.#faulty === null
        ? []
        : [
            action("create topic", 1, topic, () => this.#acts.createTopic()),
            action("create channel", 1, topic, () => this.#acts.createChannel(random.pick(CHANNELS))),
            action("delete topic", random.chance(isRare("delete topic")) ? 1 : 0, topic, () =>
              this.#acts.deleteTopic(),
            ),
            action("publish wrongly", 1, topic, () => this.#acts.publishWrongly()),
            action("look", 1, consumers, () => this.#acts.look()),
            action("scrape", 0, topic, () => this.#acts.scrape()),
            action("work off", 0, topic, () => this.#acts.workOff()),
          ]),
    ];
  }
}
