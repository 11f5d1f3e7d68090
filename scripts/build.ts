// npm run build: the production bundle, as `wrangler deploy` would upload it.

import { spawnSync } from "node:child_process";
import { WRANGLER_ENV } from "./wrangler-env.ts";

/** Where the bundle lies: `index.js`. */
export const BUNDLE_DIR = "dist/worker";

export function build(): void {
  const { status, stdout, stderr } = spawnSync("wrangler", ["deploy", "--dry-run", "--outdir", BUNDLE_DIR], {
    env: { ...WRANGLER_ENV, ...process.env },
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`build failed:\n${stdout}${stderr}`);
}

if (import.meta.main) build();
