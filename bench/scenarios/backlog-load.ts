// Load for a broker: messages of one size, published and consumed on the direct paths as fast as one client can.

import type { BrokerProcess } from "../../scripts/broker.ts";
import { Client } from "../../test/broker/client.ts";
import { mpub } from "../../test/broker/commands.ts";
import { channelStats } from "../../test/broker/stats.ts";

/** Bytes of a body. */
const SIZE = 200;
/** Messages of an MPUB. */
const BATCH = 500;
/** MPUBs that are not yet answered. */
const WINDOW = 16;
const RDY = 2_500;
const LOOK_AGAIN_MS = 20;

/** Publishes to one topic. */
export class Producer {
  readonly #client: Client;
  readonly #command: Buffer;

  private constructor(client: Client, topic: string) {
    this.#client = client;
    this.#command = mpub(topic, BATCH, SIZE);
  }

  static async open({ ws }: BrokerProcess, topic: string): Promise<Producer> {
    return new Producer(await Client.open(`${ws}?topic=${topic}`), topic);
  }

  /** Returns the speed, messages/s. */
  async publish(count: number): Promise<number> {
    const start = performance.now();
    const before = this.#client.replies.length;
    const batches = Math.ceil(count / BATCH);
    for (let sent = 0; sent < batches; sent++) {
      if (sent >= WINDOW) await this.#client.replied(before + sent - WINDOW + 1);
      this.#client.write(this.#command);
    }
    await this.#client.replied(before + batches);
    return perSecond(batches * BATCH, start);
  }

  close(): void {
    this.#client.close();
  }
}

/** Consumes from one channel, and finishes everything. */
export class Drain {
  readonly #client: Client;
  readonly #isQuiet: () => Promise<boolean>;

  private constructor(client: Client, isQuiet: () => Promise<boolean>) {
    this.#client = client;
    this.#isQuiet = isQuiet;
  }

  static async open({ ws, http }: BrokerProcess, topic: string, channel: string): Promise<Drain> {
    const client = await Client.open(`${ws}?topic=${topic}&channel=${channel}`);
    await client.subscribe(topic, channel);
    return new Drain(client, async () => (await channelStats(http, topic, channel))?.in_flight_count === 0);
  }

  /** Drains `count` messages and hardly more. Returns the speed, messages/s. */
  async drain(count: number): Promise<number> {
    const start = performance.now();
    const before = this.#client.count;
    this.#client.ready(RDY);
    await this.#client.received(before + count);
    const speed = perSecond(count, start);
    this.#client.ready(0);
    while (!(await this.#isQuiet())) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    return speed;
  }

  close(): void {
    this.#client.close();
  }
}

function perSecond(count: number, start: number): number {
  return (1000 * count) / (performance.now() - start);
}
