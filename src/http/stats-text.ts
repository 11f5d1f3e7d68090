// The text form of /stats (spec 3.4, nsqd/http.go printStats).

import type { E2eLatency } from "../durable/e2e-latency.ts";
import type { ChannelStats, TopicStats } from "../durable/topic-stats.ts";
import type { ClientStats } from "../session/client-stats.ts";
import { MEMORY_KEYS, type StatsDocument } from "./stats.ts";

/** `now` is ms since the epoch. */
export function statsText(document: StatsDocument, now: number): string {
  const { version, health, start_time, topics, memory, producers } = document;
  const lines = [
    `nsqd v${version} (built for workerd)`,
    `start_time ${new Date(start_time * 1000).toISOString().replace(".000Z", "Z")}`,
    `uptime ${duration(Math.floor(now / 1000) - start_time)}`,
    "",
    `Health: ${health}`,
  ];
  if (memory) {
    lines.push("", "Memory:");
    for (const key of MEMORY_KEYS) lines.push(`   ${key.padEnd(25)}\t${memory[key]}`);
  }
  const topicBlocks = (topics ?? []).map((topic) => topicLines(topic, now).join("\n"));
  lines.push("", topicBlocks.length === 0 ? "Topics: None" : `Topics:\n${topicBlocks.join("\n\n")}`);
  lines.push("", producers === null ? "Producers: None" : `Producers:\n${producers.map(producerLine(now)).join("\n")}`);
  return `${lines.join("\n")}\n`;
}

function topicLines(topic: TopicStats, now: number): string[] {
  const line =
    `${topic.paused ? "*P " : "   "}[${topic.topic_name.padEnd(15)}] depth: ${pad(topic.depth, 5)}` +
    ` be-depth: ${pad(topic.backend_depth, 5)} msgs: ${pad(topic.message_count, 8)} e2e%: ${latencies(topic.e2e_processing_latency)}`;
  return [line, ...topic.channels.flatMap((channel) => channelLines(channel, now))];
}

function channelLines(channel: ChannelStats, now: number): string[] {
  const line =
    `${channel.paused ? "   *P " : "      "}[${channel.channel_name.padEnd(25)}] depth: ${pad(channel.depth, 5)}` +
    ` be-depth: ${pad(channel.backend_depth, 5)} inflt: ${pad(channel.in_flight_count, 4)}` +
    ` def: ${pad(channel.deferred_count, 4)} re-q: ${pad(channel.requeue_count, 5)}` +
    ` timeout: ${pad(channel.timeout_count, 5)} msgs: ${pad(channel.message_count, 8)}` +
    ` e2e%: ${latencies(channel.e2e_processing_latency)}`;
  return [line, ...(channel.clients ?? []).map(consumerLine(now))];
}

function consumerLine(now: number): (client: ClientStats) => string {
  return (client) =>
    `        [${client.version} ${clientName(client)}] state: ${client.state} inflt: ${pad(client.in_flight_count, 4)}` +
    ` rdy: ${pad(client.ready_count, 4)} fin: ${pad(client.finish_count, 8)} re-q: ${pad(client.requeue_count, 8)}` +
    ` msgs: ${pad(client.message_count, 8)} connected: ${connected(client, now)}`;
}

function producerLine(now: number): (client: ClientStats) => string {
  return (client) => {
    const counts = client.pub_counts ?? [];
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    const topics = counts.map(({ topic, count }) => `${topic}=${count}`).join(",");
    return (
      `   [${client.version} ${clientName(client)}] msgs: ${pad(total, 8)} topics: ${topics}` +
      ` connected: ${connected(client, now)}`
    );
  };
}

/** `hostname:port user_agent` */
function clientName({ hostname, remote_address, user_agent }: ClientStats): string {
  const port = remote_address.split(":").pop();
  return `${hostname}:${port} ${user_agent}`.padEnd(21);
}

function connected({ connect_ts }: ClientStats, now: number): string {
  return duration(Math.floor(now / 1000) - connect_ts);
}

function pad(value: number, width: number): string {
  return String(value).padEnd(width);
}

function latencies({ percentiles }: E2eLatency): string {
  return (percentiles ?? []).map(({ value }) => nanoseconds(value)).join(", ");
}

const UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["us", 1e3],
] as const;

function nanoseconds(ns: number): string {
  const [unit, size] = UNITS.find(([, size]) => ns > size) ?? ["ns", 1];
  return `${(ns / size).toFixed(1)}${unit}`;
}

/** Whole seconds in Go's notation. */
function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  if (h > 0) return `${h}h${m}m${s % 60}s`;
  return m > 0 ? `${m}m${s % 60}s` : `${s}s`;
}
