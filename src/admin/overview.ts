// GET /overview, /counter and /info: what concerns the whole cluster.

import { calledAt, isLoopback } from "../auth/called-at.ts";
import { may } from "../auth/need.ts";
import type { Broker } from "../http/broker.ts";
import type { DocumentedRoute } from "../http/documented.ts";
import { Params } from "../http/params.ts";
import { HttpError, json } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import { allowsForAnything, shownName } from "../identity/identity.ts";
import { NSQ_VERSION } from "../limits.ts";
import * as docs from "./admin-docs.ts";
import { topicAggregate } from "./aggregate.ts";
import type { CounterAnswer, InfoAnswer, OverviewAnswer, TopicSummary, TopicView } from "./api.ts";
import { clusterOf, joined, statsOf, warning } from "./cluster.ts";
import type { NodeStats } from "./nsqd-node.ts";
import { numberParam } from "./number-param.ts";
import { knownTopics } from "./topics.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 200;
const ALL_TOPICS = { topic: null, channel: null, includesClients: false };

const overview: Handler = async (request, broker) => {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const offset = numberParam(params, "offset", { byDefault: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
  if (offset instanceof HttpError) return offset;
  const limit = numberParam(params, "limit", { byDefault: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT });
  if (limit instanceof HttpError) return limit;
  const search = (params.get("search") ?? "").toLowerCase();
  const known = await knownTopics(broker);
  const names = known.names.filter((name) => name.toLowerCase().includes(search));
  const page = names.slice(offset, offset + limit);
  const ownNames = page.filter((name) => known.own.has(name));
  const { topics, failures } = await figuresOf(request, broker, page, ownNames);
  const byName = Map.groupBy(topics, ({ topic_name }) => topic_name);
  return json({
    topics: page.map((name) => summary(topicAggregate(name, byName.get(name) ?? []))),
    total: names.length,
    message: warning(failures),
  } satisfies OverviewAnswer);
};

const counter: Handler = async (request, broker) => {
  const { others } = await broker.lookup.nodes();
  const { own, elsewhere } = clusterOf(request, broker, others);
  const { topics, failures } = await statsOf([own, ...elsewhere], ALL_TOPICS);
  const entries = topics
    .flatMap(({ channels }) => channels)
    .map(({ node, topic_name, channel_name, message_count }) => [
      `${topic_name}:${channel_name}:${node}`,
      { node, topic_name, channel_name, message_count },
    ]);
  return json({ stats: Object.fromEntries(entries), message: warning(failures) } satisfies CounterAnswer);
};

const info: Handler = async (request, broker) => {
  const { address } = clusterOf(request, broker, []).own;
  return json({
    version: NSQ_VERSION,
    node: address,
    nsqlookupd: [address],
    is_admin: allowsForAnything(broker.identity, "admin"),
    identity: shownName(broker.identity),
    is_open_to_all: broker.doorkeeper.isOpen && !isLoopback(calledAt(request).hostname),
    start_time: await broker.startTime(),
    message: "",
  } satisfies InfoAnswer);
};

export const overviewRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/overview", need: may("read", "everything"), handler: overview, doc: docs.overview },
  { method: "GET", path: "/counter", need: may("read", "everything"), handler: counter, doc: docs.counter },
  { method: "GET", path: "/info", need: may("read", "anything"), handler: info, doc: docs.info },
];

/** Of the broker only these topics are asked; a node elsewhere that has any of them tells of all that it has, at once. */
async function figuresOf(
  request: Request,
  broker: Broker,
  names: readonly string[],
  ownNames: readonly string[],
): Promise<NodeStats> {
  const { others } = await broker.lookup.nodes();
  const wanted = new Set(names);
  const producers = others.filter(({ topics }) => topics.some((topic) => wanted.has(topic)));
  const { own, elsewhere } = clusterOf(request, broker, producers);
  const stats = await Promise.all([own.statsOf(ownNames, ALL_TOPICS), statsOf(elsewhere, ALL_TOPICS)]);
  return joined(stats);
}

function summary({ topic_name, paused, depth, message_count, channels }: TopicView): TopicSummary {
  const sum = (key: "depth" | "in_flight_count" | "deferred_count" | "client_count") =>
    channels.reduce((total, channel) => total + channel[key], 0);
  return {
    topic_name,
    paused,
    depth,
    message_count,
    channel_count: channels.length,
    channel_depth: sum("depth"),
    in_flight_count: sum("in_flight_count"),
    deferred_count: sum("deferred_count"),
    client_count: sum("client_count"),
  };
}
