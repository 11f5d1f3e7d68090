// What was finished stays so while the broker lives; a kill may make it forget what it had not saved, and that is bounded.

import type { Channel } from "../channel-record.ts";
import type { Delivery } from "../consumer-record.ts";
import type { Ledger } from "../ledger.ts";
import { told } from "./told.ts";

export function checkFinished(ledger: Ledger, syncEvery: number): string[] {
  return ledger.channels.flatMap((channel) => checkChannel(channel, syncEvery));
}

function checkChannel(channel: Channel, syncEvery: number): string[] {
  const wrong: string[] = [];
  const saves = savesOf(channel);
  const forgotten = new Map<number, number>();
  for (const deliveries of channel.deliveries.values()) {
    for (const { life, attempts, provenOrder } of finishesOf(deliveries)) {
      const again = deliveries.find((delivery) => delivery.life === life && delivery.attempts > attempts);
      if (again) wrong.push(`[CHN1] finished, and again in the same life: ${told(again)}`);
      const back = deliveries.find((delivery) => delivery.life > life);
      if (!back) continue;
      forgotten.set(life, (forgotten.get(life) ?? 0) + 1);
      if (provenOrder < (saves.get(life) ?? 0)) wrong.push(`[DUR2] finished, saved, and back: ${told(back)}`);
    }
  }
  for (const [life, count] of forgotten) {
    const text = `[DUR2] ${channel.name}: ${count} came back that were finished in life ${life}`;
    if (count >= syncEvery) wrong.push(`${text}, with sync-every ${syncEvery}`);
  }
  return wrong;
}

interface Finish {
  readonly life: number;
  readonly attempts: number;
  readonly provenOrder: number;
}

/** When a message was certainly finished: in each life once at most. */
function finishesOf(deliveries: readonly Delivery[]): Finish[] {
  return deliveries.flatMap(({ life, attempts, answer }) => {
    if (answer?.kind !== "FIN" || answer.proven === null) return [];
    return [{ life, attempts, provenOrder: answer.proven.order }];
  });
}

/** By life, a moment after which the channel has saved its state for certain. */
function savesOf({ deliveries, pause }: Channel): Map<number, number> {
  const saves = new Map<number, number>();
  const add = (life: number, order: number) => saves.set(life, Math.max(order, saves.get(life) ?? 0));
  for (const delivery of [...deliveries.values()].flat()) {
    const { life, attempts, after, answer } = delivery;
    if (attempts > 1) add(life, after.order);
    const isDeferred = answer?.kind === "REQ" && answer.delayMs > 0 && answer.proven !== null;
    if (isDeferred) add(life, answer.sent.order);
  }
  for (const { sent, confirmed, isObservation, life } of pause.orders) {
    if (confirmed !== null && !isObservation) add(life, sent.order);
  }
  return saves;
}
