import { describe, expect, it } from "vitest";
import { Fifo } from "../../src/protocol/fifo.ts";
import { Random } from "../helpers/random.ts";

function filled(count: number): Fifo<number> {
  const fifo = new Fifo<number>();
  for (let i = 0; i < count; i++) fifo.push(i);
  return fifo;
}

describe("Fifo", () => {
  it("[SES2] has neither a first nor a last when it is empty, also after it was not", () => {
    const fifo = filled(0);
    expect([fifo.size, fifo.first, fifo.last]).toEqual([0, undefined, undefined]);
    fifo.push(1);
    expect([fifo.size, fifo.first, fifo.last]).toEqual([1, 1, 1]);
    fifo.shift();
    expect([fifo.size, fifo.first, fifo.last]).toEqual([0, undefined, undefined]);
  });

  it.each([1, 2, 3])("[SES2] gives back what was pushed in its order, seed %i", (seed) => {
    const random = new Random(seed);
    const fifo = new Fifo<number>();
    const expected: number[] = [];
    for (let i = 0; i < 2_000; i++) {
      if (random.int(5) < 3) {
        fifo.push(i);
        expected.push(i);
      } else if (expected.length > 0) {
        fifo.shift();
        expected.shift();
      }
      expect([fifo.size, fifo.first, fifo.last]).toEqual([expected.length, expected[0], expected.at(-1)]);
    }
  });

  it("[SES3] is empty after all was taken, and can be used again", () => {
    const fifo = filled(10);
    fifo.shift();
    expect(fifo.takeAll()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([fifo.size, fifo.first, fifo.last]).toEqual([0, undefined, undefined]);
    fifo.push(7);
    expect([fifo.size, fifo.first, fifo.last]).toEqual([1, 7, 7]);
  });

  it("[SES2] takes as long for each of a million as for each of a few", () => {
    const fifo = filled(1_000_000);
    for (let i = 0; i < 1_000_000; i++) {
      if (fifo.first !== i) throw new Error(`${fifo.first} instead of ${i}`);
      fifo.shift();
    }
    expect(fifo.size).toBe(0);
  });
});
