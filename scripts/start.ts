// npm start: the broker in `wrangler dev`. What is given behind `--` goes to wrangler: npm start -- --port 8000

import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { startWrangler } from "./wrangler.ts";

const ORPHAN_CHECK_MS = 500;
/** wrangler's line for each request, which would bury what the broker says. */
const REQUEST_LINE = /^\[wrangler:info\] [A-Z]+ \/.* \d{3} .*\(\d+ms\)$/;

const args = ["dev", "--show-interactive-dev-session=false", "--inspector-port=0", ...process.argv.slice(2)];
const wrangler = startWrangler(args, { WRANGLER_LOG: "log" }, "pipe");
createInterface({ input: wrangler.stdout as Readable }).on("line", (line) => {
  if (!REQUEST_LINE.test(stripVTControlCharacters(line))) console.log(line);
});
wrangler.on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => wrangler.kill(signal));

// npm hands a SIGTERM to its shell, which dies of it without a word to us: then we have another parent.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) wrangler.kill("SIGTERM");
}, ORPHAN_CHECK_MS).unref();
