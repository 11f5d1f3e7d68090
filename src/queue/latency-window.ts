// How long the messages of a channel took from being published to being finished, over the last while (spec 9.2, nsqd's
// internal/quantile): of two sketches each counts for half of the time, and the older one is dropped, so that what is told covers between
// a half and the whole of it.

import { LatencySketch, type SketchBins } from "./latency-sketch.ts";

export interface SavedWindow {
  /** When the current half began, ms. */
  readonly since: number;
  readonly current: SketchBins;
  readonly previous: SketchBins;
}

export class LatencyWindow {
  readonly #halfMs: number;
  #since: number;
  #current = new LatencySketch();
  #previous = new LatencySketch();

  /** `ms` is the time it covers. */
  constructor(ms: number, now: number, saved: SavedWindow | null = null) {
    this.#halfMs = ms / 2;
    this.#since = saved?.since ?? now;
    if (saved === null) return;
    this.#current.merge(saved.current);
    this.#previous.merge(saved.previous);
  }

  /** A message that was published at `publishedAt`, ms, is finished. */
  add(publishedAt: number, now: number): void {
    this.#moveTo(now);
    this.#current.add(Math.max(0, now - publishedAt));
  }

  /** All that it counts. */
  bins(now: number): SketchBins {
    this.#moveTo(now);
    const all = new LatencySketch();
    all.merge(this.#previous.bins);
    all.merge(this.#current.bins);
    return all.bins;
  }

  /** When it counts less though nothing happens, ms; Infinity when it counts nothing. */
  changesAt(now: number): number {
    this.#moveTo(now);
    const isEmpty = this.#current.count + this.#previous.count === 0;
    return isEmpty ? Number.POSITIVE_INFINITY : this.#since + this.#halfMs;
  }

  get saved(): SavedWindow {
    return { since: this.#since, current: this.#current.bins, previous: this.#previous.bins };
  }

  #moveTo(now: number): void {
    const halves = Math.floor((now - this.#since) / this.#halfMs);
    if (halves <= 0) return;
    this.#previous = halves === 1 ? this.#current : new LatencySketch();
    this.#current = new LatencySketch();
    this.#since += halves * this.#halfMs;
  }
}
