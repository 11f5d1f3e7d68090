#!/usr/bin/env node
// npx nsq-edge. Plain JavaScript for whatever Node is there: in a clone the program is run from its source, where it is installed as it was built.

import { existsSync } from "node:fs";

const LEAST = [22, 18]; // runs TypeScript as it is
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isOld = major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1]);

const source = new URL("../src/cli/main.ts", import.meta.url);
const built = new URL("../dist/cli/cli/main.js", import.meta.url);

if (isOld) {
  console.error(`nsq-edge: Node ${LEAST.join(".")} or later is needed; this is ${process.versions.node}`);
  process.exitCode = 1;
} else {
  await import((existsSync(source) ? source : built).href);
}
