// nsqd's HTTP API inside the runtime, and the objects behind it, for tests.

import { env, exports } from "cloudflare:workers";
import type { ChannelStats, TopicStats } from "../../src/durable/topic-stats.ts";
import type { StatsDocument } from "../../src/http/stats.ts";

const LOOK_AGAIN_MS = 10;
const PATIENCE = 500;

export async function post(path: string, body = ""): Promise<{ status: number; text: string }> {
  const response = await exports.default.fetch(`http://broker${path}`, { method: "POST", body });
  return { status: response.status, text: await response.text() };
}

/** Publishes, and fails unless the answer is OK. */
export async function publish(topic: string, body: string, deferMs = 0): Promise<void> {
  const defer = deferMs > 0 ? `&defer=${deferMs}` : "";
  const { status, text } = await post(`/pub?topic=${encodeURIComponent(topic)}${defer}`, body);
  if (text !== "OK") throw new Error(`publish answered ${status} ${text}`);
}

export async function stats(topic: string): Promise<TopicStats | null> {
  const query = `format=json&include_mem=false&topic=${encodeURIComponent(topic)}`;
  const response = await exports.default.fetch(`http://broker/stats?${query}`);
  const { topics } = (await response.json()) as StatsDocument;
  return topics?.[0] ?? null;
}

export async function channelStats(topic: string, channel: string): Promise<ChannelStats> {
  const found = (await stats(topic))?.channels.find(({ channel_name }) => channel_name === channel);
  if (!found) throw new Error(`no channel ${channel}`);
  return found;
}

export function topicStub(topic: string) {
  return env.TOPIC.getByName(`0/${topic}`);
}

export function channelStub(topic: string, channel: string) {
  return env.CHANNEL.getByName(`0/${topic}/${channel}`);
}

/** Looks again and again until a condition holds. No clock is asked, as tests stop it. */
export async function until<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (let looks = 0; ; looks++) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (looks === PATIENCE) throw new Error(`still not so: ${JSON.stringify(seen)}`);
    await scheduler.wait(LOOK_AGAIN_MS);
  }
}
