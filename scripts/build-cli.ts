// The command line as it is installed: JavaScript in dist/cli.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";

const CLI_DIR = "dist/cli";

export function buildCli(): void {
  rmSync(CLI_DIR, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(join("node_modules", ".bin", "tsc"), ["-p", "src/cli"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the command line could not be built:\n${stdout}${stderr}`);
}

if (import.meta.main) buildCli();
