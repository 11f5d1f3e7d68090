// What /stats of one nsqd says of its topics, as nsqadmin shows it (spec 3.4 and 6.3, internal/clusterinfo/types.go).

import type { ChannelView, ClientView, DeliveryCounts, TopicView } from "./api.ts";
import { nodeLatency } from "./e2e-latency.ts";
import { type Fields, flag, listOf, number, text } from "./fields.ts";

/** The node that said it. */
export interface NodeName {
  /** `broadcast_address:http_port` */
  readonly address: string;
  readonly hostname: string;
  readonly topologyRegion: string;
  readonly topologyZone: string;
}

/** @param now ms */
export function topicView(node: NodeName, topic: Fields, now: number): TopicView {
  const name = text(topic.topic_name);
  const channels = listOf(topic.channels).map((channel) => channelView(node, name, channel, now));
  return {
    node: node.address,
    hostname: node.hostname,
    topic_name: name,
    ...depths(topic),
    message_count: number(topic.message_count),
    nodes: null,
    channels,
    paused: flag(topic.paused),
    e2e_processing_latency: nodeLatency({ topic: name, channel: "", host: node.address }, topic.e2e_processing_latency),
  };
}

function channelView(node: NodeName, topic: string, channel: Fields, now: number): ChannelView {
  const name = text(channel.channel_name);
  return {
    node: node.address,
    hostname: node.hostname,
    topic_name: topic,
    channel_name: name,
    ...depths(channel),
    in_flight_count: number(channel.in_flight_count),
    deferred_count: number(channel.deferred_count),
    requeue_count: number(channel.requeue_count),
    timeout_count: number(channel.timeout_count),
    message_count: number(channel.message_count),
    ...deliveryCounts(channel),
    client_count: number(channel.client_count),
    nodes: null,
    clients: Array.isArray(channel.clients)
      ? listOf(channel.clients).map((client) => clientView(node, client, now))
      : null,
    paused: flag(channel.paused),
    e2e_processing_latency: nodeLatency({ topic, channel: name, host: node.address }, channel.e2e_processing_latency),
  };
}

function clientView(node: NodeName, client: Fields, now: number): ClientView {
  const connectedAt = number(client.connect_ts);
  return {
    node: node.address,
    remote_address: text(client.remote_address),
    version: text(client.version),
    client_id: text(client.client_id),
    hostname: text(client.hostname),
    user_agent: text(client.user_agent),
    connect_ts: connectedAt,
    connected: (Math.floor(now / 1000) - connectedAt) * 1e9,
    in_flight_count: number(client.in_flight_count),
    ready_count: number(client.ready_count),
    finish_count: number(client.finish_count),
    requeue_count: number(client.requeue_count),
    message_count: number(client.message_count),
    sample_rate: number(client.sample_rate),
    deflate: flag(client.deflate),
    snappy: flag(client.snappy),
    authed: flag(client.authed),
    auth_identity: text(client.auth_identity),
    auth_identity_url: text(client.auth_identity_url),
    ...(node.topologyRegion && { node_topology_region: node.topologyRegion }),
    ...(node.topologyZone && { node_topology_zone: node.topologyZone }),
    ...(text(client.topology_region) && { topology_region: text(client.topology_region) }),
    ...(text(client.topology_zone) && { topology_zone: text(client.topology_zone) }),
    tls: flag(client.tls),
    tls_cipher_suite: text(client.tls_cipher_suite),
    tls_version: text(client.tls_version),
    tls_negotiated_protocol: text(client.tls_negotiated_protocol),
    tls_negotiated_protocol_is_mutual: flag(client.tls_negotiated_protocol_is_mutual),
  };
}

function depths(said: Fields): Pick<TopicView, "depth" | "memory_depth" | "backend_depth"> {
  const depth = number(said.depth);
  const backendDepth = number(said.backend_depth);
  return { depth, memory_depth: depth - backendDepth, backend_depth: backendDepth };
}

function deliveryCounts(said: Fields): DeliveryCounts {
  const zone = number(said.zone_local_msg_count);
  const region = number(said.region_local_msg_count);
  const global = number(said.global_msg_count);
  const all = zone + region + global;
  return {
    ...(all > 0 && { delivery_msg_count: all }),
    ...(zone > 0 && { zone_local_msg_count: zone }),
    ...(region > 0 && { region_local_msg_count: region }),
    ...(global > 0 && { global_msg_count: global }),
  };
}
