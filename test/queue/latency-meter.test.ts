import { describe, expect, it } from "vitest";
import { InFlight } from "../../src/queue/in-flight.ts";
import { LatencyMeter } from "../../src/queue/latency-meter.ts";
import { batchOf, T0 } from "../helpers/records.ts";

const WINDOW_MS = 60_000;

describe("LatencyMeter", () => {
  it("[LAT4] goes on with what was saved", () => {
    const before = new LatencyMeter(WINDOW_MS);
    before.finished(T0, T0 + 100);
    const after = new LatencyMeter(WINDOW_MS, before.saved(new InFlight(0)));
    expect(after.bins(T0 + 200)).toEqual(before.bins(T0 + 200));
    expect(after.changesAt(T0 + 200)).toBe(before.changesAt(T0 + 200));
    expect(after.changesAt(T0 + WINDOW_MS)).toBe(before.changesAt(T0 + WINDOW_MS));
  });

  it("[LAT1] measures nothing any more once it is not to, whatever it has saved and however the messages in flight came", () => {
    const before = new LatencyMeter(WINDOW_MS);
    before.finished(T0, T0 + 100);
    const off = new LatencyMeter(0, before.saved(new InFlight(0)));
    off.finished(T0, T0 + 200);
    expect([off.bins(T0 + 200), off.saved(new InFlight(0))]).toEqual([null, null]);
    expect(off.changesAt(T0 + 200)).toBe(Number.POSITIVE_INFINITY);
    const { bytes } = batchOf(1, ["x"]);
    expect([off.timesOf([bytes], [bytes.length]), off.publishedAt(bytes), off.stateBytes]).toEqual([null, 0, 0]);
  });
});
