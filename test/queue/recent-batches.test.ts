import { describe, expect, it } from "vitest";
import type { Batch } from "../../src/queue/log-store.ts";
import { RecentBatches } from "../../src/queue/recent-batches.ts";

/** A batch of `count` seqs with bytes that say which one it is. */
function batch(first: number, count: number, size = 10): Batch {
  return { first, count, bytes: new Uint8Array(size).fill(first) };
}

function recentWith(maxBytes: number, ...batches: Batch[]): RecentBatches {
  const recent = new RecentBatches(maxBytes);
  for (const one of batches) recent.add(one);
  return recent;
}

describe("RecentBatches", () => {
  const all = [batch(10, 5), batch(15, 1), batch(16, 4), batch(20, 1)];

  it("[CHN19] batches are read in order from the one that holds a seq", () => {
    const recent = recentWith(1_000, ...all);
    for (const [seq, index] of [
      [10, 0],
      [14, 0],
      [15, 1],
      [16, 2],
      [19, 2],
      [20, 3],
    ] as const) {
      expect(recent.read(seq, 1_000), `from ${seq}`).toEqual(all.slice(index));
    }
  });

  it("[CHN19] a part is at least one batch, and others while the bytes last", () => {
    const recent = recentWith(1_000, ...all);
    expect(recent.read(10, 0)).toEqual(all.slice(0, 1));
    expect(recent.read(10, 29)).toEqual(all.slice(0, 2));
    expect(recent.read(10, 30)).toEqual(all.slice(0, 3));
  });

  it("[CHN19] what is not here is not known: before, behind, or when there is nothing", () => {
    const recent = recentWith(1_000, ...all);
    expect([recent.read(9, 100), recent.read(21, 100), recentWith(10).read(0, 100)]).toEqual([null, null, null]);
  });

  it("[CHN16] only the newest are kept, up to a number of bytes, and one at least", () => {
    const recent = new RecentBatches(1_000);
    for (let seq = 0; seq < 500; seq++) {
      recent.add(batch(seq, 1, 1 + (seq % 150)));
      const oldest = Array.from({ length: seq + 1 }, (_, i) => i).find((i) => recent.read(i, 0) !== null) as number;
      const kept = recent.read(oldest, 1e9) as Batch[];
      expect(kept.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThanOrEqual(1_000);
      expect(kept.at(-1)?.first).toBe(seq);
    }
    recent.add(batch(500, 1, 5_000));
    expect([recent.read(499, 0), recent.read(500, 0)?.length]).toEqual([null, 1]);
  });
});
