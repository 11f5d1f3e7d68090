import { describe, expect, it } from "vitest";
import { InFlight } from "../../src/queue/in-flight.ts";
import { LatencyMeter } from "../../src/queue/latency-meter.ts";
import { T0 } from "../helpers/records.ts";

const WINDOW_MS = 60_000;

describe("LatencyMeter", () => {
  it("[LAT4] goes on with what was saved", () => {
    const before = new LatencyMeter(WINDOW_MS);
    before.finished(T0, T0 + 100);
    const after = new LatencyMeter(WINDOW_MS, before.saved(new InFlight(0)));
    expect(after.bins(T0 + 200)).toEqual(before.bins(T0 + 200));
    expect(after.changesAt).toBe(before.changesAt);
  });

  it("[LAT1] measures nothing any more once it is not to, whatever it has saved and however the messages in flight came", () => {
    const before = new LatencyMeter(WINDOW_MS);
    before.finished(T0, T0 + 100);
    const off = new LatencyMeter(0, before.saved(new InFlight(0)));
    off.finished(T0, T0 + 200);
    expect([off.isMeasuring, off.bins(T0 + 200), off.saved(new InFlight(0))]).toEqual([false, null, null]);
    expect(off.changesAt).toBe(Number.POSITIVE_INFINITY);
  });
});
