// Figures as people read them.

import { describe, expect, it } from "vitest";
import { bytes, count, counted, duration, instant, percentile, rate } from "../../../src/admin/ui/format.ts";

describe("count", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_234_567, "1,234,567"],
    [Number.MAX_SAFE_INTEGER, "9,007,199,254,740,991"],
  ])("[PAGE1] shows %i as %s", (value, text) => {
    expect(count(value)).toBe(text);
  });
});

describe("counted", () => {
  it("[PAGE1] is singular for one thing only", () => {
    expect([0, 1, 2, 1_000].map((value) => counted(value, "message"))).toEqual([
      "0 messages",
      "1 message",
      "2 messages",
      "1,000 messages",
    ]);
    expect([1, 2].map((value) => counted(value, "match", "matches"))).toEqual(["1 match", "2 matches"]);
  });
});

describe("rate", () => {
  it.each([
    [0, "0"],
    [0.42, "0.4"],
    [12.5, "12.5"],
    [99.94, "99.9"],
    [99.96, "100"],
    [100.4, "100"],
    [1_234.5678, "1,235"],
  ])("[PAGE3] shows %d as %s", (perSecond, text) => {
    expect(rate(perSecond)).toBe(text);
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [512, "512 B"],
    [1_023, "1,023 B"],
    [1_024, "1 KB"],
    [1_229, "1.2 KB"],
    [3 * 1024 ** 2, "3 MB"],
    [1.5 * 1024 ** 3, "1.5 GB"],
    [1024 ** 4, "1 TB"],
    [5_000 * 1024 ** 4, "5,000 TB"],
  ])("[PAGE1] shows %i as %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it.each([
    [1024 ** 2 - 1, "1 MB"],
    [1024 ** 3 - 1, "1 GB"],
    [1023.9 * 1024, "1,023.9 KB"],
  ])("[PAGE1] shows %i as %s: what is rounded up to a larger unit is shown in it", (value, text) => {
    expect(bytes(value)).toBe(text);
  });
});

describe("duration", () => {
  const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];

  it.each([
    [-5, "0 ms"],
    [0, "0 ms"],
    [249.6, "250 ms"],
    [999.4, "999 ms"],
    [999.5, "1 s"],
    [40 * SECOND, "40 s"],
    [MINUTE - 1, "59 s"],
    [3 * MINUTE + 12 * SECOND, "3 min 12 s"],
    [2 * HOUR + 5 * MINUTE + 59 * SECOND, "2 h 5 min"],
    [HOUR + 59 * SECOND, "1 h"],
    [DAY - 1, "23 h 59 min"],
    [DAY + 2 * HOUR + 59 * MINUTE, "1 d 2 h"],
    [400 * DAY, "400 d"],
  ])("[PAGE1] shows %d as %s, in its two largest units", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});

describe("instant", () => {
  it("[PAGE1] is in the reader's time zone, each part with all its digits", () => {
    expect(instant(new Date(2026, 10, 28, 23, 59, 7, 999).getTime())).toBe("2026-11-28 23:59:07");
    expect(instant(new Date(2026, 0, 2, 3, 4, 5).getTime())).toBe("2026-01-02 03:04:05");
  });
});

describe("percentile", () => {
  it.each([
    [0.5, "50th"],
    [0.91, "91st"],
    [0.92, "92nd"],
    [0.93, "93rd"],
    [0.29, "29th"], // times 100 it is less
    [0.57, "57th"],
    [0.99, "99th"],
    [0.999, "99.9th"],
    [1, "100th"],
  ])("[PAGE1] heads the column of %d with %s", (quantile, text) => {
    expect(percentile(quantile)).toBe(text);
  });

  it.each([
    [0.9999, "99.99th"],
    [0.99999, "99.999th"],
  ])("[PAGE1] does not round %d up to the maximum: %s", (quantile, text) => {
    expect(percentile(quantile)).toBe(text);
  });

  it.each([
    [0.11, "11th"],
    [0.12, "12th"],
    [0.13, "13th"],
    [0.925, "92.5th"],
  ])("[PAGE1] says of %d %s, as people do", (quantile, text) => {
    expect(percentile(quantile)).toBe(text);
  });
});
