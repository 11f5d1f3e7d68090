// What was seen of one life of a channel.

import { ConsumerRecord, type Delivery } from "./consumer-record.ts";
import type { Ledger } from "./ledger.ts";
import { Flag, type Order } from "./orders.ts";

export interface Channel {
  readonly name: string;
  readonly creation: Order;
  deletion: Order | null;
  readonly pause: Flag;
  readonly consumers: ConsumerRecord[];
  /** By message id, in the order in which they were seen. */
  readonly deliveries: Map<string, Delivery[]>;
  /** A consumer of it sends SUB now. */
  subscribing(msgTimeoutMs: number): ConsumerRecord;
}

export function channelOf(ledger: Ledger, name: string): Channel {
  const channel: Channel = {
    name,
    creation: { sent: ledger.moment(), confirmed: null },
    deletion: null,
    pause: new Flag(),
    consumers: [],
    deliveries: new Map(),
    subscribing: (msgTimeoutMs) => {
      const consumer = new ConsumerRecord(ledger, channel, msgTimeoutMs);
      channel.consumers.push(consumer);
      return consumer;
    },
  };
  return channel;
}
