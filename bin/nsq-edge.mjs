#!/usr/bin/env node
// npx nsq-edge. Plain JavaScript for whatever Node is there: in a clone the program is run from its source, where it is installed as it was
// built. A Node that is too old hands over to the one that came with the dependencies.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const LEAST = [22, 18]; // runs TypeScript as it is
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** In a clone, and beside the package where it is installed. */
const nodes = ["../node_modules/.bin/node", "../../.bin/node"].map(here);

if (!isOld) {
  const [source, built] = ["../src/cli/main.ts", "../dist/cli/cli/main.js"];
  await import(new URL(existsSync(here(source)) ? source : built, import.meta.url).href);
} else {
  const node = nodes.find((path) => existsSync(path));
  if (node === undefined) {
    console.error(`nsq-edge: Node ${LEAST.join(".")} or later is needed; this is ${process.versions.node}`);
    process.exit(1);
  }
  const child = spawn(node, [here("nsq-edge.mjs"), ...process.argv.slice(2)], { stdio: "inherit" });
  process.on("SIGINT", () => {}); // a terminal sends it to both
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code) => process.exit(code ?? 1));
}
