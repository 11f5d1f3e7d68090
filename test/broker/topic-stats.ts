// What /stats says of a topic.

import type { ChannelStats } from "./stats.ts";

export interface TopicStats {
  readonly topic_name: string;
  readonly depth: number;
  readonly message_count: number;
  readonly message_bytes: number;
  readonly paused: boolean;
  readonly channels: readonly Omit<ChannelStats, "clients">[];
}

/** Null when there is no such topic. */
export async function topicStats(http: string, topic: string): Promise<TopicStats | null> {
  const query = new URLSearchParams({ format: "json", include_mem: "false", include_clients: "false", topic });
  const response = await fetch(`${http}/stats?${query}`);
  const { topics } = (await response.json()) as { topics: readonly TopicStats[] | null };
  return topics?.[0] ?? null;
}

/** Messages that were ever stored in a topic. */
export async function messageCount(http: string, topic: string): Promise<number> {
  return (await topicStats(http, topic))?.message_count ?? 0;
}
