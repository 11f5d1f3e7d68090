// What the Worker has done to single channels of a topic, and asks of them: passed on to their objects, while topic and channel are there.

import { BODY_OFFSET } from "../protocol/message.ts";
import type { Intervened, Intervention } from "../queue/operator.ts";
import type { Channel } from "./Channel.ts";
import type { OpenTopic } from "./open-topic.ts";
import { type LookOrder, lookAtChannel, lookAtTopic, type MessagePage } from "./topic-look.ts";

type Missing = "no-topic" | "no-channel";

/** What became of an order that concerns a channel. */
export type ChannelOutcome = "done" | Missing;

/** What an operator does with a message of a channel; `due` is when it falls due, null when it is not deferred. */
export interface InterventionOrder {
  readonly intervention: Intervention;
  readonly seq: number;
  readonly due: number | null;
}

const DONE = "done" as const;

export class ChannelOrders {
  readonly #living: () => OpenTopic | null;
  readonly #object: (channel: string) => DurableObjectStub<Channel>;

  /** `living` is the topic, unless it is about to end; `object` that of a channel. */
  constructor(living: () => OpenTopic | null, object: (channel: string) => DurableObjectStub<Channel>) {
    this.#living = living;
    this.#object = object;
  }

  /** Does something to a channel that there is. */
  async at<T>(channel: string, work: (topic: OpenTopic) => Promise<T>): Promise<T | Missing> {
    const topic = this.#living();
    if (topic === null) return "no-topic";
    return topic.log.hasChannel(channel) ? work(topic) : "no-channel";
  }

  empty(channel: string): Promise<ChannelOutcome> {
    return this.at(channel, async ({ log }) => {
      await this.#object(channel).empty(log.channelLife(channel), log.fanout);
      return DONE;
    });
  }

  setPaused(channel: string, isPaused: boolean): Promise<ChannelOutcome> {
    return this.at(channel, async ({ log }) => {
      await this.#object(channel).setPaused(log.channelLife(channel), isPaused);
      return DONE;
    });
  }

  intervene(channel: string, { intervention, seq, due }: InterventionOrder): Promise<Intervened | Missing> {
    return this.at(channel, async ({ log }): Promise<Intervened> => {
      const message = { seq, due, dueInLog: log.record(seq)?.due ?? null };
      return this.#object(channel).intervene(log.channelLife(channel), log.fanout, intervention, message);
    });
  }

  /** Of the topic itself when the channel is null. */
  async look(channel: string | null, order: LookOrder): Promise<MessagePage | Missing> {
    if (channel === null) {
      const topic = this.#living();
      return topic ? lookAtTopic(topic.log, order, Date.now()) : "no-topic";
    }
    return this.at(channel, async ({ log }) => {
      const { fanout } = log;
      const report = await this.#object(channel).look(log.channelLife(channel), fanout, order);
      return lookAtChannel(log, fanout, report, order, Date.now());
    });
  }

  /** The body of a message, which the channel may have when the log has let go of it. */
  async body(channel: string | null, seq: number, due: number | null): Promise<Uint8Array | null> {
    const log = this.#living()?.log;
    const frame = log?.record(seq)?.frame;
    if (frame) return frame.slice(BODY_OFFSET);
    if (channel === null || !log?.hasChannel(channel)) return null;
    return this.#object(channel).body(log.channelLife(channel), seq, due);
  }
}
