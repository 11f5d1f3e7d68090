// What a topic and its channels say of themselves for /stats: the objects of the channels are asked all at once.

import type { ChannelLife } from "../queue/channel-life.ts";
import type { TopicLog } from "../queue/topic-log.ts";
import type { ChannelReport } from "./channel-report.ts";
import { e2eLatency } from "./e2e-latency.ts";
import { type ClientReport, channelStats, type ReportSettings, type TopicStats, topicStats } from "./topic-stats.ts";

/** Asks the object of a channel, and says how far the topic has fanned out. */
export type AskChannel = (channel: string, life: ChannelLife, fanout: number) => Promise<ChannelReport>;

interface ReportOnTopic {
  readonly topic: TopicStats;
  /** Whoever has published over a connection to one of the channels. */
  readonly publishers: ClientReport[];
  /** What each channel said; when that changes may be earlier, by what is deferred in the log. */
  readonly channels: ReadonlyMap<string, ChannelReport>;
}

/** A channel that is removed meanwhile is left out. */
export async function reportOnTopic(
  name: string,
  log: TopicLog,
  channels: readonly string[],
  ask: AskChannel,
  settings: ReportSettings,
): Promise<ReportOnTopic> {
  const reports = await Promise.all(
    channels.map(async (channel) => {
      const { fanout } = log;
      const report = await ask(channel, log.channelLife(channel), fanout);
      if (!log.hasChannel(channel)) return [];
      // Counted at the same instant: what falls due while others are asked is in one of both.
      const { count, nextDue } = log.deferred(report.cursor, fanout, Date.now());
      const stats = channelStats(log, channel, report, fanout, count, settings);
      return [{ channel, report: { ...report, changesAt: Math.min(report.changesAt, nextDue) }, stats }];
    }),
  );
  const there = reports.flat();
  const stats = there.map(({ stats }) => stats);
  const latency = e2eLatency(
    settings.quantiles,
    there.map(({ report }) => report.latency),
  );
  return {
    topic: topicStats(name, log, stats, latency, settings),
    publishers: there.flatMap(({ report }) => report.producers),
    channels: new Map(there.map(({ channel, report }) => [channel, report])),
  };
}
