import { describe, expect, it } from "vitest";
import { channelAggregate, topicAggregate } from "../../src/admin/aggregate.ts";
import type { TopicView } from "../../src/admin/api.ts";
import { fieldsOf } from "../../src/admin/fields.ts";
import { topicView } from "../../src/admin/node-views.ts";
import { T0 } from "../helpers/records.ts";

const CONNECTED_AT = Math.floor(T0 / 1000) - 90;

/** What a node says of the topic `t`, as nsqadmin shows it. */
function view(hostname: string, topic: object): TopicView {
  const node = { address: `${hostname}:4151`, hostname, topologyRegion: "r", topologyZone: "" };
  return topicView(node, fieldsOf({ topic_name: "t", ...topic }), T0 + 500);
}

const CLIENT = { client_id: "c", hostname: "h", connect_ts: CONNECTED_AT, topology_zone: "z", in_flight_count: 3 };
const FIRST = view("b", {
  depth: 15,
  backend_depth: 5,
  message_count: 40,
  channels: [
    { channel_name: "x", depth: 7, in_flight_count: 3, client_count: 1, clients: [CLIENT], global_msg_count: 4 },
    { channel_name: "y", depth: 1, client_count: 0, clients: [] },
  ],
});
const SECOND = view("a", {
  depth: 1,
  backend_depth: 0,
  message_count: 2,
  paused: true,
  channels: [
    { channel_name: "x", depth: 2, requeue_count: 5, zone_local_msg_count: 1, client_count: 2, clients: null },
    { channel_name: "z", depth: 9, paused: true },
  ],
});

describe("the figures of one node", () => {
  it("[ADM1] what is not in the backend is in memory, and a client is connected since its second", () => {
    expect(FIRST).toMatchObject({ node: "b:4151", hostname: "b", depth: 15, memory_depth: 10, backend_depth: 5 });
    expect(FIRST.channels[0]?.clients).toMatchObject([
      { node: "b:4151", client_id: "c", connected: 90e9, node_topology_region: "r", topology_zone: "z" },
    ]);
    expect(FIRST.channels[0]?.clients?.[0]).not.toHaveProperty("node_topology_zone");
    expect(FIRST.channels[0]).toMatchObject({ delivery_msg_count: 4, global_msg_count: 4 });
    expect(FIRST.channels[1]).not.toHaveProperty("delivery_msg_count");
  });

  it.each([[{}], [{ channels: 7, depth: "many", paused: "yes", e2e_processing_latency: [] }], [{ channels: [null] }]])(
    "[ADM1] nonsense counts as nothing: %j",
    (said) => {
      expect(view("a", said)).toMatchObject({ topic_name: "t", depth: 0, paused: false });
    },
  );
});

describe("a topic of several nodes", () => {
  const aggregate = topicAggregate("t", [FIRST, SECOND]);

  it("[ADM1] is the sum of its nodes, which are sorted by hostname and keep their own figures", () => {
    expect(aggregate).toMatchObject({
      node: "*",
      hostname: "",
      topic_name: "t",
      depth: 16,
      memory_depth: 11,
      backend_depth: 5,
      message_count: 42,
      paused: true,
    });
    expect(aggregate.nodes).toEqual([SECOND, FIRST]);
    expect(Object.keys(aggregate)).toEqual(Object.keys(FIRST));
  });

  it("[ADM1] has each channel once, in the order in which they are met", () => {
    expect(aggregate.channels.map(({ channel_name, node }) => [channel_name, node])).toEqual([
      ["x", "*"],
      ["y", "*"],
      ["z", "*"],
    ]);
    expect(aggregate.channels[0]).toMatchObject({ depth: 9, in_flight_count: 3, requeue_count: 5, client_count: 3 });
    expect(aggregate.channels[0]).toMatchObject({
      delivery_msg_count: 5,
      zone_local_msg_count: 1,
      global_msg_count: 4,
    });
    expect(aggregate.channels[0]?.nodes?.map(({ node }) => node)).toEqual(["a:4151", "b:4151"]);
    expect(aggregate.channels[2]).toMatchObject({ depth: 9, paused: true });
  });

  it("[ADM1] with one node is an aggregate, too", () => {
    expect(topicAggregate("t", [FIRST])).toMatchObject({ node: "*", depth: 15, nodes: [FIRST] });
    expect(topicAggregate("t", [FIRST]).channels[0]).toMatchObject({ node: "*", nodes: [FIRST.channels[0]] });
  });

  it("[ADM1] without a node is empty", () => {
    expect(topicAggregate("t", [])).toEqual({
      node: "*",
      hostname: "",
      topic_name: "t",
      depth: 0,
      memory_depth: 0,
      backend_depth: 0,
      message_count: 0,
      nodes: [],
      channels: [],
      paused: false,
      e2e_processing_latency: { count: 0, percentiles: null, topic: "t", channel: "", host: "*" },
    });
  });
});

describe("a channel of several nodes", () => {
  it("[ADM1] has the clients of all nodes by hostname, and none when nobody tells of them", () => {
    const channels = (hostname: string, clients: object[] | null) =>
      view(hostname, { channels: [{ channel_name: "x", clients }] }).channels;
    const told = [...channels("a", [{ hostname: "q" }]), ...channels("b", [{ hostname: "p" }]), ...channels("c", null)];
    const { clients } = channelAggregate("t", "x", told);
    expect(clients?.map(({ hostname, node }) => [hostname, node])).toEqual([
      ["p", "b:4151"],
      ["q", "a:4151"],
    ]);
    expect(channelAggregate("t", "x", channels("c", null)).clients).toBeNull();
  });
});

describe("end to end latencies", () => {
  const latency = (count: number, values: Record<number, number>) => ({
    e2e_processing_latency: {
      count,
      percentiles: Object.entries(values).map(([quantile, value]) => ({ quantile: Number(quantile), value })),
    },
  });

  it("[ADM1] of one node are its values", () => {
    expect(view("a", latency(2, { 0.99: 50 })).e2e_processing_latency).toEqual({
      count: 2,
      percentiles: [{ quantile: 0.99, average: 50, min: 50, max: 50, count: 2, value: 50 }],
      topic: "t",
      channel: "",
      host: "a:4151",
    });
  });

  it("[ADM1] of several are averages by how much each measured, and the extremes of all", () => {
    const nodes = [
      view("a", latency(1, { 0.5: 10 })),
      view("b", latency(3, { 0.5: 50, 0.9: 60 })),
      view("c", latency(0, { 0.5: 0 })),
    ];
    expect(topicAggregate("t", nodes).e2e_processing_latency).toEqual({
      count: 4,
      percentiles: [
        { quantile: 0.5, average: 40, min: 10, max: 50, count: 4 },
        { quantile: 0.9, average: 60, min: 60, max: 60, count: 3 },
      ],
      topic: "t",
      channel: "",
      host: "*",
    });
  });
});
