// What a SUB to a channel's object meets before there is a consumer: the channel must be the object's own, exist, and have room.

import { type ClientError, clientError } from "../protocol/errors.ts";
import type { ChannelLife } from "../queue/channel-life.ts";
import type { ChannelQueue } from "../queue/channel-queue.ts";
import type { ChannelAddress } from "./object-names.ts";

export interface SubscriptionHost {
  /** Makes topic and channel exist. Null while the topic is deleted. */
  open(topic: string, channel: string): Promise<ChannelLife | null>;
  /** The topic could not be reached. */
  failed(error: unknown): void;
}

/** The topic, or the channel's life, is about to end. */
export const EXITING = clientError("E_SUB_FAILED", "SUB failed exiting");

export class Subscription {
  readonly #address: ChannelAddress;
  /** 0 for any number. */
  readonly #maxConsumers: number;
  readonly #host: SubscriptionHost;

  constructor(address: ChannelAddress, maxConsumers: number, host: SubscriptionHost) {
    this.#address = address;
    this.#maxConsumers = maxConsumers;
    this.#host = host;
  }

  /** The life of the channel that is named, or why there is none. */
  async open(topic: string, channel: string): Promise<{ life: ChannelLife } | { error: ClientError }> {
    if (topic !== this.#address.topic || channel !== this.#address.channel) {
      return { error: clientError("E_INVALID", "cannot SUB to another topic or channel than the URL names") };
    }
    try {
      const life = await this.#host.open(topic, channel);
      return life === null ? { error: EXITING } : { life };
    } catch (error) {
      this.#host.failed(error);
      return { error: clientError("E_SUB_FAILED", "SUB failed topic cannot be reached") };
    }
  }

  /** Why no more consumers are let in; null when one is. */
  refuse({ consumers }: ChannelQueue): ClientError | null {
    if (this.#maxConsumers === 0 || consumers.size < this.#maxConsumers) return null;
    const { topic, channel } = this.#address;
    const text = `SUB failed consumers for ${topic}:${channel} exceeds limit of ${this.#maxConsumers}`;
    return clientError("E_SUB_FAILED", text);
  }
}
