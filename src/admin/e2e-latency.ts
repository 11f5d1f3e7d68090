// How long messages took from end to end, of one node and of several (spec 6.3, internal/quantile/aggregate.go).

import type { E2eLatency, Percentile } from "./api.ts";
import { fieldsOf, listOf, number } from "./fields.ts";

type Of = Pick<E2eLatency, "topic" | "channel" | "host">;

/** Of a single node a percentile is one value. */
export function nodeLatency(of: Of, said: unknown): E2eLatency {
  const fields = fieldsOf(said);
  const count = number(fields.count);
  const percentiles = listOf(fields.percentiles).map(({ quantile, value }) => {
    const ns = number(value);
    return { quantile: number(quantile), average: ns, min: ns, max: ns, count, value: ns };
  });
  return { count, percentiles: percentiles.length > 0 ? percentiles : null, ...of };
}

/** Averages are weighted by how much each node measured; quantiles keep the order in which they are met. */
export function mergedLatency(of: Of, latencies: readonly E2eLatency[]): E2eLatency {
  const merged = new Map<number, Percentile>();
  for (const percentile of latencies.flatMap(({ percentiles }) => percentiles ?? [])) {
    const known = merged.get(percentile.quantile);
    merged.set(percentile.quantile, known ? mergedPercentile(known, percentile) : withoutValue(percentile));
  }
  const count = latencies.reduce((sum, latency) => sum + latency.count, 0);
  return { count, percentiles: merged.size > 0 ? [...merged.values()] : null, ...of };
}

function mergedPercentile(a: Percentile, b: Percentile): Percentile {
  // Who measured nothing has no extremes.
  if (b.count === 0) return a;
  if (a.count === 0) return withoutValue(b);
  const count = a.count + b.count;
  return {
    quantile: a.quantile,
    average: (a.average * a.count + b.average * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    count,
  };
}

function withoutValue({ quantile, average, min, max, count }: Percentile): Percentile {
  return { quantile, average, min, max, count };
}
