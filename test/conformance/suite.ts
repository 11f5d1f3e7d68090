// The scenarios and the results that the real nsqd and nsqlookupd gave, as fixtures.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { JsonObject } from "./json.ts";
import { type HttpStep, readStep, type Step } from "./step.ts";

/** What to send, and what to look at. */
export interface Scenario {
  readonly name: string;
  /** The behaviour it shows, in a sentence. */
  readonly rule: string;
  readonly tags: readonly string[];
  readonly steps: readonly Step[];
  /** Requests that are made in any case, at the end. */
  readonly finally: readonly HttpStep[];
  /** Runs alone, after the others. */
  readonly serial: boolean;
  /** Frames left unread at the end are fine. */
  readonly loose: boolean;
  /** In ms; null for the usual limit. */
  readonly timeout: number | null;
}

/** Expected observations by step number, counted from 1. */
export type Golden = ReadonlyMap<number, JsonObject>;

export interface SuiteEntry {
  readonly area: string;
  readonly scenario: Scenario;
  /** Null when no result was recorded. */
  readonly golden: Golden | null;
}

interface RawScenario extends Omit<Partial<Scenario>, "steps" | "finally"> {
  name: string;
  rule: string;
  tags: string[];
  steps: JsonObject[];
  finally?: JsonObject[];
}

type RawGolden = Record<string, (JsonObject & { step: number })[]>;

const fixtures = new URL("../fixtures/conformance/", import.meta.url);

/** Every scenario of every area, in the order of the files. */
export function loadSuite(): SuiteEntry[] {
  const files = readdirSync(new URL("suite/", fixtures)).filter((file) => file.endsWith(".json"));
  return files.sort().flatMap((file) => {
    const { area, scenarios } = readJson(`suite/${file}`) as { area: string; scenarios: RawScenario[] };
    const golden = existsSync(new URL(`golden/${file}`, fixtures)) ? (readJson(`golden/${file}`) as RawGolden) : {};
    return scenarios.map((raw) => ({ area, scenario: readScenario(raw), golden: readGolden(golden[raw.name]) }));
  });
}

function readScenario({ steps, finally: last = [], ...rest }: RawScenario): Scenario {
  const defaults = { serial: false, loose: false, timeout: null };
  return { ...defaults, ...rest, steps: steps.map(readStep), finally: last.map(readStep) as HttpStep[] };
}

function readGolden(observations: RawGolden[string] | undefined): Golden | null {
  if (observations === undefined) return null;
  return new Map(observations.map(({ step, ...seen }) => [step, seen]));
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, fixtures), "utf8"));
}
