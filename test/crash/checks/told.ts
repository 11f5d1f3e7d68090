// Words for what was seen.

import type { Delivery } from "../consumer-record.ts";

const MAX_BODY = 20;

export function told(delivery: Delivery): string {
  const { consumer, id, body, attempts, life, received } = delivery;
  const text = body.length > MAX_BODY ? `${body.slice(0, MAX_BODY)}...` : body;
  const seen = `attempts ${attempts} in life ${life} at ${received.at}`;
  return `${consumer.channel.name} ${id} "${text}" ${seen}, ${answered(delivery)}`;
}

function answered({ answer, isDoubtful }: Delivery): string {
  if (answer === null) return isDoubtful ? "in doubt" : "unanswered";
  const { kind, delayMs, sent, failed, proven } = answer;
  const outcome = failed ? `refused at ${failed.at}` : proven ? "carried out" : "perhaps carried out";
  return `${kind}${kind === "REQ" ? ` ${delayMs}` : ""} at ${sent.at} ${outcome}`;
}
