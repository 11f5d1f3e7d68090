import { describe, expect, it } from "vitest";
import { median, medians, samples } from "../../bench/rounds.ts";

describe("rounds", () => {
  it("[BENCH4] measure all by turns, now in this order and then in the other, after one that does not count", async () => {
    const turns: string[] = [];
    const take = (name: string) => async (isWarmUp: boolean) => {
      turns.push(isWarmUp ? `(${name})` : name);
      return turns.length;
    };
    const taken = await samples(3, { a: take("a"), b: take("b") });
    expect(turns).toEqual(["(a)", "(b)", "b", "a", "a", "b", "b", "a"]);
    expect(taken).toEqual({ a: [4, 5, 8], b: [3, 6, 7] });
  });

  it("[BENCH4] give the median of each", async () => {
    const values = [100, 3, 1, 2];
    expect(await medians(3, { a: async () => values.shift() as number })).toEqual({ a: 2 });
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
