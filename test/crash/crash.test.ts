import { describe, expect, it } from "vitest";
import { drawPlan } from "./plan.ts";
import { run } from "./run.ts";

const KILLS = 3;
const PATIENCE_MS = 120_000;

describe("a broker that is killed", () => {
  it.each([10, 15, 24])(
    "[DUR1] [DUR2] [DUR3] [DUR5] [DUR9] keeps what it said, and neither loses nor repeats what it should not: seed %i",
    async (seed) => {
      const { violations, log } = await run(drawPlan(seed, KILLS));
      expect(violations, log).toEqual([]);
    },
    PATIENCE_MS,
  );
});
