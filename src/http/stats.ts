// GET /stats (spec 3.4, nsqd/http.go doStats).

import type { ClientReport, TopicReport, TopicStats } from "../durable/topic-stats.ts";
import { allows } from "../identity/identity.ts";
import { NSQ_VERSION } from "../limits.ts";
import { isValidName } from "../protocol/names.ts";
import type { ClientStats } from "../session/client-stats.ts";
import type { Broker } from "./broker.ts";
import { Params } from "./params.ts";
import { HttpError, json, ok } from "./respond.ts";
import { statsText } from "./stats-text.ts";

/** Keys and their order are nsqd's. */
export interface StatsDocument {
  version: string;
  health: string;
  /** s since the epoch */
  start_time: number;
  topics: TopicStats[] | null;
  memory?: MemoryStats;
  producers: ClientStats[] | null;
}

/** Figures of Go's heap, which there is none of here. */
export type MemoryStats = Record<(typeof MEMORY_KEYS)[number], number>;

export const MEMORY_KEYS = [
  "heap_objects",
  "heap_idle_bytes",
  "heap_in_use_bytes",
  "heap_released_bytes",
  "gc_pause_usec_100",
  "gc_pause_usec_99",
  "gc_pause_usec_95",
  "next_gc_bytes",
  "gc_total_runs",
] as const;

const NO_MEMORY = Object.fromEntries(MEMORY_KEYS.map((key) => [key, 0])) as MemoryStats;

export async function stats(request: Request, broker: Broker): Promise<Response | HttpError> {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const includesClients = params.isOn("include_clients", true);
  const includesMemory = params.isOn("include_mem", true);
  const startTime = broker.startTime();
  const topic = params.get("topic") || null;
  const channel = params.get("channel") || null;
  const { reports, missing } = await topicReports(broker, topic, channel, includesClients);
  const topics = reports?.flatMap(({ topic }) => topic ?? []) ?? null;
  // Who publishes to a topic concerns the topic itself.
  const isTold = topic === null || allows(broker.identity, "read", topic, "");
  const producers =
    includesClients && isTold && reports !== null ? mergeProducers(reports).map((each) => countedFor(topic, each)) : [];
  const document: StatsDocument = {
    version: NSQ_VERSION,
    health: missing.length === 0 ? "OK" : `NOK - no figures of ${missing.join(", ")}`,
    start_time: await startTime,
    topics,
    ...(includesMemory && { memory: NO_MEMORY }),
    producers: producers.length > 0 ? producers : null,
  };
  return params.get("format") === "json" ? json(document) : ok(statsText(document, Date.now()));
}

interface Reports {
  /** What the objects of the topics asked for say; null when a single one was asked for and does not exist. */
  readonly reports: TopicReport[] | null;
  /** Topics whose objects could not say anything. */
  readonly missing: string[];
}

async function topicReports(
  broker: Broker,
  topic: string | null,
  channel: string | null,
  includesClients: boolean,
): Promise<Reports> {
  const missing: string[] = [];
  if (topic !== null) {
    const report = isValidName(topic) ? await broker.topic(topic).stats(channel, includesClients) : null;
    return { reports: report && [report], missing };
  }
  const names = await broker.lookup.ownTopics();
  const reports = names.map((name) =>
    broker
      .topic(name)
      .stats(channel, includesClients)
      .catch((error: unknown) => {
        console.error(`TOPIC(${name}): no figures for /stats:`, error); // those of the others count
        missing.push(name);
        return null;
      }),
  );
  return { reports: (await Promise.all(reports)).filter((report) => report !== null), missing };
}

/** One entry for each connection, with its counts for all topics. */
function mergeProducers(reports: readonly TopicReport[]): ClientStats[] {
  const byId = new Map<string, ClientStats>();
  for (const { id, stats } of reports.flatMap(({ producers }): readonly ClientReport[] => producers)) {
    const known = byId.get(id);
    byId.set(id, known ? merge(known, stats) : stats);
  }
  return [...byId.values()];
}

/** What a connection publishes to other topics than the one that is asked for is nobody's business there, as in NSQ. */
function countedFor(topic: string | null, stats: ClientStats): ClientStats {
  if (topic === null) return stats;
  const { pub_counts = [], ...others } = stats;
  const counts = pub_counts.filter((each) => each.topic === topic);
  return counts.length > 0 ? { ...stats, pub_counts: counts } : others;
}

/** A connection that consumes is known best by its channel. */
function merge(a: ClientStats, b: ClientStats): ClientStats {
  const counts = new Map<string, number>();
  for (const { topic, count } of [...(a.pub_counts ?? []), ...(b.pub_counts ?? [])]) {
    counts.set(topic, (counts.get(topic) ?? 0) + count);
  }
  const pub_counts = [...counts].map(([topic, count]) => ({ topic, count }));
  return { ...(a.state >= b.state ? a : b), pub_counts };
}
