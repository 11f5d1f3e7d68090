// The nodes of a cluster, the broker first, and what they say and do together.

import type { Broker } from "../http/broker.ts";
import { HttpError } from "../http/respond.ts";
import type { PeerInfo } from "../lookup/peer-info.ts";
import type { NodeStats, NsqdNode, Order, StatsQuery } from "./nsqd-node.ts";
import { OwnNsqd } from "./own-nsqd.ts";
import { RemoteNsqd } from "./remote-nsqd.ts";

/** So many answers may be in memory at once; a Worker waits for six at most (platform limits). */
const AT_ONCE = 4;

export interface Cluster {
  readonly own: OwnNsqd;
  readonly elsewhere: readonly NsqdNode[];
}

/** The broker, whether it has the topic or not, and producers of it elsewhere, with what Lookup knows of it. */
export async function producersOf(request: Request, broker: Broker, topic: string) {
  const known = await broker.lookup.lookup(topic);
  return { ...clusterOf(request, broker, known?.producers ?? []), known };
}

/** Nodes may be connected more than once, and one that says it is at the broker's own address is the broker. */
export function clusterOf(request: Request, broker: Broker, infos: readonly PeerInfo[]): Cluster {
  const own = new OwnNsqd(request, broker);
  const elsewhere = new Map(infos.map((info) => new RemoteNsqd(info)).map((node) => [node.address, node]));
  elsewhere.delete(own.address);
  return { own, elsewhere: [...elsewhere.values()] };
}

/** What all of them say. */
export async function statsOf(nodes: readonly NsqdNode[], query: StatsQuery): Promise<NodeStats> {
  return joined(await atOnce(nodes, (node) => node.stats(query)));
}

export function joined(stats: readonly NodeStats[]): NodeStats {
  return {
    topics: stats.flatMap(({ topics }) => topics),
    failures: stats.flatMap(({ failures }) => failures),
  };
}

/** Null when somebody could say something, or there was nothing to say. */
export function noAnswer({ topics, failures }: NodeStats): HttpError | null {
  if (topics.length > 0 || failures.length === 0) return null;
  return new HttpError(502, `UPSTREAM_ERROR: failed to query any nsqd: ${failures.join("\n")}`);
}

/** What became of an order to several nodes: a node that has no such topic or channel has nothing to do. */
export interface Carried {
  readonly isDone: boolean;
  readonly hasTopic: boolean;
  readonly failures: string[];
}

export async function carryOut(nodes: readonly NsqdNode[], order: Order): Promise<Carried> {
  const outcomes = await atOnce(nodes, (node) => node.order(order));
  return {
    isDone: outcomes.includes("done"),
    hasTopic: outcomes.includes("done") || outcomes.includes("no-channel"),
    failures: outcomes.flatMap((outcome) => (typeof outcome === "string" ? [] : outcome.failure)),
  };
}

/** As nsqadmin puts it: empty when nothing is missing. */
export function warning(failures: readonly string[]): string {
  return failures.length === 0 ? "" : `WARNING: ${failures.join("; ")}`;
}

/** Answers in the order of the nodes. */
export async function atOnce<T>(nodes: readonly NsqdNode[], ask: (node: NsqdNode) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  const waiting = nodes.entries();
  const askOn = async () => {
    for (const [index, node] of waiting) answers[index] = await ask(node);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, askOn));
  return answers;
}
