// Publishes over HTTP that do not wait for those before them, and consumers that finish what comes.

import { vi } from "vitest";
import { Topic } from "../../src/durable/Topic.ts";
import { publish } from "../durable/broker-api.ts";
import type { V2Client } from "../durable/v2-client.ts";
import { BODY, type MeteredBroker, TOPIC } from "./metered-broker.ts";
import { soon } from "./patience.ts";

export class SingleMessages {
  readonly #broker: MeteredBroker;
  readonly #channels: number;
  readonly #lingerMs: number;
  /** Calls that have come to the topic. */
  readonly #arrivals = vi.spyOn(Topic.prototype, "publish");
  #sent = 0;
  #answered = 0;
  readonly #before: number;

  constructor(broker: MeteredBroker, consumers: readonly V2Client[], lingerMs: number) {
    this.#broker = broker;
    this.#channels = consumers.length;
    this.#lingerMs = lingerMs;
    this.#arrivals.mockClear();
    this.#before = broker.meter.counts.webSocketMessages;
    for (const consumer of consumers) void this.#consume(consumer);
  }

  /** Publishes when some time has passed; what falls due until then is done before. */
  async publishIn(ms: number): Promise<void> {
    await this.#pass(ms);
    this.#sent++;
    void publish(TOPIC, BODY).then(() => {
      this.#answered++;
    });
    await soon("a publish arrives", () => this.#arrivals.mock.calls.length === this.#sent);
    await this.#settled();
  }

  async finished(): Promise<void> {
    await this.#pass(this.#lingerMs);
    await soon("all is stored", () => this.#answered === this.#sent);
    this.#arrivals.mockRestore();
  }

  async #pass(ms: number): Promise<void> {
    const { clock } = this.#broker;
    for (const until = Date.now() + ms; ; ) {
      const next = Math.min(clock.nextTimerAt, until);
      await clock.moveTo(next);
      await this.#settled();
      if (next === until) return;
    }
  }

  /** Resolves when what was published is finished, or waits for others that share its row. */
  async #settled(): Promise<void> {
    const { clock, meter } = this.#broker;
    const isWaiting = () => this.#lingerMs > 0 && clock.hasTimer(this.#lingerMs);
    await soon("what is stored is finished", () => {
      const finished = meter.counts.webSocketMessages - this.#before;
      return (this.#answered === this.#sent || isWaiting()) && finished === this.#answered * this.#channels;
    });
  }

  async #consume(consumer: V2Client): Promise<void> {
    for (let received = await consumer.next(); !("closed" in received); received = await consumer.next()) {
      if ("id" in received) consumer.send(`FIN ${received.id}`);
    }
  }
}
