// Runs wrangler quietly: node scripts/wrangler.ts types

import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/** What keeps wrangler off the network, without a banner, and without a store of traces (which would halve the throughput). */
export const WRANGLER_ENV = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  X_LOCAL_OBSERVABILITY: "false",
} as const;

/** wrangler looks for the folder of the assets before it lets them be built; whoever removed dist has none. */
const ASSETS = "dist/ui";

const IS_WINDOWS = process.platform === "win32";

/** Starts wrangler at the terminal; what it says there can be taken by the caller instead. */
export function startWrangler(
  args: readonly string[],
  env: Record<string, string> = {},
  stdout: "inherit" | "pipe" = "inherit",
): ChildProcess {
  mkdirSync(ASSETS, { recursive: true });
  return spawn("wrangler", args, {
    stdio: ["inherit", stdout, "inherit"],
    env: { ...WRANGLER_ENV, ...env, ...process.env },
    shell: IS_WINDOWS,
  });
}

/** Runs wrangler to its end, and returns what it said. */
export function runWrangler(args: readonly string[]): SpawnSyncReturns<string> {
  mkdirSync(ASSETS, { recursive: true });
  return spawnSync("wrangler", args, {
    env: { ...WRANGLER_ENV, ...process.env },
    encoding: "utf8",
    shell: IS_WINDOWS,
  });
}

if (import.meta.main) {
  startWrangler(process.argv.slice(2)).on("exit", (code) => process.exit(code ?? 1));
}
