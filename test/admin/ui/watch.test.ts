// What each answer adds to the histories that the pages share. They are shared by the tests, too: each has topics of its own.

import { describe, expect, it } from "vitest";
import { historyOf, watchChannel, watchOverview, watchTopic } from "../../../src/admin/ui/watch.ts";
import { channelView, overview, topicView } from "./views.ts";

describe("historyOf", () => {
  it("[PAGE3] is the same each time, and another one for each topic, channel and node", () => {
    const places = [["h"], ["h", "c"], ["h", "", "n:1"], ["h", "c", "n:1"], ["h", "c", "n:2"], ["h2"]] as const;
    const histories = places.map(([topic, channel, node]) => historyOf(topic, channel, node));
    expect(new Set(histories).size).toBe(places.length);
    expect(historyOf("h", "c", "n:1")).toBe(histories[3]);
    expect(historyOf("h", "", "*")).toBe(histories[0]);
  });
});

describe("an answer", () => {
  it("[PAGE3] with all topics adds to the history of each", () => {
    watchOverview(
      overview([
        { topic_name: "o1", message_count: 5, depth: 2 },
        { topic_name: "o2", message_count: 7 },
      ]),
      10,
    );
    expect(historyOf("o1").last).toEqual({ at: 10, messages: 5, depth: 2, inFlight: 0 });
    expect(historyOf("o2").last).toEqual({ at: 10, messages: 7, depth: 0, inFlight: 0 });
  });

  it("[PAGE3] with all topics makes that those which are over are forgotten", () => {
    watchOverview(overview([{ topic_name: "over", message_count: 5 }]), 1_000);
    watchOverview(overview([]), 1_300);
    expect(historyOf("over").last).toBeDefined();
    watchOverview(overview([]), 1_301);
    expect(historyOf("over").last).toBeUndefined();
  });

  it("[PAGE3] with a topic adds to those of the topic, of it at each node, and of each channel in all", () => {
    const of = { topic_name: "w", channel_name: "c" };
    const atNode = (node: string, message_count: number) =>
      topicView({ topic_name: "w", node, message_count, channels: [channelView({ ...of, node, message_count: 1 })] });
    const nodes = [atNode("n:1", 20), atNode("n:2", 10)];
    const channelNodes = nodes.flatMap(({ channels }) => channels);
    const channel = channelView({ ...of, message_count: 2, depth: 3, in_flight_count: 4, nodes: channelNodes });
    watchTopic(topicView({ topic_name: "w", message_count: 30, depth: 6, nodes, channels: [channel] }), 10);
    expect(historyOf("w").last).toEqual({ at: 10, messages: 30, depth: 6, inFlight: 0 });
    expect(historyOf("w", "", "n:1").last).toEqual({ at: 10, messages: 20, depth: 0, inFlight: 0 });
    expect(historyOf("w", "", "n:2").last).toEqual({ at: 10, messages: 10, depth: 0, inFlight: 0 });
    expect(historyOf("w", "c").last).toEqual({ at: 10, messages: 2, depth: 3, inFlight: 4 });
    expect(historyOf("w", "c", "n:1").last).toBeUndefined();
  });

  it("[PAGE3] with a channel adds to those of the channel, and of it at each node", () => {
    const of = { topic_name: "x", channel_name: "c" };
    const nodes = [
      channelView({ ...of, node: "n:1", message_count: 20, depth: 5, in_flight_count: 3 }),
      channelView({ ...of, node: "n:2", message_count: 10, depth: 1, in_flight_count: 0 }),
    ];
    watchChannel(channelView({ ...of, message_count: 30, depth: 6, in_flight_count: 3, nodes }), 10);
    expect(historyOf("x", "c").last).toEqual({ at: 10, messages: 30, depth: 6, inFlight: 3 });
    expect(historyOf("x", "c", "n:1").last).toEqual({ at: 10, messages: 20, depth: 5, inFlight: 3 });
    expect(historyOf("x", "c", "n:2").last).toEqual({ at: 10, messages: 10, depth: 1, inFlight: 0 });
    expect(historyOf("x").last).toBeUndefined();
  });

  it("[PAGE3] of one page goes on with the history of another: the rate is known at once", () => {
    watchOverview(overview([{ topic_name: "y", message_count: 100 }]), 10);
    watchTopic(topicView({ topic_name: "y", message_count: 120 }), 12);
    expect(historyOf("y").rate()).toBe(10);
  });
});
