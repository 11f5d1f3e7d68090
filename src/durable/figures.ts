// What /metrics shows of a topic: what /stats does, but for single clients, of which there may be very many, and what its objects cost.

import type { TopicLog } from "../queue/topic-log.ts";
import type { ChannelReport } from "./channel-report.ts";
import type { ChannelStats, TopicStats } from "./topic-stats.ts";
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
 * A connection can be lost without anybody being told, when the object that has it is lost: so long what is said of connections may be
 * taken to be true, ms.
 */
const CONNECTIONS_HOLD_MS = 10 * 60_000;

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

/** When figures change though nothing happens, ms; 0 when they do all the time. */
export function changesAt(
  { producers, channels }: TopicFigures,
  log: TopicLog,
  reports: Iterable<ChannelReport>,
  now: number,
): number {
  let at = Number.POSITIVE_INFINITY;
  // Of what is deferred in the log, and no channel has taken, only the topic knows when it falls due.
  for (const report of reports) at = Math.min(at, report.changesAt, log.nextDue(report.cursor, log.fanout, now));
  const hasConnections = producers > 0 || channels.some(({ stats }) => stats.client_count > 0);
  if (hasConnections) at = Math.min(at, now + CONNECTIONS_HOLD_MS);
  return at <= now ? 0 : at;
}
