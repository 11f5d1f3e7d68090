import { describe, expect, it } from "vitest";
import { Destinations, type Mode } from "../../src/cli/destinations.ts";

function setUp(mode: Mode, random: () => number = () => 1) {
  const clock = { now: 0 };
  const destinations = new Destinations(["a", "b", "c"], mode, () => clock.now, random);
  const choose = (
    isGood: (destination: string) => boolean = () => true,
    took: (destination: string) => number = () => 1,
  ) => {
    const { destination, mark } = destinations.choose();
    clock.now += took(destination);
    mark(isGood(destination));
    return destination;
  };
  const chosen = (count: number, ...how: Parameters<typeof choose>) =>
    Array.from({ length: count }, () => choose(...how)).join("");
  return { clock, chosen };
}

const isNotB = (destination: string) => destination !== "b";

describe("destinations", () => {
  it("[CLI10] round-robin: one after the other, whether they fail or not", () => {
    const { chosen } = setUp("round-robin");
    expect(chosen(6, isNotB)).toBe("abcabc");
  });

  it("[CLI10] hostpool: one that failed is left aside for thirty seconds, and longer each time", () => {
    const { clock, chosen } = setUp("hostpool");
    expect(chosen(3, isNotB)).toBe("abc");
    expect(chosen(6)).not.toContain("b");
    clock.now = 30_002;
    expect(chosen(3, isNotB)).toContain("b");
    clock.now += 31_000;
    expect(chosen(3)).not.toContain("b");
    clock.now += 30_000;
    expect(chosen(3)).toContain("b");
    expect(chosen(3)).toContain("b");
  });

  it("[CLI10] hostpool: when all have failed all are tried", () => {
    const { chosen } = setUp("hostpool");
    expect(chosen(3, () => false)).toBe("abc");
    expect(new Set(chosen(6, () => false))).toEqual(new Set("abc"));
  });

  it("[CLI10] epsilon-greedy: the fastest, once each was tried, and by chance another", () => {
    let dice = 1;
    const { chosen } = setUp("epsilon-greedy", () => dice);
    const took = (destination: string) => ({ a: 30, b: 10, c: 20 })[destination] ?? 0;
    expect(chosen(3, () => true, took)).toBe("abc");
    expect(chosen(5, () => true, took)).toBe("bbbbb");
    dice = 0;
    expect(chosen(1, () => true, took)).toBe("a");
    dice = 1;
    expect(chosen(1, isNotB, took)).toBe("b");
    expect(chosen(3, () => true, took)).toBe("ccc");
  });

  it("[CLI10] epsilon-greedy: one that never answered is no better than one that did and failed since", () => {
    const { chosen } = setUp("epsilon-greedy");
    expect(chosen(3, (destination) => destination === "b")).toBe("abc");
    expect(chosen(1, () => false)).toBe("b");
    expect(chosen(5, () => false)).toBe("bbbbb");
  });
});
