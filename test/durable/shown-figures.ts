// What /metrics and /stats both tell of a topic.

import { exports } from "cloudflare:workers";
import { samplesOf } from "../helpers/exposition.ts";
import { stats } from "./broker-api.ts";

export async function scrape(): Promise<Map<string, number>> {
  return samplesOf(await (await exports.default.fetch("http://broker/metrics")).text());
}

/** What /stats says, as /metrics names it; nothing when there is no such topic. */
async function figuresOf(name: string): Promise<Record<string, number>> {
  const topic = await stats(name);
  if (topic === null) return {};
  const samples: Record<string, number> = {
    [`nsq_topic_depth{topic="${name}"}`]: topic.depth,
    [`nsq_topic_messages_total{topic="${name}"}`]: topic.message_count,
    [`nsq_topic_message_bytes_total{topic="${name}"}`]: topic.message_bytes,
    [`nsq_topic_paused{topic="${name}"}`]: Number(topic.paused),
    [`nsq_topic_channels{topic="${name}"}`]: topic.channels.length,
  };
  for (const channel of topic.channels) {
    const labels = `{topic="${name}",channel="${channel.channel_name}"}`;
    const ready = (channel.clients ?? []).reduce((sum, { ready_count }) => sum + ready_count, 0);
    Object.assign(samples, {
      [`nsq_channel_depth${labels}`]: channel.depth,
      [`nsq_channel_in_flight${labels}`]: channel.in_flight_count,
      [`nsq_channel_deferred${labels}`]: channel.deferred_count,
      [`nsq_channel_messages_total${labels}`]: channel.message_count,
      [`nsq_channel_requeued_total${labels}`]: channel.requeue_count,
      [`nsq_channel_clients${labels}`]: channel.client_count,
      [`nsq_channel_ready${labels}`]: ready,
      [`nsq_channel_paused${labels}`]: Number(channel.paused),
    });
  }
  return samples;
}

/** The series in which a scrape differs from /stats, as `series: shown, not expected`. */
export async function differences(topic: string): Promise<string[]> {
  const [expected, shown] = [await figuresOf(topic), await scrape()];
  return Object.entries(expected).flatMap(([series, value]) =>
    shown.get(series) === value ? [] : [`${series}: ${shown.get(series)}, not ${value}`],
  );
}
