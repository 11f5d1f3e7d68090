import { describe, expect, it } from "vitest";
import { LatencySketch } from "../../src/queue/latency-sketch.ts";
import { LatencyWindow, type SavedWindow } from "../../src/queue/latency-window.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";

const WINDOW_MS = 60_000;
const HALF_MS = WINDOW_MS / 2;

/** How many messages it tells of, and how long the slowest took. */
function told(window: LatencyWindow, now: number) {
  const sketch = new LatencySketch();
  sketch.merge(window.bins(now));
  return { count: sketch.count, slowest: Math.round(sketch.quantile(1)) };
}

describe("LatencySketch", () => {
  it("[LAT2] a quantile is right to 1 %, also of several added up", () => {
    const random = new Random(1);
    const values = Array.from({ length: 5_000 }, () => random.int(random.pick([10, 1_000, 900_000])));
    const [all, even, odd] = [new LatencySketch(), new LatencySketch(), new LatencySketch()];
    for (const [index, value] of values.entries()) (index % 2 === 0 ? even : odd).add(value);
    all.merge(even.bins);
    all.merge(odd.bins);
    const sorted = values.toSorted((a, b) => a - b);
    expect(all.count).toBe(values.length);
    for (const part of [0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
      const exact = sorted[Math.floor(part * (values.length - 1))] as number;
      expect(Math.abs(all.quantile(part) - exact)).toBeLessThanOrEqual(0.0101 * exact);
    }
  });

  it("[LAT2] nothing measured is 0, and so is what took no time", () => {
    const sketch = new LatencySketch();
    expect(sketch.quantile(0.99)).toBe(0);
    sketch.add(0);
    expect({ count: sketch.count, all: sketch.quantile(1), bins: sketch.bins }).toEqual({
      count: 1,
      all: 0,
      bins: { zeros: 1, first: 0, counts: [] },
    });
  });

  it("[LAT2] takes bounded memory, from a millisecond to a century", () => {
    const sketch = new LatencySketch();
    for (let ms = 1; ms < 4e12; ms *= 1.005) sketch.add(Math.round(ms));
    expect(sketch.bins.counts.length).toBeLessThan(1_500);
  });
});

describe("LatencyWindow", () => {
  it("[LAT2] what it tells covers between a half and the whole of its time", () => {
    const window = new LatencyWindow(WINDOW_MS, T0);
    window.add(T0 - 1_000, T0);
    window.add(T0, T0 + HALF_MS);
    expect(told(window, T0 + HALF_MS)).toMatchObject({ count: 2 });
    expect(told(window, T0 + WINDOW_MS - 1)).toMatchObject({ count: 2 });
    expect(told(window, T0 + WINDOW_MS)).toMatchObject({ count: 1 });
    expect(told(window, T0 + 3 * HALF_MS)).toEqual({ count: 0, slowest: 0 });
  });

  it("[LAT2] after a long silence nothing of before is told", () => {
    const window = new LatencyWindow(WINDOW_MS, T0);
    window.add(T0, T0);
    window.add(T0 + 10 * WINDOW_MS, T0 + 10 * WINDOW_MS);
    expect(told(window, T0 + 10 * WINDOW_MS)).toMatchObject({ count: 1 });
  });

  it("[LAT2] a clock that went back makes nothing negative", () => {
    const window = new LatencyWindow(WINDOW_MS, T0);
    window.add(T0 + 5, T0);
    expect(told(window, T0)).toEqual({ count: 1, slowest: 0 });
  });

  it("[LAT4] goes on from what was saved", () => {
    const before = new LatencyWindow(WINDOW_MS, T0);
    before.add(T0 - 100, T0);
    before.add(T0, T0 + HALF_MS);
    const saved = structuredClone(before.saved) as SavedWindow;
    const after = new LatencyWindow(WINDOW_MS, T0 + HALF_MS, saved);
    expect(told(after, T0 + HALF_MS)).toMatchObject({ count: 2 });
    expect(told(after, T0 + WINDOW_MS)).toMatchObject({ count: 1 });
  });

  it("[MET4] says when it tells less, though nothing happens", () => {
    const window = new LatencyWindow(WINDOW_MS, T0);
    expect(window.changesAt(T0)).toBe(Number.POSITIVE_INFINITY);
    window.add(T0, T0);
    expect(window.changesAt(T0)).toBe(T0 + HALF_MS);
    expect(window.changesAt(T0 + HALF_MS)).toBe(T0 + WINDOW_MS);
    expect(window.changesAt(T0 + WINDOW_MS)).toBe(Number.POSITIVE_INFINITY);
  });
});
