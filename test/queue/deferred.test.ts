import { describe, expect, it } from "vitest";
import { Deferred } from "../../src/queue/deferred.ts";
import { unfinished } from "../../src/queue/unfinished.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";

type Pair = readonly [at: number, seq: number];

function deferredWith(pairs: readonly Pair[]): Deferred {
  const deferred = new Deferred();
  for (const [at, seq] of pairs) deferred.add({ ...unfinished(seq, T0), at });
  return deferred;
}

function release(deferred: Deferred, now: number): Pair[] {
  return deferred.release(now).map(({ at, seq }) => [at, seq] as const);
}

function sorted(pairs: readonly Pair[]): Pair[] {
  return pairs.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
}

describe("Deferred", () => {
  it("[CHN10] what is due comes by due time and then by seq, what is not due stays", () => {
    const deferred = deferredWith([
      [T0 + 30, 1],
      [T0 + 10, 3],
      [T0 + 20, 5],
      [T0 + 10, 2],
      [T0 + 31, 4],
    ]);
    expect(deferred.earliest).toBe(T0 + 10);
    expect(release(deferred, T0 + 9)).toEqual([]);
    expect(release(deferred, T0 + 30)).toEqual([
      [T0 + 10, 2],
      [T0 + 10, 3],
      [T0 + 20, 5],
      [T0 + 30, 1],
    ]);
    expect([deferred.size, deferred.earliest]).toEqual([1, T0 + 31]);
    expect(release(deferred, T0 + 31)).toEqual([[T0 + 31, 4]]);
    expect([deferred.size, deferred.earliest]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it("[CHN10] the order holds for any due times, also when some are taken out", () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const pairs = Array.from({ length: random.int(200) }, (_, seq): Pair => [T0 + random.int(60), seq]);
      const deferred = deferredWith(pairs);
      const dropped = random.int(5);
      deferred.removeIf(({ seq }) => seq % 5 === dropped);
      const kept = sorted(pairs.filter(([, seq]) => seq % 5 !== dropped));
      const middle = T0 + random.int(60);
      const got = [...release(deferred, middle), ...release(deferred, T0 + 60)];
      expect(got, `seed ${seed}`).toEqual(kept);
    }
  });

  it("[CHN14] after clearing nothing is deferred", () => {
    const deferred = deferredWith([[T0, 1]]);
    deferred.clear();
    expect([deferred.size, deferred.earliest, [...deferred]]).toEqual([0, Number.POSITIVE_INFINITY, []]);
  });
});
