// When everything was delivered: nothing is missing, and nothing is left over.

import type { Channel } from "../channel-record.ts";
import type { Delivery } from "../consumer-record.ts";
import { type ChannelCounts, type Ledger, type Message, PARKED_MS } from "../ledger.ts";
import { checkCounts, isOwed, isStored, lastOf, livingChannel, messagesUntil } from "./counts.ts";
import { told } from "./told.ts";

const EVER = Number.POSITIVE_INFINITY;

export function checkEnd(ledger: Ledger): string[] {
  const { end } = ledger;
  if (end === null) return [];
  const messages = messagesUntil(ledger, EVER);
  const stored = messages.filter((message) => isStored(message, EVER)).length;
  // Of the others only those that nobody could see by now may be stored.
  const unseen = messages.filter((message) => !isStored(message, EVER) && isParkedByPublish(message)).length;
  const wrong = checkCounts(ledger, end, stored, stored + unseen);
  for (const counts of end.counts.channels) {
    const channel = livingChannel(ledger, counts.name, EVER);
    if (!channel) {
      wrong.push(`[DUR9] channel ${counts.name} should not be there in the end`);
      continue;
    }
    wrong.push(...missing(ledger, channel), ...leftIn(ledger, channel, counts));
  }
  return wrong;
}

function isParkedByPublish({ publish }: Message): boolean {
  return publish.deferMs >= PARKED_MS;
}

function isParked({ answer }: Delivery): boolean {
  return answer?.kind === "REQ" && answer.failed === null && answer.delayMs >= PARKED_MS;
}

/** Whom a channel owes what: the last one to have a message has finished it, or deferred it beyond the end. */
export function missing(ledger: Ledger, channel: Channel): string[] {
  const wrong: string[] = [];
  const delivered = new Set<Message | undefined>();
  for (const deliveries of channel.deliveries.values()) {
    const last = lastOf(deliveries) as Delivery;
    delivered.add(last.message);
    const isFinished = last.answer?.kind === "FIN" && last.answer.failed === null;
    if (isFinished || isParked(last)) continue;
    wrong.push(`[DUR1] not finished, and never came again: ${deliveries.map(told).join("; ")}`);
  }
  for (const message of messagesUntil(ledger, EVER)) {
    if (delivered.has(message) || isParkedByPublish(message)) continue;
    if (!isOwed(channel, message) || !isStored(message, EVER)) continue;
    const how = message.publish.acked ? "acknowledged" : "stored";
    wrong.push(`[DUR1] ${channel.name} never got "${message.body.slice(0, 20)}", which was ${how}`);
  }
  return wrong;
}

/** What /stats says is left over. */
export function leftIn(ledger: Ledger, channel: Channel, counts: ChannelCounts): string[] {
  const { name, depth, inFlight, deferred } = counts;
  const wrong: string[] = [];
  if (depth + inFlight > 0) wrong.push(`[CHN1] ${name} has depth ${depth} and ${inFlight} in flight in the end`);
  const { least, most } = parked(ledger, channel);
  if (deferred < least || deferred > most) {
    wrong.push(`[CHN1] ${name} has ${deferred} deferred in the end, not ${least} to ${most}`);
  }
  return wrong;
}

/** How many messages must, and may, stay deferred to the end. */
function parked(ledger: Ledger, channel: Channel): { least: number; most: number } {
  const requeued = [...channel.deliveries.values()].filter((all) => isParked(lastOf(all) as Delivery)).length;
  const { sent } = channel.creation;
  let [least, most] = [requeued, requeued];
  for (const publish of ledger.publishes) {
    const [message] = publish.messages as [Message];
    if (!isParkedByPublish(message)) continue;
    const isCertain = publish.acked !== null && isOwed(channel, message);
    const isForOthers = publish.acked !== null && publish.acked.order < sent.order;
    if (isCertain) least++;
    if (!isForOthers || ledger.topicPause.possible(sent.order).has(true)) most++;
  }
  return { least, most };
}
