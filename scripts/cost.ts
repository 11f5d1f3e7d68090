// npm run cost: what the workloads of test/cost cost, as the tests judge it. Behind `--`: `--json` for an array and nothing else.

import { type Reporter, startVitest, type TestCase } from "vitest/node";
import type { Outcome } from "../test/cost/outcome.ts";
import { table } from "../test/cost/report.ts";

const outcomes: Outcome[] = [];
let isWhole = true;

const collector: Reporter = {
  onTestCaseResult(test: TestCase) {
    const { cost } = test.meta() as { cost?: Outcome };
    if (cost) outcomes.push(cost);
    const { state, errors } = test.result();
    if (state === "passed") return;
    isWhole = false;
    if (cost === undefined || cost.holds) console.error(`${test.fullName}: ${errors?.[0]?.message ?? state}`);
  },
};

// What vitest itself has to say goes to stderr: stdout is for the figures.
const vitest = await startVitest(
  ["test/cost/workloads.test.ts"],
  { project: ["cost"], watch: false, reporters: [collector] },
  {},
  { stdout: process.stderr },
);
await vitest.close();
console.log(process.argv.includes("--json") ? JSON.stringify(outcomes, null, 2) : table(outcomes));
process.exitCode = isWhole && outcomes.length > 0 ? 0 : 1;
