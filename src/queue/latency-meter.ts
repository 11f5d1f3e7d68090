// Measures how long the messages of a channel take from being published to being finished (nsqd's --e2e-processing-latency-*), and
// knows of itself what a sleep would forget.

import { publishedAt } from "../protocol/message.ts";
import { publishRunsOf } from "./channel-snapshot.ts";
import type { InFlight } from "./in-flight.ts";
import type { SketchBins } from "./latency-sketch.ts";
import { LatencyWindow } from "./latency-window.ts";
import { PublishTimes } from "./publish-times.ts";
import type { SavedLatency } from "./saved-latency.ts";

/** What a message in flight adds to the state at most: a run of its own, and its distance from then, which may be decades. */
const RUN_BYTES = 1 + 6;

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

  /** How many bytes of the saved state a message in flight takes for it, at most. */
  get stateBytes(): number {
    return this.#isMeasuring ? RUN_BYTES : 0;
  }

  /** When the messages of frames were published that lie back to back, in pieces; `ends` tells where each ends. Null when it does not measure. */
  timesOf(pieces: readonly Uint8Array[], ends: readonly number[]): PublishTimes | null {
    return this.#isMeasuring ? PublishTimes.of(pieces, ends) : null;
  }

  /** When the message of a frame was published, ms; 0 when it does not measure. */
  publishedAt(frame: Uint8Array): number {
    return this.#isMeasuring ? publishedAt(frame) : 0;
  }

  /** A message is finished; when it was published, ms, is 0 where that is not known: it was delivered before this was measured. */
  finished(publishedAt: number, now: number): void {
    if (publishedAt === 0 || !this.#isMeasuring) return;
    this.#window ??= new LatencyWindow(this.#windowMs, now);
    this.#window.add(publishedAt, now);
  }

  /** Null when nothing was measured. */
  bins(now: number): SketchBins | null {
    return this.#window?.bins(now) ?? null;
  }

  /** When it tells something else though nothing happens, ms; Infinity for never. */
  changesAt(now: number): number {
    return this.#window?.changesAt(now) ?? Number.POSITIVE_INFINITY;
  }

  /** Null when it does not measure. */
  saved(inFlight: InFlight): SavedLatency | null {
    if (!this.#isMeasuring) return null;
    return { published: publishRunsOf(inFlight), window: this.#window?.saved ?? null };
  }

  get #isMeasuring(): boolean {
    return this.#windowMs > 0;
  }
}
