// Random sequences of everything that can happen to a topic, with evictions and crashes of its objects between any two steps.

import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, it, vi } from "vitest";
import { ModelRun } from "./model-run.ts";

const STEPS = 60;
const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);
/** Seeds that once failed. */
const KNOWN_SEEDS: number[] = [];

beforeEach(() => {
  // Time stands still until the test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
});

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe("a topic, its channels and their consumers", () => {
  it.each([...SEEDS, ...KNOWN_SEEDS])("[DUR1] [CHN1] hold the invariants, whatever happens: seed %i", async (seed) => {
    const run = new ModelRun(seed);
    for (let step = 0; step < STEPS; step++) await run.step();
    await run.drain();
  });
});
