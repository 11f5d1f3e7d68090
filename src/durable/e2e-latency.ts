// How long messages took from end to end, as /stats shows it (spec 9.2).

import { LatencySketch, type SketchBins } from "../queue/latency-sketch.ts";

export interface E2ePercentile {
  quantile: number;
  /** ns; 0 when nothing was measured, as in nsqd */
  value: number;
}

export interface E2eLatency {
  /** How many messages were finished during the time that it covers. */
  count: number;
  /** Null when nothing is to be measured. */
  percentiles: E2ePercentile[] | null;
}

const NS_PER_MS = 1e6;

/** Of one channel, or of several together; those that measured nothing say null. */
export function e2eLatency(quantiles: readonly number[], measured: readonly (SketchBins | null)[]): E2eLatency {
  if (quantiles.length === 0) return { count: 0, percentiles: null };
  const sketch = new LatencySketch();
  for (const bins of measured) if (bins !== null) sketch.merge(bins);
  const percentiles = quantiles.map((quantile) => {
    return { quantile, value: Math.round(sketch.quantile(quantile) * NS_PER_MS) };
  });
  return { count: sketch.count, percentiles };
}
