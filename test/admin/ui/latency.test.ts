// End-to-end latencies: which columns there are, and a value of one.

import { describe, expect, it } from "vitest";
import type { Percentile } from "../../../src/admin/api.ts";
import { latencyColumn, latencyOf, nanoseconds, quantiles } from "../../../src/admin/ui/latency.ts";
import { latency } from "./views.ts";

function percentile(quantile: number, average = 0, min = 0, max = 0): Percentile {
  return { quantile, average, min, max, count: 1 };
}

function row(percentiles: Percentile[] | null, count = 1) {
  return { e2e_processing_latency: latency(percentiles, count) };
}

describe("columns", () => {
  it("[PAGE1] are there for each quantile that any row has, once, the largest first", () => {
    const rows = [row([percentile(0.5), percentile(0.99)]), row(null), row([percentile(0.999), percentile(0.99)])];
    expect(quantiles(rows)).toEqual([0.999, 0.99, 0.5]);
  });

  it("[PAGE1] are none when nothing was measured", () => {
    expect(quantiles([row(null), row([])])).toEqual([]);
    expect(quantiles([])).toEqual([]);
  });

  it("[PAGE1] are headed by the percentile", () => {
    expect(latencyColumn(0.99)).toBe("e2e 99th");
  });
});

describe("latencyOf", () => {
  const percentiles = [percentile(0.99, 1_250_000, 900, 3_500_000_000), percentile(0.5, 7)];

  it("[PAGE1] is the average, with the extremes behind it", () => {
    expect(latencyOf(row(percentiles), 0.99)).toEqual({
      average: 1_250_000,
      text: "1.25 ms",
      title: "min 900 ns, max 3.5 s",
    });
    expect(latencyOf(row(percentiles), 0.5)?.average).toBe(7);
  });

  it("[PAGE1] is not known for another quantile, or when nothing was counted", () => {
    expect(latencyOf(row(percentiles), 0.9)).toBeNull();
    expect(latencyOf(row(percentiles, 0), 0.99)).toBeNull();
    expect(latencyOf(row(null), 0.99)).toBeNull();
  });
});

describe("nanoseconds", () => {
  it.each([
    [0, "0 ns"],
    [999, "999 ns"],
    [1_000, "1 µs"],
    [1_234, "1.23 µs"],
    [1_000_000, "1 ms"],
    [1_250_000, "1.25 ms"],
    [3_500_000_000, "3.5 s"],
    [59_990_000_000, "59.99 s"],
    [60_000_000_000, "1 min"],
    [90_000_000_000, "1.5 min"],
    [3_600_000_000_000, "1 h"],
    [86_400_000_000_000, "24 h"],
  ])("[PAGE1] shows %i as %s", (ns, text) => {
    expect(nanoseconds(ns)).toBe(text);
  });

  it.each([
    [999.999, "1 µs"],
    [999_999, "1 ms"],
    [999_999_999, "1 s"],
    [59_999_000_000, "1 min"],
    [3_599_999_000_000, "1 h"],
  ])("[PAGE1] shows %d as %s: what is rounded up to a larger unit is shown in it", (ns, text) => {
    expect(nanoseconds(ns)).toBe(text);
  });
});
