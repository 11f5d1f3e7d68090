// How much a bundle does when it is loaded, counted by V8: node test/helpers/startup-work.ts dist/worker/index.js
// Prints how often a function was called or a block entered. That is the same on every machine, whatever else that does.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [bundle] = process.argv.slice(2);
if (bundle === undefined) throw new Error("name a bundle");
const dir = mkdtempSync(join(tmpdir(), "nsq-edge-startup-"));
try {
  const copy = join(dir, "index.mjs");
  // What the runtime gives is not the bundle's work.
  writeFileSync(join(dir, "workers.mjs"), "export const env = {}; export class DurableObject {}");
  writeFileSync(copy, readFileSync(bundle, "utf8").replaceAll('"cloudflare:workers"', '"./workers.mjs"'));
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const url = pathToFileURL(copy).href;
  await import(url);
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const ranges = result.find((script) => script.url === url)?.functions.flatMap((each) => each.ranges) ?? [];
  console.log(ranges.reduce((sum, { count }) => sum + count, 0));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
