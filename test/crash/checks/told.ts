// Words for what was seen.

import type { Delivery } from "../consumer-record.ts";

const MAX_BODY = 20;

export function told({ consumer, id, body, attempts, life, received }: Delivery): string {
  const text = body.length > MAX_BODY ? `${body.slice(0, MAX_BODY)}...` : body;
  return `${consumer.channel.name} ${id} "${text}" attempts ${attempts} in life ${life} at ${received.at}`;
}
