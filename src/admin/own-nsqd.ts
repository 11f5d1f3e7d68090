// The broker itself as a node: its topics are asked in process.

import type { ChannelOutcome } from "../durable/channel-orders.ts";
import type { Broker } from "../http/broker.ts";
import type { PeerInfo } from "../lookup/peer-info.ts";
import { ownPeerInfo } from "../own-node.ts";
import type { TopicView } from "./api.ts";
import { fieldsOf } from "./fields.ts";
import { type NodeName, topicView } from "./node-views.ts";
import { type Failure, failureAt, type NodeStats, type NsqdNode, type Order, type StatsQuery } from "./nsqd-node.ts";

type TopicStub = ReturnType<Broker["topic"]>;

const TOPIC_ORDERS: Readonly<Record<Order["verb"], (topic: TopicStub) => Promise<unknown>>> = {
  create: (topic) => topic.create(),
  delete: (topic) => topic.remove(),
  empty: (topic) => topic.empty(),
  pause: (topic) => topic.setPaused(true),
  unpause: (topic) => topic.setPaused(false),
};

const CHANNEL_ORDERS: Readonly<Record<Order["verb"], (topic: TopicStub, channel: string) => Promise<ChannelOutcome>>> =
  {
    create: (topic, channel) => topic.createChannel(channel),
    delete: (topic, channel) => topic.removeChannel(channel),
    empty: (topic, channel) => topic.emptyChannel(channel),
    pause: (topic, channel) => topic.setChannelPaused(channel, true),
    unpause: (topic, channel) => topic.setChannelPaused(channel, false),
  };

export class OwnNsqd implements NsqdNode {
  readonly info: PeerInfo;
  readonly address: string;
  readonly #broker: Broker;

  /** @param request it is where this request reached it */
  constructor(request: Request, broker: Broker) {
    this.info = ownPeerInfo(broker.options, new URL(request.url));
    this.address = `${this.info.broadcast_address}:${this.info.http_port}`;
    this.#broker = broker;
  }

  async stats(query: StatsQuery): Promise<NodeStats> {
    const topics = query.topic === null ? await this.#broker.lookup.ownTopics() : [query.topic];
    return this.statsOf(topics, query);
  }

  /** Of several topics; those that there are not are left out. */
  async statsOf(topics: readonly string[], query: Omit<StatsQuery, "topic">): Promise<NodeStats> {
    const failures: string[] = [];
    const views = topics.map((topic) =>
      this.#topicView(topic, query).catch((error: unknown) => {
        console.error(`TOPIC(${topic}): no figures for the admin API:`, error); // those of the others count
        failures.push(failureAt(this.address, `no figures of ${topic}`));
        return null;
      }),
    );
    return { topics: (await Promise.all(views)).filter((view) => view !== null), failures };
  }

  async order({ verb, topic, channel }: Order): Promise<"done" | "no-topic" | "no-channel" | Failure> {
    const stub = this.#broker.topic(topic);
    try {
      if (channel !== null) return await CHANNEL_ORDERS[verb](stub, channel);
      return (await TOPIC_ORDERS[verb](stub)) === false ? "no-topic" : "done";
    } catch (error) {
      console.error(`TOPIC(${topic}): could not ${verb}:`, error);
      return { failure: failureAt(this.address, "no answer") };
    }
  }

  async #topicView(topic: string, { channel, includesClients }: Omit<StatsQuery, "topic">): Promise<TopicView | null> {
    const report = await this.#broker.topic(topic).stats(channel, includesClients);
    return report?.topic ? topicView(nodeName(this.info), fieldsOf(report.topic), Date.now()) : null;
  }
}

export function nodeName(info: PeerInfo): NodeName {
  return {
    address: `${info.broadcast_address}:${info.http_port}`,
    hostname: info.hostname,
    topologyRegion: info.topology_region,
    topologyZone: info.topology_zone,
  };
}
