// /stats as the ledger takes it.

import type { TopicCounts } from "./ledger.ts";
import { TOPIC } from "./plan.ts";
import { pause, type Stage } from "./stage.ts";

interface Stats {
  readonly topics: readonly TopicStats[] | null;
}

interface TopicStats {
  readonly depth: number;
  readonly message_count: number;
  readonly paused: boolean;
  readonly channels: readonly ChannelStats[];
}

interface ChannelStats {
  readonly channel_name: string;
  readonly depth: number;
  readonly in_flight_count: number;
  readonly deferred_count: number;
  readonly message_count: number;
  readonly requeue_count: number;
  readonly paused: boolean;
}

const POLL_MS = 50;

export async function readCounts({ broker }: Stage): Promise<TopicCounts> {
  const query = new URLSearchParams({ format: "json", topic: TOPIC, include_clients: "false", include_mem: "false" });
  const response = await fetch(`${broker.http}/stats?${query}`);
  const { topics } = (await response.json()) as Stats;
  const [topic] = topics ?? [];
  if (!topic) throw new Error("the topic is gone");
  const channels = topic.channels.map((channel) => ({
    name: channel.channel_name,
    depth: channel.depth,
    inFlight: channel.in_flight_count,
    deferred: channel.deferred_count,
    messageCount: channel.message_count,
    requeueCount: channel.requeue_count,
    isPaused: channel.paused,
  }));
  return { messageCount: topic.message_count, depth: topic.depth, isPaused: topic.paused, channels };
}

/** What /stats says when `holds`; null when for so long nothing has changed. */
export async function countsWhen(
  stage: Stage,
  holds: (counts: TopicCounts) => boolean,
  patienceMs: number,
): Promise<TopicCounts | null> {
  let last = "";
  let changedAt = Date.now();
  for (;;) {
    const counts = await readCounts(stage);
    if (holds(counts)) return counts;
    const text = JSON.stringify(counts);
    if (text !== last) changedAt = Date.now();
    else if (Date.now() - changedAt > patienceMs) return null;
    last = text;
    await pause(POLL_MS);
  }
}
