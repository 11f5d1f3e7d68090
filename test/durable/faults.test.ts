// Each fault at each point, during random sequences of everything that can happen to a topic.

import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { Random } from "../helpers/random.ts";
import { CALLS, type CallFault, type CallPoint, STORAGE } from "./fault-points.ts";
import { Faults } from "./faults.ts";
import type { FaultyRun } from "./model-check.ts";
import type { Way } from "./model-producer.ts";
import { ModelRun } from "./model-run.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** How many sequences there are for each point. */
    faultSeeds: number;
  }
}

vi.setConfig({ testTimeout: 30_000 });

const STEPS = 15;
const MAX_STEPS = 15 * STEPS;
const SEEDS = Array.from({ length: inject("faultSeeds") }, (_, index) => index + 1);

beforeEach(() => {
  // Time stands still until the test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  vi.spyOn(console, "error").mockImplementation(() => {}); // faults are logged
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

/** Goes on until there were some faults. */
async function runModel(seed: number, faulty: FaultyRun) {
  const { faults } = faulty;
  const run = new ModelRun(seed, faulty);
  for (let step = 0; step < STEPS || (faults.count === 0 && step < MAX_STEPS); step++) {
    if (step >= STEPS && step % STEPS === 0) await run.enliven(); // some points are hard to meet
    await run.step();
  }
  await run.drain();
  expect(faults.count, "the point was never met").toBeGreaterThan(0);
}

/** How to publish so that a call is made. */
function wayTo({ from, to, method }: CallPoint): Way | null {
  if (from === "Topic" && to === "Topic") return "topic";
  if (from === "Channel" && (method === "publish" || method === "create")) return "channel";
  if (method === "fetch" && to === "Topic") return "gateway";
  return null;
}

/** A push that is slow may also be lost together with its topic. */
function seedsOf({ method }: CallPoint, fault: CallFault): number[] {
  return method === "push" && fault === "slow" && SEEDS.length < 2 ? [1, 2] : SEEDS;
}

const calls = CALLS.filter(({ run }) => run === "model").flatMap((point) =>
  point.faults.flatMap((fault) => seedsOf(point, fault).map((seed) => ({ ...point, fault, point, seed }))),
);

describe("calls between objects", () => {
  it.each(calls)("[DUR8] [HTTP3] $from to $to: $method is $fault, seed $seed", async ({ point, fault, seed }) => {
    const faults = Faults.ofCall(point, fault, new Random(-seed));
    const often = point.often ?? [];
    const isGentle = seed % 2 === 1 && !often.includes("crash");
    const isBlind = point.method === "push";
    await runModel(seed, { faults, often, way: wayTo(point), mayEnd: false, isGentle, isBlind });
  });
});

const storage = STORAGE.filter(({ run }) => run === "model").flatMap((point) =>
  SEEDS.map((seed) => ({ ...point, point, seed })),
);

describe("storage", () => {
  it.each(storage)("[DUR10] [HTTP3] of $of throws: $what, seed $seed", async ({ point, seed }) => {
    const faults = await Faults.ofStorage(point, new Random(-seed));
    await runModel(seed, {
      faults,
      often: point.often ?? [],
      way: null,
      mayEnd: true,
      isGentle: false,
      isBlind: false,
    });
  });
});
