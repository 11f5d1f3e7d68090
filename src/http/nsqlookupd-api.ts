// nsqlookupd's HTTP API (spec 5.4, nsqlookupd/http.go): whole under /lookupd, and at the root where nsqd has no such route.

import { LOOK_UP, may, NOTHING } from "../auth/need.ts";
import { NSQ_VERSION } from "../limits.ts";
import type { DebugPlace, NodeTopics } from "../lookup/directory.ts";
import type { PeerInfo } from "../lookup/peer-info.ts";
import { ownPeerInfo } from "../own-node.ts";
import type { Broker } from "./broker.ts";
import type { DocumentedRoute } from "./documented.ts";
import { ping } from "./info.ts";
import { ping as pingDoc } from "./nsqd-docs.ts";
import * as docs from "./nsqlookupd-docs.ts";
import { Params, topicChannelParams, topicParam } from "./params.ts";
import { pprofRoutes } from "./pprof.ts";
import { HttpError, json, ok, rawJson } from "./respond.ts";
import type { Handler } from "./router.ts";

/** A producer as /nodes tells of it. */
export type LookupNode = PeerInfo & NodeTopics;

/** A producer as /debug tells of it: keys and their order are nsqlookupd's, times are ns. */
export interface DebugProducer {
  broadcast_address: string;
  hostname: string;
  http_port: number;
  id: string;
  last_update: number;
  tcp_port: number;
  tombstoned: boolean;
  tombstoned_at: number;
  topology_region: string;
  topology_zone: string;
  version: string;
}

const PREFIX = "/lookupd";
const TOPIC_NOT_FOUND = new HttpError(404, "TOPIC_NOT_FOUND");
const CHANNEL_NOT_FOUND = new HttpError(404, "CHANNEL_NOT_FOUND");
/** About Go's zero time in ns: what a producer that was never tombstoned shows. */
const NEVER_NS = -6_795_364_578_871_345_000;

const topics: Handler = async (_request, broker) => rawJson(`{"topics":${await broker.lookup.topicsAsJson()}}`);

const channels: Handler = withParams(async (params, broker) => {
  const topic = topicParam(params, null);
  return topic instanceof HttpError ? topic : json({ channels: await broker.lookup.channels(topic) });
});

const lookup: Handler = withParams(async (params, broker, request) => {
  const topic = topicParam(params, null);
  if (topic instanceof HttpError) return topic;
  const found = await broker.lookup.lookup(topic);
  if (found === null) return TOPIC_NOT_FOUND;
  const own = found.isOwn ? [ownNode(request, broker)] : [];
  return json({ channels: found.channels, producers: [...own, ...found.producers] });
});

const nodes: Handler = async (request, broker) => {
  const { own, others } = await broker.lookup.nodes();
  return json({ producers: [{ ...ownNode(request, broker), ...own }, ...others] });
};

const debug: Handler = async (request, broker) => {
  const own = ownNode(request, broker);
  const places = await broker.lookup.debug();
  return json(Object.fromEntries(places.map((place) => [place.key, debugProducers(place, own)])));
};

const createTopic: Handler = withParams(async (params, broker) => {
  const topic = topicParam(params, "INVALID_ARG_TOPIC");
  if (topic instanceof HttpError) return topic;
  await broker.lookup.createTopic(topic);
  return ok();
});

/** nsqlookupd looks neither at the name nor whether there is such a topic. */
const deleteTopic: Handler = withParams(async (params, broker) => {
  const topic = topicParam(params, null);
  if (topic instanceof HttpError) return topic;
  await broker.lookup.deleteTopic(topic);
  return ok();
});

const createChannel: Handler = withParams(async (params, broker) => {
  const names = topicChannelParams(params);
  if (names instanceof HttpError) return names;
  await broker.lookup.createChannel(names.topic, names.channel);
  return ok();
});

const deleteChannel: Handler = withParams(async (params, broker) => {
  const names = topicChannelParams(params);
  if (names instanceof HttpError) return names;
  return (await broker.lookup.deleteChannel(names.topic, names.channel)) ? ok() : CHANNEL_NOT_FOUND;
});

const tombstone: Handler = withParams(async (params, broker, request) => {
  const topic = topicParam(params, null);
  if (topic instanceof HttpError) return topic;
  const node = params.get("node");
  if (node === null) return new HttpError(400, "MISSING_ARG_NODE");
  const { broadcast_address, http_port } = ownNode(request, broker);
  await broker.lookup.tombstone(topic, node, `${broadcast_address}:${http_port}`);
  return ok();
});

const info: Handler = async () => json({ version: NSQ_VERSION });

/** What nsqd has no route for. */
const rootRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/lookup", need: LOOK_UP, handler: lookup, doc: docs.lookup },
  { method: "GET", path: "/topics", need: may("read", "everything"), handler: topics, doc: docs.topics },
  { method: "GET", path: "/channels", need: may("read", "topic"), handler: channels, doc: docs.channels },
  { method: "GET", path: "/nodes", need: may("read", "everything"), handler: nodes, doc: docs.nodes },
  { method: "GET", path: "/debug", need: may("read", "everything"), handler: debug, doc: docs.debug },
  { method: "POST", path: "/topic/tombstone", need: may("admin", "topic"), handler: tombstone, doc: docs.tombstone },
];

// biome-ignore format: a route a line
const otherRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/ping", need: NOTHING, handler: ping, doc: pingDoc },
  { method: "GET", path: "/info", need: may("read", "anything"), handler: info, doc: docs.info },
  { method: "POST", path: "/topic/create", need: may("admin", "topic"), creates: true, handler: createTopic, doc: docs.createTopic },
  { method: "POST", path: "/topic/delete", need: may("admin", "topic"), handler: deleteTopic, doc: docs.deleteTopic },
  { method: "POST", path: "/channel/create", need: may("admin", "topic"), creates: true, handler: createChannel, doc: docs.createChannel },
  { method: "POST", path: "/channel/delete", need: may("admin", "channel"), handler: deleteChannel, doc: docs.deleteChannel },
  ...pprofRoutes("/debug/pprof"),
];

export const nsqlookupdRoutes: readonly DocumentedRoute[] = [
  ...rootRoutes,
  ...[...rootRoutes, ...otherRoutes].map((route) => ({ ...route, path: PREFIX + route.path })),
];

function withParams(
  handle: (params: Params, broker: Broker, request: Request) => Promise<Response | HttpError>,
): Handler {
  return async (request, broker) => {
    const params = Params.of(request);
    return params instanceof HttpError ? params : handle(params, broker, request);
  };
}

function ownNode(request: Request, broker: Broker): PeerInfo {
  return ownPeerInfo(broker.options, new URL(request.url));
}

function debugProducers({ own, producers }: DebugPlace, ownInfo: PeerInfo): DebugProducer[] {
  const itself = own ? [{ id: ownInfo.remote_address, info: ownInfo, lastUpdate: Date.now(), ...own }] : [];
  return [...itself, ...producers].map(({ info, lastUpdate, tombstonedAt }) => ({
    broadcast_address: info.broadcast_address,
    hostname: info.hostname,
    http_port: info.http_port,
    id: info.remote_address,
    last_update: lastUpdate * 1e6,
    tcp_port: info.tcp_port,
    tombstoned: tombstonedAt !== null,
    tombstoned_at: tombstonedAt === null ? NEVER_NS : tombstonedAt * 1e6,
    topology_region: info.topology_region,
    topology_zone: info.topology_zone,
    version: info.version,
  }));
}
