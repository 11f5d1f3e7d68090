// Runs the conformance suite from the command line, against any server.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runSuite, type ScenarioResult, type SuiteOptions } from "./run-suite.ts";
import { checkSizes } from "./slicer.ts";
import type { Target } from "./target.ts";

const USAGE = `usage: node test/conformance/cli.ts --http URL [options]
  --http URL           base URL of the nsqd HTTP API
  --tcp HOST:PORT      the V2 protocol
  --ws URL             the V2 protocol in a WebSocket, when there is no --tcp
  --lookup-http URL    base URL of the nsqlookupd HTTP API
  --lookup-tcp H:P     the nsqlookupd TCP protocol
  --only REGEX         only scenarios whose area/name matches
  --quirks             also the scenarios tagged quirk
  --slow               also the scenarios tagged slow (up to a minute)
  --jobs N             scenarios at a time (default 8)
  --scan-delay MS      how long nsqd's scan for timeouts takes (default 5500, 0 for exact timers)
  --slices N,N,...     cut the WebSocket's bytes into messages of these sizes
  --direct             connect WebSockets straight to the topics and channels that will be named on them
  --json FILE          write all results
  --verbose            a line for each passed scenario, too`;

const FAILED = 1;
const BAD_USAGE = 2;

interface Arguments {
  readonly target: Target;
  readonly options: SuiteOptions;
  readonly json: string | null;
  readonly verbose: boolean;
}

/** @throws when they make no sense */
function readArguments(): Arguments {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    options: {
      http: text,
      tcp: text,
      ws: text,
      "lookup-http": text,
      "lookup-tcp": text,
      only: text,
      quirks: flag,
      slow: flag,
      jobs: text,
      "scan-delay": text,
      slices: text,
      direct: flag,
      json: text,
      verbose: flag,
    },
  });
  const target: Target = {
    http: values.http ?? null,
    tcp: values.tcp ?? null,
    ws: values.ws ?? null,
    lookupHttp: values["lookup-http"] ?? null,
    lookupTcp: values["lookup-tcp"] ?? null,
    ...(values["scan-delay"] !== undefined && { scanDelay: wholeNumber(values["scan-delay"]) }),
    ...(values.slices !== undefined && { slices: values.slices.split(",").map(wholeNumber) }),
    direct: values.direct,
  };
  if (!(target.http || target.tcp || target.ws || target.lookupHttp || target.lookupTcp)) throw new Error("no server");
  if (target.slices) checkSizes(target.slices);
  if (target.direct && (target.tcp || !target.ws)) throw new Error("--direct is for --ws without --tcp");
  const options: SuiteOptions = {
    ...(values.only !== undefined && { only: new RegExp(values.only) }),
    ...(values.jobs !== undefined && { jobs: wholeNumber(values.jobs) }),
    quirks: values.quirks,
    slow: values.slow,
  };
  return { target, options, json: values.json ?? null, verbose: values.verbose };
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`not a number: ${text}`);
  return Number(text);
}

function line({ area, name, status, ms, step, verb, text = "" }: ScenarioResult): string {
  const id = `${area}/${name}`;
  if (status === "passed") return `pass ${id} ${Math.round(ms)} ms`;
  const where = step === undefined ? "" : ` step ${step} (${verb})`;
  return `${status === "failed" ? "FAIL" : "skip"} ${id}${where}: ${text.replaceAll("\n", "\\n")}`;
}

/** Runs, prints what is worth a line, and returns the exit code. */
async function run({ target, options, json, verbose }: Arguments): Promise<number> {
  const onResult = (result: ScenarioResult): void => {
    if (result.status !== "passed" || verbose) console.log(line(result));
  };
  const results = await runSuite(target, { ...options, onResult });
  if (results.length === 0) {
    console.error("no scenario matches");
    return BAD_USAGE;
  }
  if (json !== null) writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`);
  const count = (status: ScenarioResult["status"]): number => results.filter((r) => r.status === status).length;
  console.log(`${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped`);
  return count("failed") > 0 ? FAILED : 0;
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
