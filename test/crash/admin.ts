// The administrator: pauses and unpauses, makes a channel in the middle, deletes one and makes it again.

import type { Random } from "../helpers/random.ts";
import type { Channel } from "./channel-record.ts";
import type { FlagOrder, Order } from "./orders.ts";
import { actorRandom, TOPIC } from "./plan.ts";
import { type Actor, pause, post, type Stage } from "./stage.ts";

/** Those who consume, as far as the administrator has to do with them. */
export interface Consumers {
  /** A channel is there. */
  begin(channel: Channel): void;
  /** A channel will go: resolves when nobody is about to subscribe to it any more. */
  retire(channel: Channel): Promise<void>;
}

const TOPIC_QUERY = `topic=${TOPIC}`;

/** Makes the topic. */
export async function createTopic(stage: Stage): Promise<void> {
  await post(stage, `/topic/create?${TOPIC_QUERY}`);
}

export async function createChannel(stage: Stage, name: string): Promise<Channel> {
  const channel = stage.ledger.creating(name);
  await carryOut(stage, `/channel/create?${queryOf(channel)}`, channel.creation);
  return channel;
}

function queryOf({ name }: Channel): string {
  return `${TOPIC_QUERY}&channel=${name}`;
}

/** What is gone needs not be deleted again. */
async function carryOut(stage: Stage, path: string, order: Order, mayBeGone = false): Promise<void> {
  const answer = await post(stage, path);
  if (answer === null) return;
  if (answer.status === 200 || (mayBeGone && answer.status === 404)) stage.ledger.confirmed(order);
  else stage.ledger.surprised(`${path} was answered ${answer.status} ${answer.text}`);
}

export class Admin implements Actor {
  readonly ended: Promise<unknown>;
  readonly #stage: Stage;
  readonly #consumers: Consumers;
  readonly #random: Random;
  #isFinishing = false;

  constructor(stage: Stage, consumers: Consumers, actor: number) {
    this.#stage = stage;
    this.#consumers = consumers;
    this.#random = actorRandom(stage.plan.seed, stage.ledger.life, actor);
    this.ended = this.#work();
  }

  /** Leaves everything unpaused, and nothing in doubt. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    await this.ended;
    if (this.#unsure("topic").has(true)) await this.#pause(null, false);
    for (const channel of this.#channels) if (this.#unsure(channel).has(true)) await this.#pause(channel, false);
  }

  /** Those that were not asked to go. */
  get #channels(): Channel[] {
    return this.#stage.ledger.channels.filter(({ creation, deletion }) => creation.confirmed && !deletion);
  }

  async #work(): Promise<void> {
    const { ledger, plan } = this.#stage;
    await this.#settle();
    while (!this.#isFinishing && !ledger.isKilled) {
      await pause(plan.orderMs / 2 + this.#random.int(plan.orderMs));
      if (!this.#isFinishing && !ledger.isKilled) await this.#giveOrder();
    }
  }

  /** What a kill left open is ordered again. */
  async #settle(): Promise<void> {
    for (const channel of [...this.#stage.ledger.channels]) {
      const { creation, deletion } = channel;
      if (creation.confirmed === null) await this.#create(channel);
      if (deletion && deletion.confirmed === null) await this.#delete(channel);
    }
  }

  async #giveOrder(): Promise<void> {
    const { plan } = this.#stage;
    if (this.#random.chance(plan.makes)) {
      if (this.#random.chance(20)) await this.#makeOnce(plan.later);
      else await this.#deleteOrMake(plan.passing);
    } else if (this.#random.chance(40)) await this.#pause(null, this.#next("topic"));
    else {
      const channel = this.#random.pick(this.#channels);
      await this.#pause(channel, this.#next(channel));
    }
  }

  #unsure(what: Channel | "topic"): ReadonlySet<boolean> {
    return what === "topic" ? this.#stage.ledger.topicPause.possible() : what.pause.possible();
  }

  /** Mostly the other, but sometimes again what it is already. */
  #next(what: Channel | "topic"): boolean {
    const isPaused = this.#unsure(what).has(true);
    return this.#random.chance(90) ? !isPaused : isPaused;
  }

  async #pause(channel: Channel | null, value: boolean): Promise<void> {
    const { ledger } = this.#stage;
    const verb = value ? "pause" : "unpause";
    const order: FlagOrder = ledger.pausing(channel?.pause ?? ledger.topicPause, value);
    const path = channel ? `/channel/${verb}?${queryOf(channel)}` : `/topic/${verb}?${TOPIC_QUERY}`;
    await carryOut(this.#stage, path, order);
  }

  async #makeOnce(name: string): Promise<void> {
    const isThere = this.#stage.ledger.channels.some((channel) => channel.name === name && !channel.deletion);
    if (!isThere) await this.#create(this.#stage.ledger.creating(name));
  }

  async #deleteOrMake(name: string): Promise<void> {
    const living = this.#channels.find((channel) => channel.name === name);
    if (!living) {
      await this.#makeOnce(name);
      return;
    }
    await this.#consumers.retire(living);
    if (!this.#stage.ledger.isKilled) await this.#delete(living);
  }

  async #create(channel: Channel): Promise<void> {
    await carryOut(this.#stage, `/channel/create?${queryOf(channel)}`, channel.creation);
    if (channel.creation.confirmed) this.#consumers.begin(channel);
  }

  async #delete(channel: Channel): Promise<void> {
    const isAgain = channel.deletion !== null;
    const deletion = this.#stage.ledger.deleting(channel);
    await carryOut(this.#stage, `/channel/delete?${queryOf(channel)}`, deletion, isAgain);
  }
}
