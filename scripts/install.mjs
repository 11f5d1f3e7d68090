// Installs the dependencies when they are missing or older than the lock file. Plain JavaScript for whatever Node is there:
// the Node that the project runs on comes with the dependencies.

import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const installed = "node_modules/.package-lock.json";
const isFresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs;
if (!isFresh) {
  console.error("Installing dependencies ..."); // what a command prints is its own
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["inherit", 2, "inherit"],
    shell: process.platform === "win32",
  });
  process.exit(npm.status ?? 1);
}
