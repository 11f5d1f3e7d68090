// Delays as they are typed.

import { describe, expect, it } from "vitest";
import { parseDelay } from "../../../src/admin/ui/messages/delay.ts";

describe("parseDelay", () => {
  it.each([
    ["", 0],
    ["  ", 0],
    ["250ms", 250],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1h 30m ", 5_400_000],
    ["1.5h", 5_400_000],
    ["2D", 172_800_000],
    ["0.1ms", 0],
  ])("takes %j for %d ms", (text, ms) => {
    expect(parseDelay(text)).toBe(ms);
  });

  it.each(["10", "s", "-5s", "5x", "1h,30m", "1..5s", "1h30", "99999999999999d"])("refuses %j", (text) => {
    expect(parseDelay(text)).toBe(null);
  });
});
