// How long messages took, as counts in bins of a DDSketch: each bin is 2 % wide, so a quantile is right to 1 %, and sketches of several
// channels add up to that of their topic.

import { LogCollapsingLowestDenseDDSketch } from "@datadog/sketches-js";

/** A sketch as it is saved, and told to other objects. */
export interface SketchBins {
  /** How many took no time at all. */
  readonly zeros: number;
  /** The key of the first bin. */
  readonly first: number;
  readonly counts: readonly number[];
}

/** From a millisecond to a century takes 1,500; beyond this the lowest would be put together. */
const MAX_BINS = 2_048;
const ACCURACY = 0.01;

export class LatencySketch {
  readonly #sketch = new LogCollapsingLowestDenseDDSketch({ relativeAccuracy: ACCURACY, binLimit: MAX_BINS });

  get count(): number {
    return this.#sketch.count;
  }

  /** A message took `ms`. */
  add(ms: number): void {
    this.#sketch.accept(ms);
  }

  /** Adds all that another one counts. */
  merge({ zeros, first, counts }: SketchBins): void {
    const { store } = this.#sketch;
    for (const [index, count] of counts.entries()) if (count > 0) store.add(first + index, count);
    this.#sketch.zeroCount += zeros;
    this.#sketch.count = this.#sketch.zeroCount + store.count;
  }

  /** What the given part, from 0 to 1, took at most, ms; 0 when nothing was measured. */
  quantile(part: number): number {
    return this.count === 0 ? 0 : this.#sketch.getValueAtQuantile(part);
  }

  get bins(): SketchBins {
    const { store, zeroCount: zeros } = this.#sketch;
    if (store.count === 0) return { zeros, first: 0, counts: [] };
    const { bins, offset, minKey, maxKey } = store;
    return { zeros, first: minKey, counts: bins.slice(minKey - offset, maxKey - offset + 1) };
  }
}
