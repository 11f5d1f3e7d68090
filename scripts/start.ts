// npm start: the broker in `wrangler dev`. What is given behind `--` goes to wrangler: npm start -- --port 8000

import { spawn } from "node:child_process";
import { WRANGLER_ENV } from "./wrangler-env.ts";

const args = ["dev", "--show-interactive-dev-session=false", "--inspector-port=0", ...process.argv.slice(2)];
const wrangler = spawn("wrangler", args, {
  stdio: "inherit",
  env: { ...WRANGLER_ENV, WRANGLER_LOG: "log", ...process.env },
  shell: process.platform === "win32",
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));
wrangler.on("exit", (code) => process.exit(code ?? 0));
