// How much was seen.

import type { Ledger } from "./ledger.ts";

export interface Totals {
  readonly published: number;
  readonly acknowledged: number;
  readonly delivered: number;
  readonly redelivered: number;
}

export function totalsOf({ publishes, channels }: Ledger): Totals {
  const messages = (all: typeof publishes) => all.reduce((sum, { messages }) => sum + messages.length, 0);
  const deliveries = channels.flatMap((channel) => [...channel.deliveries.values()].map(({ length }) => length));
  const delivered = deliveries.reduce((sum, count) => sum + count, 0);
  return {
    published: messages(publishes),
    acknowledged: messages(publishes.filter(({ acked }) => acked !== null)),
    delivered,
    redelivered: delivered - deliveries.length,
  };
}
