// A message is in flight to one consumer at a time, and no consumer has more than its RDY; what it answers in time counts.

import { type Delivery, deadlineOf } from "../consumer-record.ts";
import type { Ledger } from "../ledger.ts";
import { told } from "./told.ts";

export function checkInFlight(ledger: Ledger): string[] {
  const all = ledger.channels.flatMap((channel) => [...channel.deliveries.values()]);
  return [...all.flatMap(checkOwners), ...all.flat().flatMap(checkRdy), ...all.flat().flatMap(checkAnswer)];
}

/** Attempts tell the order in which the broker sent a message in one life; what was read first may have been sent second. */
function checkOwners(deliveries: readonly Delivery[]): string[] {
  const sorted = [...deliveries].sort((a, b) => a.life - b.life || a.attempts - b.attempts);
  return sorted.flatMap((delivery, index) => {
    const before = sorted[index - 1];
    if (!before || before.life !== delivery.life) return [];
    const isAnswered = before.answer !== null && before.answer.sent.order < delivery.received.order;
    if (isAnswered || delivery.received.at >= deadlineOf(before)) return [];
    return [`[CHN2] still in flight since ${before.received.at} to another: ${told(delivery)}`];
  });
}

function checkRdy(delivery: Delivery): string[] {
  const { rdy, inFlight } = delivery;
  return inFlight > rdy ? [`[CHN5] ${inFlight} in flight with RDY ${rdy}: ${told(delivery)}`] : [];
}

/** An answer that the broker had before the deadline cannot be refused. */
function checkAnswer(delivery: Delivery): string[] {
  const { answer, touches, consumer, isDoubtful } = delivery;
  if (isDoubtful) return [];
  const deadline = deadlineOf(delivery);
  // Once the channel is deleted nothing is in flight any more.
  const end = consumer.channel.deletion?.sent.order ?? Number.POSITIVE_INFINITY;
  return [...touches, ...(answer ? [answer] : [])].flatMap(({ kind, failed }) => {
    const isInTime = failed !== null && failed.at < deadline && failed.order < end;
    return isInTime ? [`[ANS2] ${kind} was refused in time: ${told(delivery)}`] : [];
  });
}
