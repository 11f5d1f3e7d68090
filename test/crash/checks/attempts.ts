// Attempts rise within a life of the broker, and never fall from one to the next.

import type { Delivery } from "../consumer-record.ts";
import type { Ledger } from "../ledger.ts";
import { told } from "./told.ts";

export function checkAttempts(ledger: Ledger): string[] {
  return ledger.channels.flatMap(({ deliveries }) => [...deliveries.values()].flatMap(checkMessage));
}

function checkMessage(deliveries: readonly Delivery[]): string[] {
  const wrong: string[] = [];
  const seen = new Map<string, Delivery>();
  const last = new Map<object, Delivery>();
  for (const delivery of deliveries) {
    const { life, attempts, consumer } = delivery;
    // What two connections were sent may be read in the other order; that both have the same attempts is wrong in any.
    const same = seen.get(`${life} ${attempts}`);
    if (same) wrong.push(`[CHN3] twice in a life: ${told(delivery)}, and ${told(same)}`);
    seen.set(`${life} ${attempts}`, delivery);
    const before = last.get(consumer);
    if (before && before.attempts > attempts) wrong.push(`[CHN3] after ${before.attempts} attempts: ${told(delivery)}`);
    last.set(consumer, delivery);
  }
  const first = deliveries[0] as Delivery;
  const lives = new Set(deliveries.map(({ life }) => life));
  lives.delete(first.life);
  for (const life of lives) wrong.push(...checkRestart(deliveries, life));
  return wrong;
}

/** What was seen in a life against what was saved before it. */
function checkRestart(deliveries: readonly Delivery[], life: number): string[] {
  const saved = Math.max(...deliveries.filter((delivery) => delivery.life < life).map(savedAttempts));
  return deliveries
    .filter((delivery) => delivery.life === life && delivery.attempts <= saved)
    .map((delivery) => `[DUR3] after ${saved} attempts that were saved: ${told(delivery)}`);
}

/** A first delivery may be forgotten, unless the message was then deferred; any other is saved before it goes out. */
function savedAttempts({ attempts, answer }: Delivery): number {
  const isDeferred = answer?.kind === "REQ" && answer.delayMs > 0 && answer.proven !== null;
  return attempts > 1 || isDeferred ? attempts : 0;
}
