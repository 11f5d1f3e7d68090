// A topic or a channel of several nodes as one (spec 6.3, internal/clusterinfo/types.go Add). What nsqadmin adds up into the first
// node's own entry is added up here beside it: each node keeps its own figures.

import type { ChannelView, DeliveryCounts, TopicView } from "./api.ts";
import { mergedLatency } from "./e2e-latency.ts";

const ALL = "*";

/** @param nodes what each node says of the topic; none is no producer */
export function topicAggregate(name: string, nodes: readonly TopicView[]): TopicView {
  const channels = Map.groupBy(
    nodes.flatMap((node) => node.channels),
    ({ channel_name }) => channel_name,
  );
  return {
    node: ALL,
    hostname: "",
    topic_name: name,
    ...sums(nodes, ["depth", "memory_depth", "backend_depth", "message_count"]),
    nodes: byHostname(nodes),
    channels: [...channels].map(([channel, views]) => channelAggregate(name, channel, views)),
    paused: nodes.some(({ paused }) => paused),
    e2e_processing_latency: mergedLatency(
      { topic: name, channel: "", host: ALL },
      nodes.map((node) => node.e2e_processing_latency),
    ),
  };
}

/** @param nodes what each node says of the channel */
export function channelAggregate(topic: string, name: string, nodes: readonly ChannelView[]): ChannelView {
  const areClientsKnown = nodes.some(({ clients }) => clients !== null);
  return {
    node: ALL,
    hostname: "",
    topic_name: topic,
    channel_name: name,
    ...sums(nodes, ["depth", "memory_depth", "backend_depth", "in_flight_count", "deferred_count"]),
    ...sums(nodes, ["requeue_count", "timeout_count", "message_count"]),
    ...deliverySums(nodes),
    ...sums(nodes, ["client_count"]),
    nodes: byHostname(nodes),
    clients: areClientsKnown ? byHostname(nodes.flatMap(({ clients }) => clients ?? [])) : null,
    paused: nodes.some(({ paused }) => paused),
    e2e_processing_latency: mergedLatency(
      { topic, channel: name, host: ALL },
      nodes.map((node) => node.e2e_processing_latency),
    ),
  };
}

function sums<K extends string>(views: readonly Record<K, number>[], keys: readonly K[]): Record<K, number> {
  const sum = (key: K) => views.reduce((total, view) => total + view[key], 0);
  return Object.fromEntries(keys.map((key) => [key, sum(key)])) as Record<K, number>;
}

/** Each left out when 0. */
function deliverySums(views: readonly DeliveryCounts[]): DeliveryCounts {
  const keys = ["delivery_msg_count", "zone_local_msg_count", "region_local_msg_count", "global_msg_count"] as const;
  const totals = keys.map((key) => [key, views.reduce((total, view) => total + (view[key] ?? 0), 0)] as const);
  return Object.fromEntries(totals.filter(([, total]) => total > 0));
}

function byHostname<V extends { hostname: string; node: string }>(views: readonly V[]): V[] {
  return views.toSorted((a, b) => compare(a.hostname, b.hostname) || compare(a.node, b.node));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
