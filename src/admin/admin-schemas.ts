// The schemas of what the admin API answers.

import { CLIENT } from "../http/nsqd-schemas.ts";
import {
  count,
  described,
  flag,
  list,
  map,
  type NamedSchemas,
  nullable,
  number,
  object,
  oneOf,
  optional,
  refsTo,
  seconds,
  text,
  whole,
} from "../http/schema.ts";
import {
  type AuditAnswer,
  type AuditEntry,
  type ChannelAnswer,
  type ChannelView,
  type ClientView,
  type CounterAnswer,
  type E2eLatency,
  type InactiveTopicsAnswer,
  type InfoAnswer,
  MESSAGE_LISTS,
  type MessagesAnswer,
  type MessageView,
  type NodeAnswer,
  type NodesAnswer,
  type NodeView,
  type OverviewAnswer,
  type Percentile,
  type TopicAnswer,
  type TopicSummary,
  type TopicsAnswer,
  type TopicView,
} from "./api.ts";

interface Named {
  Percentile: Percentile;
  ViewedLatency: E2eLatency;
  ClientView: ClientView;
  ChannelView: ChannelView;
  TopicView: TopicView;
  NodeView: NodeView;
  TopicSummary: TopicSummary;
  MessageView: MessageView;
  AuditEntry: AuditEntry;
  TopicsAnswer: TopicsAnswer;
  InactiveTopicsAnswer: InactiveTopicsAnswer;
  TopicAnswer: TopicAnswer;
  ChannelAnswer: ChannelAnswer;
  NodesAnswer: NodesAnswer;
  NodeAnswer: NodeAnswer;
  CounterAnswer: CounterAnswer;
  InfoAnswer: InfoAnswer;
  OverviewAnswer: OverviewAnswer;
  MessagesAnswer: MessagesAnswer;
  AuditAnswer: AuditAnswer;
}

export const adminRef = refsTo<Named>();

const message = described(text, "Empty, or `WARNING: ` and which nodes did not answer.");
const instant = described(whole, "Milliseconds since the epoch.");

const DELIVERIES = {
  delivery_msg_count: optional(count),
  zone_local_msg_count: optional(count),
  region_local_msg_count: optional(count),
  global_msg_count: optional(count),
};

const TOPIC = {
  node: described(text, "`*` for all nodes together."),
  hostname: text,
  topic_name: text,
  depth: count,
  memory_depth: count,
  backend_depth: count,
  message_count: count,
  ...DELIVERIES,
  nodes: nullable(list(adminRef("TopicView"))),
  channels: list(adminRef("ChannelView")),
  paused: flag,
  e2e_processing_latency: adminRef("ViewedLatency"),
};

const CHANNEL = {
  node: described(text, "`*` for all nodes together."),
  hostname: text,
  topic_name: text,
  channel_name: text,
  depth: count,
  memory_depth: count,
  backend_depth: count,
  in_flight_count: count,
  deferred_count: count,
  requeue_count: count,
  timeout_count: count,
  message_count: count,
  ...DELIVERIES,
  client_count: count,
  nodes: nullable(list(adminRef("ChannelView"))),
  clients: nullable(list(adminRef("ClientView"))),
  paused: flag,
  e2e_processing_latency: adminRef("ViewedLatency"),
};

export const adminSchemas: NamedSchemas<Named> = {
  Percentile: object<Percentile>({
    quantile: number,
    average: number,
    min: number,
    max: number,
    count,
    value: optional(number),
  }),
  ViewedLatency: object<E2eLatency>({
    count,
    percentiles: nullable(list(adminRef("Percentile"))),
    topic: text,
    channel: text,
    host: text,
  }),
  ClientView: object<ClientView>({
    ...CLIENT,
    node: text,
    version: text,
    connected: described(number, "Nanoseconds since then."),
    authed: flag,
    auth_identity: text,
    auth_identity_url: text,
    node_topology_region: optional(text),
    node_topology_zone: optional(text),
    topology_region: optional(text),
    topology_zone: optional(text),
  }),
  ChannelView: object<ChannelView>(CHANNEL),
  TopicView: object<TopicView>(TOPIC),
  NodeView: object<NodeView>({
    remote_addresses: list(text),
    remote_address: text,
    hostname: text,
    broadcast_address: text,
    tcp_port: count,
    http_port: count,
    version: text,
    topology_zone: optional(text),
    topology_region: optional(text),
    topics: nullable(list(object<{ topic: string; tombstoned: boolean }>({ topic: text, tombstoned: flag }))),
    out_of_date: flag,
  }),
  TopicSummary: object<TopicSummary>({
    topic_name: text,
    paused: flag,
    depth: count,
    message_count: count,
    channel_count: count,
    channel_depth: count,
    in_flight_count: count,
    deferred_count: count,
    client_count: count,
  }),
  MessageView: object<MessageView>({
    id: { ...text, pattern: "^[0-9a-f]{16}$" },
    timestamp: described(whole, "Milliseconds since the epoch."),
    attempts: count,
    size: count,
    preview: described(text, "The first bytes of the body, base64."),
    due: nullable(instant),
    delivered_at: nullable(instant),
    deadline: nullable(instant),
    client: nullable(
      object<NonNullable<MessageView["client"]>>({ client_id: text, hostname: text, remote_address: text }),
    ),
    is_match: flag,
  }),
  AuditEntry: object<AuditEntry>({
    id: count,
    timestamp: seconds,
    user: text,
    remote_ip: text,
    user_agent: text,
    action: text,
    topic: text,
    channel: text,
    node: text,
    message_id: text,
    outcome: text,
  }),
  TopicsAnswer: object<TopicsAnswer>({ topics: nullable(list(text)), message }),
  InactiveTopicsAnswer: object<InactiveTopicsAnswer>({ topics: map(nullable(list(text))), message }),
  TopicAnswer: object<TopicAnswer>({ ...TOPIC, message }),
  ChannelAnswer: object<ChannelAnswer>({ ...CHANNEL, message }),
  NodesAnswer: object<NodesAnswer>({ nodes: list(adminRef("NodeView")), message }),
  NodeAnswer: object<NodeAnswer>({
    node: text,
    topics: list(adminRef("TopicView")),
    total_messages: count,
    total_clients: count,
    message,
  }),
  CounterAnswer: object<CounterAnswer>({
    stats: map(
      object<CounterAnswer["stats"][string]>({
        node: text,
        topic_name: text,
        channel_name: text,
        message_count: count,
      }),
    ),
    message,
  }),
  InfoAnswer: object<InfoAnswer>({
    version: text,
    node: text,
    nsqlookupd: list(text),
    is_admin: flag,
    identity: text,
    is_open_to_all: flag,
    start_time: seconds,
    message,
  }),
  OverviewAnswer: object<OverviewAnswer>({ topics: list(adminRef("TopicSummary")), total: count, message }),
  MessagesAnswer: object<MessagesAnswer>({
    list: oneOf(...MESSAGE_LISTS),
    messages: list(adminRef("MessageView")),
    next: described(nullable(text), "The `page` that comes next."),
    message,
  }),
  AuditAnswer: object<AuditAnswer>({
    entries: list(adminRef("AuditEntry")),
    next: described(nullable(count), "The `before` of the next page."),
    message,
  }),
};
