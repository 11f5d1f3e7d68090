// The histories that the pages share, and what each answer adds to them.

import type { ChannelView, OverviewAnswer, TopicView } from "../api.ts";
import { Histories, type History } from "./history.ts";

const histories = new Histories();

/** Names never hold a slash, nor a space. */
export function historyOf(topic: string, channel = "", node = "*"): History {
  return histories.of(`${topic}/${channel} ${node}`);
}

export function watchOverview({ topics }: OverviewAnswer, at: number): void {
  for (const { topic_name, depth, message_count } of topics) {
    historyOf(topic_name).add({ at, messages: message_count, depth, inFlight: 0 });
  }
  histories.forgetOld(at);
}

export function watchTopic(topic: TopicView, at: number): void {
  for (const view of [topic, ...(topic.nodes ?? [])]) {
    const { node, topic_name, depth, message_count } = view;
    const where = view === topic ? "*" : node;
    historyOf(topic_name, "", where).add({ at, messages: message_count, depth, inFlight: 0 });
  }
  for (const channel of topic.channels) watchChannel({ ...channel, nodes: null }, at);
}

export function watchChannel(channel: ChannelView, at: number): void {
  for (const view of [channel, ...(channel.nodes ?? [])]) {
    const { topic_name, channel_name, node, message_count, depth, in_flight_count } = view;
    const where = view === channel ? "*" : node;
    historyOf(topic_name, channel_name, where).add({ at, messages: message_count, depth, inFlight: in_flight_count });
  }
}
