// npm run bench: how fast the broker is compared with something else in the same run, and whether that is as fast as wanted.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build } from "../scripts/build.ts";
import { backlog } from "./backlog.ts";
import type { Figure } from "./figure.ts";
import type { Scenario } from "./scenario.ts";

const SCENARIOS: readonly Scenario[] = [backlog];

const USAGE = `usage: npm run bench -- [options]
  --only NAME   only one scenario: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --quick       less of everything
  --json FILE   write all figures`;

const FAILED = 1;
const BAD_USAGE = 2;

interface Arguments {
  readonly scenarios: readonly Scenario[];
  readonly isQuick: boolean;
  readonly json: string | null;
}

/** @throws when they make no sense */
function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const { only, quick, json } = values;
  const scenarios = SCENARIOS.filter(({ name }) => only === undefined || name === only);
  if (scenarios.length === 0) throw new Error(`no scenario ${only}`);
  return { scenarios, isQuick: quick, json: json ?? null };
}

function show(figures: readonly Figure[]): void {
  const rounded = figures.map((figure) => ({
    ...figure,
    ours: round(figure.ours),
    theirs: round(figure.theirs),
    ratio: round(figure.ratio),
  }));
  console.table(rounded);
}

/** Three digits say enough. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** Runs, prints a table, and returns the exit code. */
async function run({ scenarios, isQuick, json }: Arguments): Promise<number> {
  build();
  const figures: Figure[] = [];
  for (const scenario of scenarios) figures.push(...(await scenario.run({ isQuick })));
  show(figures);
  if (json !== null) writeFileSync(json, `${JSON.stringify(figures, null, 1)}\n`);
  return figures.every(({ holds }) => holds) ? 0 : FAILED;
}

function argumentsOrUsage(): Arguments | null {
  try {
    return readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return null;
  }
}

const given = argumentsOrUsage();
process.exitCode = given === null ? BAD_USAGE : await run(given);
