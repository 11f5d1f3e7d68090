// Everything that /metrics shows, in its order (docs/metrics.md). What NSQ has begins with `nsq_`, what only this broker has with
// `nsqedge_`; units are Prometheus' base units, seconds and bytes.

import type { Family } from "./prometheus-text.ts";

function gauge<const N extends string>(name: N, help: string) {
  return { name, type: "gauge", help } as const;
}

function counter<const N extends `${string}_total`>(name: N, help: string) {
  return { name, type: "counter", help } as const;
}

export const FAMILIES = [
  gauge("nsqedge_up", "1: the broker answers."),
  gauge("nsqedge_build_info", "1; the version of NSQ whose behaviour the broker has is a label."),
  gauge("nsqedge_start_time_seconds", "When the broker came to be, seconds since the epoch."),
  gauge("nsqedge_topics", "Topics that there are."),
  gauge("nsqedge_scrape_asked_topics", "Topics that had changed, and were asked for this scrape."),
  gauge("nsqedge_scrape_errors", "Topics that could not answer this scrape: of them the last known figures are shown."),

  gauge("nsq_topic_depth", "Messages that wait at the topic for its first channel, or because it is paused."),
  gauge("nsq_topic_backend_depth", "Of these, those beyond mem-queue-size."),
  counter("nsq_topic_messages_total", "Messages published to the topic."),
  counter("nsq_topic_message_bytes_total", "Bytes of the bodies of messages published to the topic."),
  gauge("nsq_topic_paused", "1 while the topic is paused."),
  gauge("nsq_topic_channels", "Channels of the topic."),
  gauge("nsq_topic_producers", "Open connections that have published to the topic."),
  gauge("nsq_topic_e2e_processing_latency_seconds", "From publishing to FIN, of all channels together, by quantile."),
  gauge("nsq_topic_e2e_processing_latency_messages", "Messages that this was measured of."),

  gauge("nsq_channel_depth", "Messages that wait in the channel."),
  gauge("nsq_channel_backend_depth", "Of these, those beyond mem-queue-size."),
  gauge("nsq_channel_in_flight", "Messages that consumers have and have not answered."),
  gauge("nsq_channel_deferred", "Messages that are not due yet."),
  counter("nsq_channel_messages_total", "Messages that came to the channel."),
  counter("nsq_channel_requeued_total", "Messages that consumers gave back with REQ."),
  counter("nsq_channel_timed_out_total", "Messages that were not answered in time."),
  gauge("nsq_channel_clients", "Consumers of the channel."),
  gauge("nsq_channel_ready", "Messages that its consumers let be in flight: the sum of their RDY."),
  gauge("nsq_channel_paused", "1 while the channel is paused."),
  gauge("nsq_channel_e2e_processing_latency_seconds", "From publishing to FIN, by quantile."),
  gauge("nsq_channel_e2e_processing_latency_messages", "Messages that this was measured of."),

  counter("nsqedge_rows_read_total", "Rows that an object has read since its life in memory began."),
  counter("nsqedge_rows_written_total", "Rows that an object has written since then, alarms that were set included."),
  counter("nsqedge_object_calls_total", "Calls for messages, publish, push and pull, that an object got since then."),
  counter("nsqedge_websocket_messages_total", "WebSocket messages that an object got since then."),
  counter("nsqedge_alarms_total", "Alarms that rang for an object since then."),
] as const satisfies readonly Family[];

export type MetricName = (typeof FAMILIES)[number]["name"];
