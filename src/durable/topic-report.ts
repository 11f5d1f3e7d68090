// What a topic and its channels say of themselves for /stats: the objects of the channels are asked all at once.

import type { ChannelLife } from "../queue/channel-life.ts";
import type { TopicLog } from "../queue/topic-log.ts";
import type { ChannelReport } from "./channel-report.ts";
import { type ClientReport, channelStats, type TopicStats, topicStats } from "./topic-stats.ts";

/** Asks the object of a channel, and says how far the topic has fanned out. */
export type AskChannel = (channel: string, life: ChannelLife, fanout: number) => Promise<ChannelReport>;

export interface ReportSettings {
  readonly memQueueSize: number;
  readonly includesClients: boolean;
}

interface ReportOnTopic {
  readonly topic: TopicStats;
  /** Whoever has published over a connection to one of the channels. */
  readonly publishers: ClientReport[];
}

/** A channel that is removed meanwhile is left out. */
export async function reportOnTopic(
  name: string,
  log: TopicLog,
  channels: readonly string[],
  ask: AskChannel,
  { memQueueSize, includesClients }: ReportSettings,
): Promise<ReportOnTopic> {
  const reports = await Promise.all(
    channels.map(async (channel) => {
      const { fanout } = log;
      const report = await ask(channel, log.channelLife(channel), fanout);
      if (!log.hasChannel(channel)) return [];
      const stats = channelStats(log, channel, report, fanout, memQueueSize, includesClients, Date.now());
      return [{ stats, publishers: report.producers }];
    }),
  );
  const there = reports.flat();
  return {
    topic: topicStats(
      name,
      log,
      there.map(({ stats }) => stats),
      memQueueSize,
    ),
    publishers: there.flatMap(({ publishers }) => publishers),
  };
}
