// What is paused delivers nothing new, over restarts too; and a channel has nothing from before its time.

import type { Channel } from "../channel-record.ts";
import type { Delivery } from "../consumer-record.ts";
import type { Ledger } from "../ledger.ts";
import type { Interval } from "../orders.ts";
import { told } from "./told.ts";

export function checkPauses(ledger: Ledger): string[] {
  const ofTopic = ledger.topicPause.intervals;
  return ledger.channels.flatMap((channel) => {
    const deliveries = [...channel.deliveries.values()].flat();
    const ofChannel = channel.pause.intervals;
    return [
      ...deliveries.flatMap((delivery) => checkChannelPause(delivery, ofChannel)),
      ...deliveries.flatMap((delivery) => checkTopicPause(delivery, ofTopic)),
      ...checkAge(ledger, channel, deliveries),
    ];
  });
}

/** The broker sent it after `after` and before it was received. */
function checkChannelPause(delivery: Delivery, pauses: readonly Interval[]): string[] {
  const { after, received } = delivery;
  const isPaused = pauses.some(({ from, to }) => after.order > from && received.order < to);
  return isPaused ? [`[CHN13] while its channel was paused: ${told(delivery)}`] : [];
}

function checkTopicPause(delivery: Delivery, pauses: readonly Interval[]): string[] {
  const { message, received } = delivery;
  const isPaused = pauses.some(({ from, to }) => message && message.publish.sent.order > from && received.order < to);
  return isPaused ? [`[LOG5] published and delivered while its topic was paused: ${told(delivery)}`] : [];
}

/** What had been acknowledged when it was made, and had been fanned out, is not for it; the topic has other channels. */
function checkAge({ topicPause, channels }: Ledger, channel: Channel, deliveries: readonly Delivery[]): string[] {
  const { order } = channel.creation.sent;
  const hadChannels = channels.some(
    ({ creation, deletion }) => creation.confirmed && creation.confirmed.order < order && deletion === null,
  );
  if (!hadChannels || topicPause.possible(order).has(true)) return [];
  return deliveries
    .filter(({ message }) => message?.publish.acked && message.publish.acked.order < order)
    .map((delivery) => `[LOG3] from before its channel: ${told(delivery)}`);
}
