// GET /metrics, for Prometheus: the figures of /stats, what the broker's objects cost, and how the scrape went. Lookup asks the topics
// that have changed, so that those that have not may sleep (docs/decisions/0018).

import type { E2eLatency } from "../durable/e2e-latency.ts";
import type { ChannelFigures, TopicFigures } from "../durable/figures.ts";
import type { Scraped } from "../durable/scrape.ts";
import type { UsageCounts } from "../durable/usage.ts";
import { NSQ_VERSION } from "../limits.ts";
import type { Broker } from "./broker.ts";
import { FAMILIES, type MetricName } from "./metric-families.ts";
import { Exposition, type Labels } from "./prometheus-text.ts";
import { exposition } from "./respond.ts";

const NS_PER_S = 1e9;

export async function metrics(_request: Request, broker: Broker): Promise<Response> {
  const [scraped, startTime] = await Promise.all([broker.lookup.scrape(), broker.startTime()]);
  return exposition(metricsText(scraped, scraped.usage, startTime));
}

/** `lookup` is what Lookup has cost, `startTime` when the broker came to be, s since the epoch. */
export function metricsText({ topics, there, asked, failed }: Scraped, lookup: UsageCounts, startTime: number): string {
  const out = new Exposition(FAMILIES);
  addAll(
    out,
    {},
    {
      nsqedge_up: 1,
      nsqedge_start_time_seconds: startTime,
      nsqedge_topics: there,
      nsqedge_scrape_asked_topics: asked,
      nsqedge_scrape_errors: failed.length,
    },
  );
  addAll(out, { version: NSQ_VERSION }, { nsqedge_build_info: 1 });
  for (const topic of topics) addTopic(out, topic);
  addUsage(out, { object: "lookup" }, lookup);
  return out.text;
}

function addTopic(out: Exposition, { stats, producers, usage, channels }: TopicFigures): void {
  const topic = stats.topic_name;
  addAll(
    out,
    { topic },
    {
      nsq_topic_depth: stats.depth,
      nsq_topic_backend_depth: stats.backend_depth,
      nsq_topic_messages_total: stats.message_count,
      nsq_topic_message_bytes_total: stats.message_bytes,
      nsq_topic_paused: stats.paused,
      nsq_topic_channels: channels.length,
      nsq_topic_producers: producers,
    },
  );
  addLatency(out, "nsq_topic_e2e_processing_latency", { topic }, stats.e2e_processing_latency);
  addUsage(out, { object: "topic", topic }, usage);
  for (const channel of channels) addChannel(out, topic, channel);
}

function addChannel(out: Exposition, topic: string, { stats, ready, usage }: ChannelFigures): void {
  const labels = { topic, channel: stats.channel_name };
  addAll(out, labels, {
    nsq_channel_depth: stats.depth,
    nsq_channel_backend_depth: stats.backend_depth,
    nsq_channel_in_flight: stats.in_flight_count,
    nsq_channel_deferred: stats.deferred_count,
    nsq_channel_messages_total: stats.message_count,
    nsq_channel_requeued_total: stats.requeue_count,
    nsq_channel_timed_out_total: stats.timeout_count,
    nsq_channel_clients: stats.client_count,
    nsq_channel_ready: ready,
    nsq_channel_paused: stats.paused,
  });
  addLatency(out, "nsq_channel_e2e_processing_latency", labels, stats.e2e_processing_latency);
  addUsage(out, { object: "channel", ...labels }, usage);
}

/** Nothing when nothing is to be measured. */
function addLatency(
  out: Exposition,
  name: "nsq_topic_e2e_processing_latency" | "nsq_channel_e2e_processing_latency",
  labels: Labels,
  { count, percentiles }: E2eLatency,
): void {
  if (percentiles === null) return;
  addAll(out, labels, { [`${name}_messages`]: count });
  for (const { quantile, value } of percentiles) {
    addAll(out, { ...labels, quantile: String(quantile) }, { [`${name}_seconds`]: value / NS_PER_S });
  }
}

function addUsage(out: Exposition, labels: Labels, usage: UsageCounts): void {
  addAll(out, labels, {
    nsqedge_rows_read_total: usage.rowsRead,
    nsqedge_rows_written_total: usage.rowsWritten,
    nsqedge_object_calls_total: usage.calls,
    nsqedge_websocket_messages_total: usage.webSocketMessages,
    nsqedge_alarms_total: usage.alarms,
  });
}

function addAll(out: Exposition, labels: Labels, values: Partial<Record<MetricName, number | boolean>>): void {
  for (const [name, value] of Object.entries(values)) out.add(name, labels, value);
}
