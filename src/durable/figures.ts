// What /metrics shows of a topic: what /stats does, but for single clients, of which there may be very many, and what its objects cost.

import type { ChannelReport } from "./channel-report.ts";
import type { ChannelStats, ClientReport, TopicStats } from "./topic-stats.ts";
import type { UsageCounts } from "./usage.ts";

export interface TopicFigures {
  readonly stats: Omit<TopicStats, "channels">;
  /** Connections that have published to it. */
  readonly producers: number;
  readonly usage: UsageCounts;
  readonly channels: readonly ChannelFigures[];
}

export interface ChannelFigures {
  readonly stats: Omit<ChannelStats, "clients">;
  /** How many messages its consumers let be in flight, together: the sum of their RDY. */
  readonly ready: number;
  readonly usage: UsageCounts;
}

/** What the object of a topic answers to a scrape. */
export interface ScrapeAnswer {
  readonly figures: TopicFigures;
  /** When they change though nothing happens to it, ms; 0 when they do all the time, Infinity for never. */
  readonly changesAt: number;
}

/**
 * With an object its connections are lost, and the messages that are only in its memory, without anybody being told: so long what is said
 * of them may be taken to be true, ms.
 */
const MEMORY_HOLDS_MS = 10 * 60_000;

/** How many connections have published to a topic, of those that have published to some topic. */
export function producersOf(topic: string, publishers: readonly ClientReport[]): number {
  const toIt = publishers.filter(({ stats }) => stats.pub_counts?.some((counted) => counted.topic === topic));
  return new Set(toIt.map(({ id }) => id)).size;
}

export function topicFigures(
  { channels, ...stats }: TopicStats,
  producers: number,
  usage: UsageCounts,
  reports: ReadonlyMap<string, ChannelReport>,
): TopicFigures {
  const figures = channels.flatMap(({ clients: _, ...stats }): ChannelFigures[] => {
    const report = reports.get(stats.channel_name);
    if (!report) return [];
    const ready = report.clients.reduce((sum, client) => sum + client.stats.ready_count, 0);
    return [{ stats, ready, usage: report.usage }];
  });
  return { stats, producers, usage, channels: figures };
}

/** When figures change though nothing happens, ms; 0 when they do all the time. `isVolatile`: messages of the topic are only in memory. */
export function changesAt(
  { producers, channels }: TopicFigures,
  reports: Iterable<ChannelReport>,
  isVolatile: boolean,
  now: number,
): number {
  let at = Number.POSITIVE_INFINITY;
  for (const report of reports) at = Math.min(at, report.changesAt);
  const hasConnections = producers > 0 || channels.some(({ stats }) => stats.client_count > 0);
  if (hasConnections || isVolatile) at = Math.min(at, now + MEMORY_HOLDS_MS);
  return at <= now ? 0 : at;
}
