// What is lost by deleting or emptying something, in words.

import type { ChannelView, TopicView } from "../api.ts";
import { count, counted } from "./format.ts";

export interface Loss {
  readonly waiting: number;
  readonly inFlight: number;
  readonly deferred: number;
  readonly consumers: number;
}

/** Of a channel. */
export function channelLoss(channel: ChannelView): Loss {
  return {
    waiting: channel.depth,
    inFlight: channel.in_flight_count,
    deferred: channel.deferred_count,
    consumers: channel.client_count,
  };
}

/** Of a topic with its channels: each of them has its own copy of a message. */
export function topicLoss(topic: TopicView): Loss {
  const losses = topic.channels.map(channelLoss);
  const sum = (part: keyof Loss) => losses.reduce((total, loss) => total + loss[part], 0);
  return {
    waiting: topic.depth + sum("waiting"),
    inFlight: sum("inFlight"),
    deferred: sum("deferred"),
    consumers: sum("consumers"),
  };
}

export function isNothing({ waiting, inFlight, deferred, consumers }: Loss): boolean {
  return waiting + inFlight + deferred + consumers === 0;
}

/** 1,234 messages waiting, 12 in flight and 3 deferred will be lost, and 4 consumers disconnected. */
export function deleteText(loss: Loss): string {
  const messages = messagesText(loss);
  const consumers = counted(loss.consumers, "consumer");
  if (messages === "")
    return loss.consumers > 0 ? `${consumers} will be disconnected.` : "It is empty: nothing is lost.";
  return loss.consumers > 0 ? `${messages} will be lost, and ${consumers} disconnected.` : `${messages} will be lost.`;
}

/** Emptying leaves the consumers where they are. */
export function emptyText(loss: Loss): string {
  const messages = messagesText(loss);
  return messages === "" ? "There is nothing in it now." : `${messages} will be lost.`;
}

function messagesText({ waiting, inFlight, deferred }: Loss): string {
  const parts: string[] = [];
  const add = (amount: number, state: string) => {
    if (amount > 0)
      parts.push(parts.length > 0 ? `${count(amount)} ${state}` : `${counted(amount, "message")} ${state}`);
  };
  add(waiting, "waiting");
  add(inFlight, "in flight");
  add(deferred, "deferred");
  const last = parts.pop() ?? "";
  return parts.length > 0 ? `${parts.join(", ")} and ${last}` : last;
}
