// Measures how long the messages of a channel take from being published to being finished (nsqd's --e2e-processing-latency-*), and
// knows of itself what a sleep would forget.

import { publishRunsOf } from "./channel-snapshot.ts";
import type { InFlight } from "./in-flight.ts";
import type { SketchBins } from "./latency-sketch.ts";
import { LatencyWindow } from "./latency-window.ts";
import type { SavedLatency } from "./saved-latency.ts";

export class LatencyMeter {
  readonly #windowMs: number;
  /** Null until there is something that it measures. */
  #window: LatencyWindow | null;

  /** @param windowMs over which time it measures; 0 when it does not */
  constructor(windowMs: number, saved: SavedLatency | null = null) {
    this.#windowMs = windowMs;
    const window = windowMs > 0 ? (saved?.window ?? null) : null;
    this.#window = window && new LatencyWindow(windowMs, window.since, window);
  }

  get isMeasuring(): boolean {
    return this.#windowMs > 0;
  }

  /** A message is finished; when it was published, ms, is 0 where that is not known: it was delivered before this was measured. */
  finished(publishedAt: number, now: number): void {
    if (publishedAt === 0 || !this.isMeasuring) return;
    this.#window ??= new LatencyWindow(this.#windowMs, now);
    this.#window.add(publishedAt, now);
  }

  /** Null when nothing was measured. */
  bins(now: number): SketchBins | null {
    return this.#window?.bins(now) ?? null;
  }

  /** When it tells something else though nothing happens, ms; Infinity for never. */
  get changesAt(): number {
    return this.#window?.changesAt ?? Number.POSITIVE_INFINITY;
  }

  /** Null when it does not measure. */
  saved(inFlight: InFlight): SavedLatency | null {
    if (!this.isMeasuring) return null;
    return { published: publishRunsOf(inFlight), window: this.#window?.saved ?? null };
  }
}
