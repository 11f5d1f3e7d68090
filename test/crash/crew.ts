// All who have to do with the broker in one of its lives.

import { Admin } from "./admin.ts";
import type { Channel } from "./channel-record.ts";
import { Consumer } from "./consumer.ts";
import { type Producer, startProducer } from "./producer.ts";
import type { Actor, Stage } from "./stage.ts";

export class Crew {
  readonly #stage: Stage;
  readonly #producers: Producer[];
  readonly #consumers: Consumer[] = [];
  readonly #admin: Admin;
  #count = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#producers = stage.plan.producers.map((plan) => startProducer(stage, plan, this.#count++));
    for (const channel of stage.ledger.channels) {
      if (channel.creation.confirmed && !channel.deletion) this.#begin(channel);
    }
    const consumers = {
      begin: (channel: Channel) => this.#begin(channel),
      retire: (channel: Channel) => this.#retire(channel),
    };
    this.#admin = new Admin(stage, consumers, this.#count++);
  }

  /** Resolves when the broker was killed and everybody has noticed. */
  async ended(): Promise<void> {
    await this.#admin.ended; // which may have brought in others
    const actors: Actor[] = [...this.#producers, ...this.#consumers];
    await Promise.all(actors.map(({ ended }) => ended));
  }

  /** Publishing ends, nothing is paused any more, and everything is finished as it comes. */
  async wind(): Promise<void> {
    for (const producer of this.#producers) producer.finish();
    await Promise.all(this.#producers.map(({ ended }) => ended));
    await this.#admin.finish();
    for (const consumer of this.#consumers) consumer.beDiligent();
  }

  /** Resolves when it is known what became of everything that consumers said. */
  async settle(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.settle()));
  }

  close(): void {
    for (const consumer of this.#consumers) consumer.close();
  }

  #begin(channel: Channel): void {
    for (const plan of this.#stage.plan.consumers) {
      if (plan.channel !== channel.name) continue;
      this.#consumers.push(new Consumer(this.#stage, plan, channel, this.#count++));
    }
  }

  async #retire(channel: Channel): Promise<void> {
    const concerned = this.#consumers.filter((consumer) => consumer.channel === channel);
    await Promise.all(concerned.map((consumer) => consumer.retire()));
  }
}
