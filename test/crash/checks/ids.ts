// What is delivered was published, under one id, and ids rise in the order of publishing; first deliveries follow it.

import type { Delivery } from "../consumer-record.ts";
import type { Ledger, Message } from "../ledger.ts";
import { told } from "./told.ts";

export function checkIds(ledger: Ledger): string[] {
  const idOf = new Map<Message, string>();
  const byId = new Map<string, Message>();
  const wrong: string[] = [];
  for (const delivery of deliveriesOf(ledger)) {
    const { id, message } = delivery;
    if (!message) {
      wrong.push(`[DUR1] nobody published what was delivered: ${told(delivery)}`);
      continue;
    }
    const known = idOf.get(message);
    if (known !== undefined && known !== id) wrong.push(`[DUR1] twice in the log, also as ${known}: ${told(delivery)}`);
    const other = byId.get(id);
    if (other && other !== message) wrong.push(`[LOG1] the id was of "${other.body}": ${told(delivery)}`);
    idOf.set(message, id);
    byId.set(id, message);
  }
  wrong.push(...checkOrder([...byId].sort(([a], [b]) => (a < b ? -1 : 1))));
  for (const { deliveries } of ledger.channels) wrong.push(...checkFirstDeliveries([...deliveries.values()].flat()));
  return wrong;
}

function* deliveriesOf(ledger: Ledger): Iterable<Delivery> {
  for (const { deliveries } of ledger.channels) for (const ofId of deliveries.values()) yield* ofId;
}

/** Who was published after another was acknowledged, or behind it on its connection, lies behind it. */
function checkOrder(messages: readonly (readonly [string, Message])[]): string[] {
  const wrong: string[] = [];
  let lastSent: Message | null = null;
  const lastOf = new Map<object, Message>();
  for (const [id, message] of messages) {
    const { publish } = message;
    const { sent, acked, connection } = publish;
    if (lastSent && acked && acked.order < lastSent.publish.sent.order) {
      wrong.push(
        `[LOG1] "${message.body}" ${id} was acknowledged before "${lastSent.body}" was published, yet follows it`,
      );
    }
    const before = lastOf.get(connection ?? publish);
    if (before && isBefore(message, before)) {
      wrong.push(`[SES2] "${message.body}" ${id} follows "${before.body}", which was published behind it`);
    }
    lastOf.set(connection ?? publish, message);
    if (!lastSent || sent.order > lastSent.publish.sent.order) lastSent = message;
  }
  return wrong;
}

function isBefore(a: Message, b: Message): boolean {
  if (a.publish !== b.publish) return a.publish.sent.order < b.publish.sent.order;
  return a.publish.messages.indexOf(a) < a.publish.messages.indexOf(b);
}

/** What a connection is sent for the first time comes in the order of ids, but for what was deferred. */
function checkFirstDeliveries(deliveries: readonly Delivery[]): string[] {
  const wrong: string[] = [];
  const last = new Map<object, Delivery>();
  const inOrder = [...deliveries].sort((a, b) => a.received.order - b.received.order);
  for (const delivery of inOrder) {
    if (delivery.attempts > 1 || !delivery.message || delivery.message.publish.deferMs > 0) continue;
    const before = last.get(delivery.consumer);
    if (before && before.id >= delivery.id) wrong.push(`[CHN4] after ${before.id} came ${told(delivery)}`);
    last.set(delivery.consumer, delivery);
  }
  return wrong;
}
