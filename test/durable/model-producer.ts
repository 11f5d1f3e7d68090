// Publishes over all doors, for model tests.

import { expect } from "vitest";
import { ask, checkFrame } from "./model-orders.ts";
import { direct, V2Client } from "./v2-client.ts";

/** Over HTTP, through the gateway, straight to the topic, or to the object of another topic or of a channel, which sends it on. */
export type Way = "http" | "gateway" | "direct" | "topic" | "channel";

/** What is known of a publish afterwards. */
export type PublishOutcome = "stored" | "refused" | "unknown";

const WRONG_DELAY = "DPUB model 99999999999";

export class Producer {
  readonly #topic: string;
  readonly #paths: Record<Exclude<Way, "http">, string>;

  constructor(topic: string, channel: string) {
    this.#topic = topic;
    this.#paths = {
      gateway: "/v2",
      direct: direct(topic),
      topic: direct(`another-than-${topic}`),
      channel: direct(topic, channel),
    };
  }

  async publish(body: string, deferMs: number, way: Way | null): Promise<PublishOutcome> {
    if (way === null || way === "http") return this.#post(body, deferMs);
    const client = await this.#open(way);
    if (!client) return "refused";
    client.send(deferMs > 0 ? `DPUB ${this.#topic} ${deferMs}` : `PUB ${this.#topic}`, body);
    const received = await client.next();
    checkFrame(received);
    client.close();
    return "response" in received ? "stored" : "unknown";
  }

  /** In a way that makes nothing but the topic, and ends the connection. */
  async publishWrongly(way: Way | null): Promise<void> {
    const client = await this.#open(way === "channel" ? way : "topic");
    client?.send(WRONG_DELAY, "x");
    const received = await client?.next();
    if (received) checkFrame(received);
    client?.close();
  }

  async #post(body: string, deferMs: number): Promise<PublishOutcome> {
    const defer = deferMs > 0 ? `&defer=${deferMs}` : "";
    const { status, text } = await ask("POST", `/pub?topic=${this.#topic}${defer}`, body);
    if (status === 200) return "stored";
    return text.includes("INTERNAL_ERROR") ? "unknown" : "refused";
  }

  async #open(way: Exclude<Way, "http">): Promise<V2Client | null> {
    return V2Client.open(this.#paths[way]).catch((error: Error) => {
      expect(error.message).toMatch(/500 {"message":"INTERNAL_ERROR"}$/);
      return null;
    });
  }
}
