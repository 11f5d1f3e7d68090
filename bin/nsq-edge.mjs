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
/** In a clone, and beside the package where it is installed; others of its name may be of any age. */
const own = `node-linux-${process.arch}/bin/node`;
const nodes = [`../node_modules/${own}`, `../../${own}`].map(here);
/** Says that this Node is the one that was handed over to. */
const HANDED_OVER = "NSQ_EDGE_NODE";

if (!isOld) {
  const [source, built] = ["../src/cli/main.ts", "../dist/cli/cli/main.js"];
  await import(new URL(existsSync(here(source)) ? source : built, import.meta.url).href);
} else {
  const node = process.env[HANDED_OVER] === undefined ? nodes.find((path) => existsSync(path)) : undefined;
  if (node === undefined) {
    console.error(`nsq-edge: Node ${LEAST.join(".")} or later is needed; this is ${process.versions.node}`);
    process.exit(1);
  }
  // A terminal's Ctrl-C reaches both: who reads from one must stay in its foreground, and is told by it.
  const isForeground = process.stdin.isTTY === true;
  const child = spawn(node, [here("nsq-edge.mjs"), ...process.argv.slice(2)], {
    stdio: "inherit",
    detached: !isForeground,
    env: { ...process.env, [HANDED_OVER]: node },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !isForeground) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`nsq-edge: ${node} cannot be run: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code) => process.exit(code ?? 1));
}
