// The schemas of what nsqd's API answers.

import type { E2eLatency, E2ePercentile } from "../durable/e2e-latency.ts";
import type { ChannelStats, TopicStats } from "../durable/topic-stats.ts";
import { ClientState } from "../session/client-state.ts";
import type { ClientStats } from "../session/client-stats.ts";
import type { InfoDocument } from "./info.ts";
import {
  count,
  described,
  flag,
  list,
  type NamedSchemas,
  nullable,
  number,
  object,
  oneOf,
  optional,
  refsTo,
  seconds,
  text,
} from "./schema.ts";
import { MEMORY_KEYS, type MemoryStats, type StatsDocument } from "./stats.ts";

interface Named {
  InfoDocument: InfoDocument;
  StatsDocument: StatsDocument;
  TopicStats: TopicStats;
  ChannelStats: ChannelStats;
  ClientStats: ClientStats;
  E2eLatency: E2eLatency;
  E2ePercentile: E2ePercentile;
  MemoryStats: MemoryStats;
}

export const nsqdRef = refsTo<Named>();

const nanoseconds = described(count, "Nanoseconds.");

/** What nsqd and nsqadmin both say of a client. */
export const CLIENT = {
  client_id: text,
  hostname: text,
  remote_address: text,
  ready_count: count,
  in_flight_count: count,
  message_count: count,
  finish_count: count,
  requeue_count: count,
  connect_ts: seconds,
  sample_rate: count,
  deflate: flag,
  snappy: flag,
  user_agent: text,
  tls: flag,
  tls_cipher_suite: text,
  tls_version: text,
  tls_negotiated_protocol: text,
  tls_negotiated_protocol_is_mutual: flag,
};

export const nsqdSchemas: NamedSchemas<Named> = {
  InfoDocument: object<InfoDocument>({
    version: text,
    broadcast_address: text,
    hostname: text,
    http_port: count,
    tcp_port: count,
    start_time: seconds,
    max_heartbeat_interval: nanoseconds,
    max_output_buffer_size: count,
    max_output_buffer_timeout: nanoseconds,
    max_deflate_level: count,
    topology_zone: text,
    topology_region: text,
  }),
  StatsDocument: object<StatsDocument>({
    version: text,
    health: described(text, "`OK`, or `NOK - ` and which topics could not tell their figures."),
    start_time: seconds,
    topics: described(nullable(list(nsqdRef("TopicStats"))), "Null when a topic is asked for that there is not."),
    memory: optional(nsqdRef("MemoryStats")),
    producers: nullable(list(nsqdRef("ClientStats"))),
  }),
  TopicStats: object<TopicStats>({
    topic_name: text,
    channels: list(nsqdRef("ChannelStats")),
    depth: described(count, "Messages that wait at the topic itself."),
    backend_depth: count,
    message_count: count,
    message_bytes: count,
    paused: flag,
    e2e_processing_latency: nsqdRef("E2eLatency"),
  }),
  ChannelStats: object<ChannelStats>({
    channel_name: text,
    depth: described(count, "Messages that wait, without those in flight and those deferred."),
    backend_depth: count,
    in_flight_count: count,
    deferred_count: count,
    message_count: count,
    global_msg_count: optional(count),
    requeue_count: count,
    timeout_count: count,
    client_count: count,
    clients: described(nullable(list(nsqdRef("ClientStats"))), "Null with `include_clients=false`."),
    paused: flag,
    e2e_processing_latency: nsqdRef("E2eLatency"),
  }),
  ClientStats: object<ClientStats>({
    ...CLIENT,
    version: oneOf("V2"),
    state: oneOf(...Object.values(ClientState)),
    authed: optional(oneOf(true)),
    auth_identity: optional(text),
    auth_identity_url: optional(text),
    topology_zone: text,
    topology_region: text,
    pub_counts: optional(list(object<{ topic: string; count: number }>({ topic: text, count }))),
  }),
  E2eLatency: object<E2eLatency>({ count, percentiles: nullable(list(nsqdRef("E2ePercentile"))) }),
  E2ePercentile: object<E2ePercentile>({ quantile: number, value: nanoseconds }),
  MemoryStats: object<MemoryStats>(
    Object.fromEntries(MEMORY_KEYS.map((key) => [key, count])) as Record<keyof MemoryStats, typeof count>,
  ),
};
