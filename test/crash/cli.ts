// npm run test:crash -- --rounds N [--seed S]: kills the broker N times over many runs; the same seed draws the same plan.

import { parseArgs } from "node:util";
import { build } from "../../scripts/build.ts";
import { drawPlan } from "./plan.ts";
import { type LifeReport, run } from "./run.ts";

/** In a run; then its seed is spent. */
const KILLS = 4;
const LOG_LINES = 40;

const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" }, seed: { type: "string" } } });
const rounds = Number(values.rounds);
const first = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);

function line({ seed, life, lengthMs, isKilled, totals }: LifeReport): string {
  const { published, acknowledged, delivered, redelivered } = totals;
  const counts = `published ${published}, acknowledged ${acknowledged}, delivered ${delivered}, redelivered ${redelivered}`;
  return `seed ${seed} life ${life}: ${lengthMs} ms, ${counts}, ${isKilled ? "killed" : "drained"}`;
}

build();
for (let kills = 0, seed = first; kills < rounds; kills += KILLS, seed++) {
  const { violations, log } = await run(drawPlan(seed, Math.min(KILLS, rounds - kills)), (life) =>
    console.log(line(life)),
  );
  if (violations.length === 0) continue;
  console.error(`\nseed ${seed}, again with --rounds ${KILLS} --seed ${seed}:\n${violations.join("\n")}`);
  console.error(`\nthe last of the broker's log:\n${log.split("\n").slice(-LOG_LINES).join("\n")}`);
  process.exit(1);
}
