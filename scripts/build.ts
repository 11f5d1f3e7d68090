// npm run build: the production bundle, as `wrangler deploy` would upload it.

import { runWrangler } from "./wrangler.ts";

/** Where the bundle lies: `index.js`. */
export const BUNDLE_DIR = "dist/worker";

export function build(dir = BUNDLE_DIR): void {
  const { status, stdout, stderr } = runWrangler(["deploy", "--dry-run", "--outdir", dir]);
  if (status !== 0) throw new Error(`build failed:\n${stdout}${stderr}`);
}

if (import.meta.main) build();
