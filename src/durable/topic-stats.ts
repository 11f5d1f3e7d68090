// A topic and its channels as /stats shows them (spec 3.4, nsqd/stats.go).

import type { TopicLog } from "../queue/topic-log.ts";
import type { ClientStats } from "../session/client-stats.ts";
import type { ChannelReport } from "./channel-report.ts";
import { type E2eLatency, e2eLatency } from "./e2e-latency.ts";

/** A client and the connection it is: the same one may be known to several objects. */
export interface ClientReport {
  readonly id: string;
  readonly stats: ClientStats;
}

export interface ChannelStats {
  channel_name: string;
  depth: number;
  backend_depth: number;
  in_flight_count: number;
  deferred_count: number;
  message_count: number;
  /** Messages for consumers of any region, which here are all; left out when 0, as in nsqd. */
  global_msg_count?: number;
  requeue_count: number;
  timeout_count: number;
  client_count: number;
  clients: ClientStats[] | null;
  paused: boolean;
  e2e_processing_latency: E2eLatency;
}

export interface TopicStats {
  topic_name: string;
  channels: ChannelStats[];
  depth: number;
  backend_depth: number;
  message_count: number;
  message_bytes: number;
  paused: boolean;
  e2e_processing_latency: E2eLatency;
}

/** What a topic's object says of itself, its channels and who publishes to it. */
export interface TopicReport {
  /** Null when a channel was asked for that it does not have. */
  readonly topic: TopicStats | null;
  readonly producers: ClientReport[];
}

export interface ReportSettings {
  /** So many messages count as held in memory, as in nsqd, though here all of them are stored. */
  readonly memQueueSize: number;
  readonly includesClients: boolean;
  /** What is told of how long messages take; empty when that is not measured. */
  readonly quantiles: readonly number[];
}

/** `latency` is that of all its channels together. */
export function topicStats(
  name: string,
  log: TopicLog,
  channels: ChannelStats[],
  latency: E2eLatency,
  { memQueueSize }: ReportSettings,
): TopicStats {
  return {
    topic_name: name,
    channels: channels.sort((a, b) => (a.channel_name < b.channel_name ? -1 : 1)),
    depth: log.depth,
    backend_depth: Math.max(0, log.depth - memQueueSize),
    message_count: log.messageCount,
    message_bytes: log.messageBytes,
    paused: log.isPaused,
    e2e_processing_latency: latency,
  };
}

/**
 * `fanout` is how far the topic had fanned out when the channel was asked, `deferredAfter` how many messages of that are deferred that the
 * channel has not taken.
 */
export function channelStats(
  log: TopicLog,
  name: string,
  { counts, cursor, clients, latency }: ChannelReport,
  fanout: number,
  deferredAfter: number,
  { memQueueSize, includesClients, quantiles }: ReportSettings,
): ChannelStats {
  // Of what a channel has not taken it knows only how much it is; the topic knows what.
  const deferredInLog = Math.max(0, deferredAfter - counts.deferredAhead);
  const depth = counts.depth - deferredInLog - log.countDropped(cursor, fanout);
  const messageCount = counts.messageCount - log.droppedOf(name);
  return {
    channel_name: name,
    depth,
    backend_depth: Math.max(0, depth - memQueueSize),
    in_flight_count: counts.inFlight,
    deferred_count: counts.deferred + deferredInLog,
    message_count: messageCount,
    ...(messageCount > 0 && { global_msg_count: messageCount }),
    requeue_count: counts.requeueCount,
    timeout_count: counts.timeoutCount,
    client_count: clients.length,
    clients: includesClients ? clients.map(({ stats }) => stats) : null,
    paused: counts.isPaused,
    e2e_processing_latency: e2eLatency(quantiles, [latency]),
  };
}
