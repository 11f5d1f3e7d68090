// What the admin API answers under /admin/api (spec 6.3, nsqadmin/http.go and internal/clusterinfo/types.go). The pages read the same
// types. Keys and their order are nsqadmin's as far as it has them; every answer has a `message`: "" or "WARNING: ...".

import type { MessageList } from "../queue/look.ts";
import type { AuditEntry } from "../storage/audit-trail.ts";

export { MESSAGE_LISTS, type MessageList, PREVIEW_BYTES } from "../queue/look.ts";
export type { AuditEntry };

/** A value of a latency distribution, ns. */
export interface Percentile {
  quantile: number;
  average: number;
  min: number;
  max: number;
  count: number;
  /** Of a single node. */
  value?: number;
}

export interface E2eLatency {
  count: number;
  percentiles: Percentile[] | null;
  topic: string;
  channel: string;
  /** `*` for all nodes. */
  host: string;
}

/** A consumer of a channel. */
export interface ClientView {
  /** `host:port` of the nsqd that it is connected to. */
  node: string;
  remote_address: string;
  version: string;
  client_id: string;
  hostname: string;
  user_agent: string;
  /** s since the epoch */
  connect_ts: number;
  /** ns since then */
  connected: number;
  in_flight_count: number;
  ready_count: number;
  finish_count: number;
  requeue_count: number;
  message_count: number;
  sample_rate: number;
  deflate: boolean;
  snappy: boolean;
  authed: boolean;
  auth_identity: string;
  auth_identity_url: string;
  node_topology_region?: string;
  node_topology_zone?: string;
  topology_region?: string;
  topology_zone?: string;
  tls: boolean;
  tls_cipher_suite: string;
  tls_version: string;
  tls_negotiated_protocol: string;
  tls_negotiated_protocol_is_mutual: boolean;
}

/** How messages came to consumers, by distance; each left out when 0. */
export interface DeliveryCounts {
  delivery_msg_count?: number;
  zone_local_msg_count?: number;
  region_local_msg_count?: number;
  global_msg_count?: number;
}

/** A channel on one node, or on all of them: then `node` is `*`, and `nodes` has those of the single ones. */
export interface ChannelView extends DeliveryCounts {
  node: string;
  hostname: string;
  topic_name: string;
  channel_name: string;
  depth: number;
  memory_depth: number;
  backend_depth: number;
  in_flight_count: number;
  deferred_count: number;
  requeue_count: number;
  timeout_count: number;
  message_count: number;
  client_count: number;
  nodes: ChannelView[] | null;
  clients: ClientView[] | null;
  paused: boolean;
  e2e_processing_latency: E2eLatency;
}

/** A topic on one node, or on all of them: then `node` is `*`, and `nodes` has those of the single ones. */
export interface TopicView extends DeliveryCounts {
  node: string;
  hostname: string;
  topic_name: string;
  depth: number;
  memory_depth: number;
  backend_depth: number;
  message_count: number;
  nodes: TopicView[] | null;
  channels: ChannelView[];
  paused: boolean;
  e2e_processing_latency: E2eLatency;
}

/** A producer as nsqlookupd knows it. */
export interface NodeView {
  /** `lookupd/remote` for each nsqlookupd that it is registered with. */
  remote_addresses: string[];
  remote_address: string;
  hostname: string;
  broadcast_address: string;
  tcp_port: number;
  http_port: number;
  version: string;
  topology_zone?: string;
  topology_region?: string;
  topics: { topic: string; tombstoned: boolean }[] | null;
  /** Whether another node has a newer version. */
  out_of_date: boolean;
}

export interface Answer {
  message: string;
}

/** GET /topics */
export interface TopicsAnswer extends Answer {
  topics: string[] | null;
}

/** GET /topics?inactive=true: topics without a producer, and their channels. */
export interface InactiveTopicsAnswer extends Answer {
  topics: Record<string, string[] | null>;
}

/** GET /topics/:topic */
export type TopicAnswer = TopicView & Answer;

