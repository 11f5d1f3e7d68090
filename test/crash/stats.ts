// /stats as the ledger takes it.

import { topicStats } from "../broker/topic-stats.ts";
import type { TopicCounts } from "./ledger.ts";
import { TOPIC } from "./plan.ts";
import { pause, type Stage } from "./stage.ts";

const POLL_MS = 50;

export async function readCounts({ broker }: Stage): Promise<TopicCounts> {
  const topic = await topicStats(broker.http, TOPIC);
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
