// How long the messages of a channel take, as it is saved at the end of its state: it shares the row that is written anyway.

import type { SketchBins } from "./latency-sketch.ts";
import type { SavedWindow } from "./latency-window.ts";
import type { PublishRun } from "./publish-times.ts";
import type { VarintReader, VarintWriter } from "./varint.ts";

export interface SavedLatency {
  /** When what is in flight was published: first the messages of flights, then the others, in the order in which these are saved. */
  readonly published: readonly PublishRun[];
  /** Null when nothing was measured yet. */
  readonly window: SavedWindow | null;
}

/** `now` is when it is saved, ms: instants are written as the distance from it. */
export function writeLatency(out: VarintWriter, { published, window }: SavedLatency, now: number): void {
  out.unsigned(published.length);
  for (const { count, at } of published) {
    out.unsigned(count);
    out.signed(at - now);
  }
  out.unsigned(window === null ? 0 : 1);
  if (window === null) return;
  out.signed(window.since - now);
  writeBins(out, window.current);
  writeBins(out, window.previous);
}

/** @throws {Error} when the state is damaged */
export function readLatency(input: VarintReader, now: number): SavedLatency {
  const published = Array.from({ length: input.unsigned() }, () => {
    return { count: input.unsigned(), at: now + input.signed() };
  });
  if (input.unsigned() === 0) return { published, window: null };
  return { published, window: { since: now + input.signed(), current: readBins(input), previous: readBins(input) } };
}

function writeBins(out: VarintWriter, { zeros, first, counts }: SketchBins): void {
  out.unsigned(zeros);
  out.signed(first);
  out.unsigned(counts.length);
  for (const count of counts) out.unsigned(count);
}

function readBins(input: VarintReader): SketchBins {
  const zeros = input.unsigned();
  const first = input.signed();
  return { zeros, first, counts: Array.from({ length: input.unsigned() }, () => input.unsigned()) };
}