/** GET /topics/:topic/:channel */
export type ChannelAnswer = ChannelView & Answer;

/** GET /nodes */
export interface NodesAnswer extends Answer {
  nodes: NodeView[];
}

/** GET /nodes/:node, where node is `broadcast_address:http_port`. */
export interface NodeAnswer extends Answer {
  node: string;
  topics: TopicView[];
  total_messages: number;
  total_clients: number;
}

/** GET /counter */
export interface CounterAnswer extends Answer {
  /** By `topic:channel:node`. */
  stats: Record<string, { node: string; topic_name: string; channel_name: string; message_count: number }>;
}

// What nsqadmin does not have.

/** GET /info */
export interface InfoAnswer extends Answer {
  version: string;
  /** `host:port` of the broker's own node: messages can be looked at there. */
  node: string;
  /** `host:port` of nsqlookupds: the broker is its own. */
  nsqlookupd: string[];
  /** Whether the caller may do more than look. */
  is_admin: boolean;
  /** Who the caller is; empty where nobody is asked. */
  identity: string;
  /** Whether whoever can reach the broker may use it, and it was not called at an address of this machine alone. */
  is_open_to_all: boolean;
  /** s since the epoch */
  start_time: number;
}

/** A topic with all its channels, in a line. */
export interface TopicSummary {
  topic_name: string;
  paused: boolean;
  /** Messages that wait at the topic itself. */
  depth: number;
  message_count: number;
  channel_count: number;
  /** Sums over its channels. */
  channel_depth: number;
  in_flight_count: number;
  deferred_count: number;
  client_count: number;
}

/** GET /overview?search=TEXT&offset=N&limit=N: topics whose name contains the text, by name. */
export interface OverviewAnswer extends Answer {
  topics: TopicSummary[];
  /** How many there are, those before and behind this page included. */
  total: number;
}

/** A message that is looked at. Times are ms since the epoch. */
export interface MessageView {
  /** 16 hex digits */
  id: string;
  /** When it was published. */
  timestamp: number;
  /** Deliveries so far. */
  attempts: number;
  /** Bytes of its body. */
  size: number;
  /** The first bytes of the body, base64; all of them when there are no more than `PREVIEW_BYTES`. */
  preview: string;
  /** When it falls due, or fell due; null when it was not deferred. */
  due: number | null;
  /** Only when it is in flight. */
  delivered_at: number | null;
  deadline: number | null;
  /** Whose it is: null when it is not in flight. */
  client: { client_id: string; hostname: string; remote_address: string } | null;
  /** Whether the whole body has the text that was searched for; true when none was. */
  is_match: boolean;
}

/**
 * GET /messages/:topic and /messages/:topic/:channel, with `list`, `page` (a `next` of before), `limit` (1 to 100, default 50) and
 * `search`. A page may have fewer messages than asked for, even none, though there are more: so much is read for a page, and no more.
 */
export interface MessagesAnswer extends Answer {
  list: MessageList;
  messages: MessageView[];
  /** Where the next page begins; null when this is the last one. Of `latest` there is always one: for what is published from now on. */
  next: string | null;
}

// GET  /message/:topic/:id?channel=C&due=MS  the body of a message as it is (application/octet-stream). A channel holds the messages
//                                            itself that are unfinished for long: then it must be named, and when they fall due (the
//                                            `due` that was shown, if any). 404 MESSAGE_NOT_FOUND
// POST /message/:topic?defer=MS              publishes the body of the request
// POST /message/:topic/:channel/:id          {"action":"finish"} drops the message from the channel, wherever it is; {"action":
//                                            "requeue"} puts it at the tail of the queue at once, also when it is in flight or deferred.
//                                            For a deferred one `"due":MS`, as it was shown, is given, too. 404 MESSAGE_NOT_FOUND;
//                                            409 TOO_MANY_MESSAGES when consumers must catch up with such messages first

/** GET /audit?before=ID&limit=N: newest first. */
export interface AuditAnswer extends Answer {
  entries: AuditEntry[];
  /** The `before` of the next page; null when there is none. */
  next: number | null;
}
