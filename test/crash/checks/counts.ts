// What /stats may count, given what the clients saw until then.

import type { Channel } from "../channel-record.ts";
import type { Delivery } from "../consumer-record.ts";
import type { ChannelCounts, Ledger, Look, Message } from "../ledger.ts";

/** The last delivery there was, in the order of the broker. */
export function lastOf(deliveries: readonly Delivery[]): Delivery | undefined {
  return [...deliveries].sort((a, b) => b.life - a.life || b.attempts - a.attempts)[0];
}

/** The channel of a name that exists for certain, and was not asked to go. */
export function livingChannel(ledger: Ledger, name: string, order: number): Channel | undefined {
  return ledger.channels.find(({ name: other, creation, deletion }) => {
    const isThere = creation.confirmed !== null && creation.confirmed.order <= order;
    return other === name && isThere && (deletion === null || deletion.sent.order > order);
  });
}

/** Whether a message was stored for certain until then. */
export function isStored({ publish }: Message, order: number): boolean {
  const isSeen = publish.messages.some(({ seen }) => seen !== null && seen.order < order);
  return isSeen || (publish.acked !== null && publish.acked.order < order);
}

export function messagesUntil(ledger: Ledger, order: number): Message[] {
  return ledger.publishes.filter(({ sent }) => sent.order < order).flatMap(({ messages }) => messages);
}

/** Whether a channel that exists has a message that is stored. */
export function isOwed(channel: Channel, { publish }: Message): boolean {
  const { confirmed } = channel.creation;
  return confirmed !== null && confirmed.order < publish.sent.order;
}

/** `certain` and `possible` numbers of stored messages. */
export function checkCounts(ledger: Ledger, look: Look, certain: number, possible: number): string[] {
  const { messageCount, channels } = look.counts;
  const wrong: string[] = [];
  if (messageCount < certain || messageCount > possible) {
    wrong.push(`[DUR1] topic has message_count ${messageCount}, not ${certain} to ${possible}`);
  }
  for (const counts of channels) {
    const channel = livingChannel(ledger, counts.name, look.moment.order);
    if (channel) wrong.push(...checkChannel(ledger, look, channel, counts));
  }
  return wrong.map((text) => `${text}, when life ${look.life} was looked at`);
}

function checkChannel(ledger: Ledger, { counts, moment }: Look, channel: Channel, found: ChannelCounts): string[] {
  const wrong: string[] = [];
  const fannedOut = counts.messageCount - counts.depth;
  const first = ledger.publishes[0]?.sent.order ?? Number.POSITIVE_INFINITY;
  const isFromBeginning = channel.creation.confirmed !== null && channel.creation.confirmed.order < first;
  const owed = messagesUntil(ledger, moment.order).filter(
    (message) => isOwed(channel, message) && isStored(message, moment.order),
  );
  const least = isFromBeginning ? fannedOut : owed.length - counts.depth;
  if (found.messageCount < least || found.messageCount > fannedOut) {
    wrong.push(`[DUR1] ${found.name} has message_count ${found.messageCount}, not ${least} to ${fannedOut}`);
  }
  const unfinished = owed.filter(isUntouched(channel, moment.order)).length - counts.depth;
  const kept = found.depth + found.inFlight + found.deferred;
  if (kept < unfinished) wrong.push(`[DUR1] ${found.name} keeps ${kept}, though ${unfinished} were not finished`);
  wrong.push(...checkRequeues(channel, found, moment.order));
  return wrong;
}

/** Whether nobody can have finished a message until then. */
function isUntouched({ deliveries }: Channel, order: number): (message: Message) => boolean {
  const finished = new Set<Message | undefined>();
  for (const { message, answer } of [...deliveries.values()].flat()) {
    if (answer?.kind === "FIN" && answer.failed === null && answer.sent.order < order) finished.add(message);
  }
  return (message) => !finished.has(message);
}

function checkRequeues({ deliveries }: Channel, { name, requeueCount }: ChannelCounts, order: number): string[] {
  const requeues = [...deliveries.values()].flat().flatMap(({ answer }) => {
    return answer?.kind === "REQ" && answer.failed === null && answer.sent.order < order ? [answer] : [];
  });
  const saved = requeues.filter(({ proven, delayMs }) => delayMs > 0 && proven !== null && proven.order < order).length;
  if (requeueCount >= saved && requeueCount <= requeues.length) return [];
  return [`[DUR3] ${name} has requeue_count ${requeueCount}, not ${saved} to ${requeues.length}`];
}
