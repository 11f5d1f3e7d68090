// Nothing that was deferred comes early, over restarts too.

import type { Delivery } from "../consumer-record.ts";
import type { Ledger } from "../ledger.ts";
import { told } from "./told.ts";

export function checkDeferral(ledger: Ledger): string[] {
  return ledger.channels.flatMap(({ deliveries }) => [...deliveries.values()].flatMap(checkMessage));
}

function checkMessage(deliveries: readonly Delivery[]): string[] {
  const wrong: string[] = [];
  for (const delivery of deliveries) {
    const publish = delivery.message?.publish;
    const early = publish ? publish.sent.at + publish.deferMs - delivery.received.at : 0;
    if (publish && publish.deferMs > 0 && early > 0) wrong.push(`[CHN10] ${early} ms early: ${told(delivery)}`);
    wrong.push(...checkRequeue(delivery, deliveries));
  }
  return wrong;
}

/** A REQ that was carried out holds for every later attempt. */
function checkRequeue({ answer, attempts }: Delivery, deliveries: readonly Delivery[]): string[] {
  if (answer?.kind !== "REQ" || answer.delayMs === 0 || answer.proven === null) return [];
  const due = answer.sent.at + answer.delayMs;
  return deliveries
    .filter((later) => later.attempts > attempts && later.received.at < due)
    .map((later) => `[DUR3] ${due - later.received.at} ms before a REQ lets it: ${told(later)}`);
}
