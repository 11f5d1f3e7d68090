// Answers of the admin API with nothing in them but what a test gives them.

import type {
  ChannelView,
  ClientView,
  E2eLatency,
  OverviewAnswer,
  Percentile,
  TopicView,
} from "../../../src/admin/api.ts";

export function latency(percentiles: Percentile[] | null, count = 1): E2eLatency {
  return { count, percentiles, topic: "t", channel: "", host: "*" };
}

export function topicView(given: Partial<TopicView>): TopicView {
  return {
    node: "*",
    hostname: "",
    topic_name: "t",
    depth: 0,
    memory_depth: 0,
    backend_depth: 0,
    message_count: 0,
    nodes: null,
    channels: [],
    paused: false,
    e2e_processing_latency: latency(null),
    ...given,
  };
}

export function channelView(given: Partial<ChannelView>): ChannelView {
  return {
    node: "*",
    hostname: "",
    topic_name: "t",
    channel_name: "c",
    depth: 0,
    memory_depth: 0,
    backend_depth: 0,
    in_flight_count: 0,
    deferred_count: 0,
    requeue_count: 0,
    timeout_count: 0,
    message_count: 0,
    client_count: 0,
    nodes: null,
    clients: null,
    paused: false,
    e2e_processing_latency: latency(null),
    ...given,
  };
}

export function overview(topics: { topic_name: string; message_count: number; depth?: number }[]): OverviewAnswer {
  const rest = { paused: false, depth: 0, channel_count: 0, channel_depth: 0, in_flight_count: 0, deferred_count: 0 };
  return {
    topics: topics.map((topic) => ({ ...rest, client_count: 0, ...topic })),
    total: topics.length,
    message: "",
  };
}

export function clientView(given: Partial<ClientView>): ClientView {
  return {
    node: "nsqd:4151",
    remote_address: "10.0.0.7:53211",
    version: "V2",
    client_id: "",
    hostname: "",
    user_agent: "",
    connect_ts: 0,
    connected: 0,
    in_flight_count: 0,
    ready_count: 0,
    finish_count: 0,
    requeue_count: 0,
    message_count: 0,
    sample_rate: 0,
    deflate: false,
    snappy: false,
    authed: false,
    auth_identity: "",
    auth_identity_url: "",
    tls: false,
    tls_cipher_suite: "",
    tls_version: "",
    tls_negotiated_protocol: "",
    tls_negotiated_protocol_is_mutual: false,
    ...given,
  };
}
