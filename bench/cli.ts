// npm run bench: how fast the broker is compared with something else in the same run, and whether that is as fast as wanted.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { chart } from "./chart.ts";
import type { Figure } from "./figure.ts";
import { Loader } from "./loader.ts";
import { figureTable, profileTable, shareTable } from "./report.ts";
import { Bench, type CpuShares, type Scenario } from "./scenario.ts";
import { backlog } from "./scenarios/backlog.ts";
import { consumeByFour, consumeByOne } from "./scenarios/consume.ts";
import { deferred } from "./scenarios/deferred.ts";
import { both, fanOut, large, topics } from "./scenarios/flow.ts";
import { mpub, pub } from "./scenarios/http.ts";
import { latency } from "./scenarios/latency.ts";
import { longRun } from "./scenarios/long-run.ts";
import { publishOneAFrame, publishPipelined, publishSingle } from "./scenarios/publish.ts";
import { buildAll, startServers } from "./servers.ts";

const SCENARIOS: readonly Scenario[] = [
  ...[pub, mpub, publishSingle, publishOneAFrame, publishPipelined],
  ...[consumeByOne, consumeByFour, both, fanOut, topics, large],
  ...[latency, deferred, longRun, backlog],
];

const USAGE = `usage: npm run bench -- [options]
  --only NAME   only one scenario: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --quick       less of everything
  --profile     say where the broker spends its time, which makes it slower
  --json FILE   where all figures go, and beside it a chart as .svg; dist/bench.json if not given
NSQD=/path/to/nsqd names the nsqd to compare with, if none is on PATH.`;

const FAILED = 1;
const BAD_USAGE = 2;

interface Arguments {
  readonly scenarios: readonly Scenario[];
  readonly isQuick: boolean;
  readonly isProfiled: boolean;
  readonly json: string;
}

/** @throws when they make no sense */
function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      json: { type: "string", default: "dist/bench.json" },
    },
  });
  const { only, quick, profile, json } = values;
  const scenarios = SCENARIOS.filter(({ name }) => only === undefined || name === only);
  if (scenarios.length === 0) throw new Error(`no scenario ${only}`);
  return { scenarios, isQuick: quick, isProfiled: profile, json };
}

/** Runs, prints tables, and returns the exit code. */
async function run({ scenarios, isQuick, isProfiled, json }: Arguments): Promise<number> {
  buildAll();
  const loader = new Loader();
  const figures: Figure[] = [];
  const shares: CpuShares[] = [];
  const profiles: string[] = [];
  try {
    for (const scenario of scenarios) {
      console.error(`${scenario.name} ...`);
      // What a scenario leaves behind, logs to be trimmed for instance, is not for the next one.
      const servers = await startServers(isProfiled);
      const bench = new Bench(servers, loader, isQuick);
      figures.push(...(await scenario.run(bench).finally(() => servers.stop())));
      shares.push(...bench.shares);
      for (const [what, spent] of bench.profiles) profiles.push(profileTable(what, spent));
    }
  } finally {
    loader.stop();
  }
  console.log([figureTable(figures), shareTable(shares), ...profiles].join("\n\n"));
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify(figures, null, 1)}\n`);
  writeFileSync(`${json.replace(/\.json$/, "")}.svg`, chart(figures));
  return figures.some(({ holds }) => holds === false) ? FAILED : 0;
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
