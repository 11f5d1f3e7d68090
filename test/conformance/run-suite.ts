import { runScenario } from "./scenario-run.ts";
import { newRunId, Scope } from "./scope.ts";
import { SlicingRelay } from "./slicing-relay.ts";
import type { Verb } from "./step.ts";
import { loadSuite, type Scenario, type SuiteEntry } from "./suite.ts";
import { lacking, scanDelay, type Target } from "./target.ts";

export interface SuiteOptions {
  /** Only scenarios whose `area/name` matches. */
  readonly only?: RegExp;
  readonly areas?: readonly string[];
  /** Reasons for leaving out, by `area/name`, `name` or `tag:TAG`. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Also behaviour that a sane server need not copy. */
  readonly quirks?: boolean;
  /** Also scenarios that take up to a minute. */
  readonly slow?: boolean;
  /**
   * Scenarios at a time.
   * @default 8
   */
  readonly jobs?: number;
  /** Called as each scenario ends, in any order. */
  readonly onResult?: (result: ScenarioResult) => void;
}

export interface ScenarioResult {
  readonly area: string;
  readonly name: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly ms: number;
  /** Where it failed; without, it did not start. */
  readonly step?: number;
  readonly verb?: Verb | "end";
  /** Why it failed or was skipped. */
  readonly text?: string;
}

const DEFAULT_JOBS = 8;

/**
 * Runs the scenarios chosen against a server; results are in the order of the suite. Scenarios do not meet, since each
 * uses topics of its own, except the serial ones, which change the server as a whole and run alone at the end.
 */
export async function runSuite(target: Target, options: SuiteOptions = {}): Promise<ScenarioResult[]> {
  const { jobs = DEFAULT_JOBS } = options;
  if (!(jobs >= 1)) throw new Error(`not a number of jobs: ${jobs}`);
  const entries = [...selected(options).entries()];
  const duration = ([, { scenario }]: (typeof entries)[number]): number => estimate(scenario, target);
  const parallel = entries.filter(([, { scenario }]) => !scenario.serial).sort((a, b) => duration(b) - duration(a));
  const serial = entries.filter(([, { scenario }]) => scenario.serial);

  const relay = await startRelay(target);
  const reached = relay === null ? target : { ...target, ws: relay.url };
  const runId = newRunId();
  const results: ScenarioResult[] = [];
  const run = async (index: number, entry: SuiteEntry): Promise<void> => {
    const result = await runEntry(entry, reached, options, new Scope(runId, index, target.lookupTcp ?? null));
    results[index] = result;
    options.onResult?.(result);
  };
  try {
    await drain(parallel, run, jobs);
    await drain(serial, run, 1);
  } finally {
    await relay?.stop();
  }
  return results;
}

function selected({ only, areas, quirks, slow }: SuiteOptions): SuiteEntry[] {
  const suite = loadSuite();
  const unknown = areas?.find((name) => !suite.some(({ area }) => area === name));
  if (unknown !== undefined) throw new Error(`no area ${unknown}`);
  return suite.filter(({ area, scenario: { name, tags } }) => {
    if (areas !== undefined && !areas.includes(area)) return false;
    if (only !== undefined && `${area}/${name}`.search(only) < 0) return false;
    return (quirks || !tags.includes("quirk")) && (slow || !tags.includes("slow"));
  });
}

function startRelay({ tcp, ws, headers = {}, slices }: Target): Promise<SlicingRelay> | null {
  return slices !== undefined && ws && !tcp ? SlicingRelay.start(ws, headers, slices) : null;
}

async function runEntry(
  { area, scenario, golden }: SuiteEntry,
  target: Target,
  { skip = {} }: SuiteOptions,
  scope: Scope,
): Promise<ScenarioResult> {
  const { name, tags } = scenario;
  const reason = [`${area}/${name}`, name, ...tags.map((tag) => `tag:${tag}`)].find((key) => Object.hasOwn(skip, key));
  if (reason !== undefined) return { area, name, status: "skipped", ms: 0, text: skip[reason] ?? "" };
  const lack = lacking(scenario, target);
  if (lack !== null) return { area, name, status: "skipped", ms: 0, text: `the target has no ${lack}` };
  if (golden === null) return { area, name, status: "failed", ms: 0, text: "no golden result recorded" };
  const started = performance.now();
  const failure = await runScenario(scenario, golden, target, scope);
  return { area, name, status: failure ? "failed" : "passed", ms: performance.now() - started, ...failure };
}

/** A rough duration in ms: the long scenarios start first, so that none is left over when all others are done. */
function estimate({ steps }: Scenario, target: Target): number {
  let sum = 0;
  for (const step of steps) {
    if (step.verb === "wait") sum += step.wait === "scan" ? scanDelay(target) : step.wait;
    else if (step.verb === "silence") sum += step.silence;
    else if (step.verb === "recv" || step.verb === "closed") sum += step.window?.[0] ?? 0;
  }
  return sum;
}

async function drain<T>(
  queue: [number, T][],
  run: (index: number, item: T) => Promise<void>,
  jobs: number,
): Promise<void> {
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await run(...next);
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
