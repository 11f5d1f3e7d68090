import { describe, expect, it } from "vitest";
import { parseDuration } from "../../src/protocol/go-duration.ts";

describe("durations", () => {
  it.each([
    ["0", 0],
    ["90s", 90_000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["1500us", 2],
    ["1500µs", 2],
    ["2000000ns", 2],
  ])("[OPT1] durations are written as in Go: %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "5", "s", "-1s", "1d", "1 s", "1s ", "1,5s"])("[OPT1] what Go would not read is none: %j", (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});
