// GET /nodes and /nodes/:node (spec 6.3, nsqadmin/http.go).

import { may } from "../auth/need.ts";
import type { Broker } from "../http/broker.ts";
import type { DocumentedRoute } from "../http/documented.ts";
import { HttpError, json } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import type { NodeTopics } from "../lookup/directory.ts";
import type { PeerInfo } from "../lookup/peer-info.ts";
import * as docs from "./admin-docs.ts";
import type { NodeAnswer, NodesAnswer, NodeView } from "./api.ts";
import { clusterOf, noAnswer, statsOf, warning } from "./cluster.ts";
import { newestOf, versionOf } from "./version.ts";

export const NODE_NOT_FOUND = new HttpError(404, "NODE_NOT_FOUND");

const nodes: Handler = async (request, broker) => {
  const { own, others } = await broker.lookup.nodes();
  const { info, address } = clusterOf(request, broker, []).own;
  return json({ nodes: nodeViews([{ ...info, ...own }, ...others], address), message: "" } satisfies NodesAnswer);
};

const node: Handler = async (request, broker, address = "") => {
  const found = await nodeAt(request, broker, address);
  if (found === null) return NODE_NOT_FOUND;
  const stats = await statsOf([found.node], { topic: null, channel: null, includesClients: true });
  const error = noAnswer(stats);
  if (error) return error;
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return json({
    node: address,
    topics: [...stats.topics],
    total_messages: sum(stats.topics.map(({ message_count }) => message_count)),
    total_clients: sum(stats.topics.flatMap(({ channels }) => channels).map(({ client_count }) => client_count)),
    message: warning(stats.failures),
  } satisfies NodeAnswer);
};

export const nodeRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/nodes", need: may("read", "everything"), handler: nodes, doc: docs.nodes },
  { method: "GET", path: "/nodes/:node", need: may("read", "everything"), handler: node, doc: docs.oneNode },
];

/** A node and its topics; null when none is at this address. */
export async function nodeAt(request: Request, broker: Broker, address: string) {
  const registered = await broker.lookup.nodes();
  const others = registered.others.filter((info) => `${info.broadcast_address}:${info.http_port}` === address);
  const { own, elsewhere } = clusterOf(request, broker, others);
  if (own.address === address) return { node: own, ownAddress: address, topics: registered.own.topics };
  const [node] = elsewhere;
  return node ? { node, ownAddress: own.address, topics: others.flatMap(({ topics }) => topics) } : null;
}

/** A producer that is connected more than once is one (clusterinfo/data.go GetLookupdProducers). */
function nodeViews(infos: readonly (PeerInfo & NodeTopics)[], lookupd: string): NodeView[] {
  const newest = newestOf(infos.map(({ version }) => versionOf(version)));
  const byAddress = Map.groupBy(infos, (info) => `${info.broadcast_address}:${info.tcp_port}`);
  const views = [...byAddress.values()].map((same): NodeView => {
    const info = same[0] as PeerInfo;
    return {
      remote_addresses: same.map(({ remote_address }) => `${lookupd}/${remote_address}`),
      remote_address: info.remote_address,
      hostname: info.hostname,
      broadcast_address: info.broadcast_address,
      tcp_port: info.tcp_port,
      http_port: info.http_port,
      version: info.version,
      ...(info.topology_zone && { topology_zone: info.topology_zone }),
      ...(info.topology_region && { topology_region: info.topology_region }),
      topics: topicsOf(same),
      out_of_date: versionOf(info.version).isBefore(newest),
    };
  });
  return views.sort((a, b) => (a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : 0));
}

/** Sorted by name; tombstoned where all connections say so. */
function topicsOf(nodes: readonly NodeTopics[]): { topic: string; tombstoned: boolean }[] {
  const tombstoned = new Map<string, boolean>();
  for (const { topics, tombstones } of nodes) {
    for (const [index, topic] of topics.entries()) {
      tombstoned.set(topic, (tombstoned.get(topic) ?? true) && tombstones[index] === true);
    }
  }
  return [...tombstoned].sort(([a], [b]) => (a < b ? -1 : 1)).map(([topic, is]) => ({ topic, tombstoned: is }));
}
