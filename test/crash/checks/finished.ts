// What was finished stays so while the broker lives; a kill may make it forget what it had not saved, and that is bounded.

import type { Channel } from "../channel-record.ts";
import type { Answer, Delivery } from "../consumer-record.ts";
import type { Ledger } from "../ledger.ts";
import { told } from "./told.ts";

export function checkFinished(ledger: Ledger, syncEvery: number): string[] {
  return ledger.channels.flatMap((channel) => checkChannel(channel, syncEvery));
}

function checkChannel(channel: Channel, syncEvery: number): string[] {
  const wrong: string[] = [];
  const saved = savesOf(channel);
  const forgotten = new Map<number, number>();
  for (const deliveries of channel.deliveries.values()) {
    const finishes = deliveries.filter(({ answer }) => answer?.kind === "FIN" && answer.proven !== null);
    for (const finished of finishes) {
      const later = deliveries.filter((delivery) => delivery.life === finished.life);
      const again = later.find(({ attempts }) => attempts > finished.attempts);
      if (again) wrong.push(`[CHN1] finished, and again in the same life: ${told(again)}`);
    }
    for (const life of new Set(finishes.map(({ life }) => life))) {
      const back = deliveries.find((delivery) => delivery.life > life);
      if (!back) continue;
      forgotten.set(life, (forgotten.get(life) ?? 0) + 1);
      const proven = (finishes.find((finish) => finish.life === life)?.answer as Answer).proven;
      const isSaved = proven !== null && proven.order < (saved.get(life) ?? 0);
      if (isSaved) wrong.push(`[DUR2] finished, saved, and back: ${told(back)}`);
    }
  }
  for (const [life, count] of forgotten) {
    const text = `[DUR2] ${channel.name}: ${count} came back that were finished in life ${life}`;
    if (count >= syncEvery) wrong.push(`${text}, with sync-every ${syncEvery}`);
  }
  return wrong;
}

/** By life, a moment after which the channel has saved its state for certain. */
function savesOf({ deliveries, pause }: Channel): Map<number, number> {
  const saves = new Map<number, number>();
  const add = (life: number, order: number) => saves.set(life, Math.max(order, saves.get(life) ?? 0));
  for (const delivery of [...deliveries.values()].flat()) {
    const { life, after, answer } = delivery;
    if (delivery.attempts > 1) add(life, after.order);
    if (isSavedRequeue(delivery)) add(life, (answer as Answer).sent.order);
  }
  for (const { sent, confirmed, isObservation, life } of pause.orders) {
    if (confirmed !== null && !isObservation) add(life, sent.order);
  }
  return saves;
}

function isSavedRequeue({ answer }: Delivery): boolean {
  return answer?.kind === "REQ" && answer.delayMs > 0 && answer.proven !== null;
}
