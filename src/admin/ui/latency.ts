// End-to-end latencies: which columns there are, and a value of one.

import type { E2eLatency } from "../api.ts";
import { percentile } from "./format.ts";

interface HasLatency {
  readonly e2e_processing_latency: E2eLatency;
}

/** The quantiles that any of them has, each once. */
export function quantiles(of: readonly HasLatency[]): number[] {
  const all = of.flatMap(({ e2e_processing_latency: { percentiles } }) => (percentiles ?? []).map((p) => p.quantile));
  return [...new Set(all)].toSorted((a, b) => b - a);
}

export function latencyColumn(quantile: number): string {
  return `e2e ${percentile(quantile)}`;
}

/** The average, ns, and its extremes in words; null when it was not measured. */
export function latencyOf({ e2e_processing_latency: latency }: HasLatency, quantile: number) {
  const found = latency.percentiles?.find((p) => p.quantile === quantile);
  if (found === undefined || latency.count === 0) return null;
  return {
    average: found.average,
    text: nanoseconds(found.average),
    title: `min ${nanoseconds(found.min)}, max ${nanoseconds(found.max)}`,
  };
}

const UNITS = [
  ["h", 3_600e9],
  ["min", 60e9],
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
] as const;

/** 1.25 ms, 3.5 s */
export function nanoseconds(ns: number): string {
  // What would be rounded to 1000 of a unit is 1 of the next.
  const [unit, size] = UNITS.find(([, size]) => ns >= size * 0.9999) ?? ["ns", 1];
  return `${Number((ns / size).toFixed(2))} ${unit}`;
}
