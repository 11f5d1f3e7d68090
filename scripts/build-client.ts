// The client as a package: JavaScript and types in dist/client, and a report of its surface that is kept in the repository, so that a
// change of it is seen in review.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const CLIENT_DIR = "dist/client";
export const API_REPORT = "docs/client-api.txt";
const ENTRIES = ["client/index.d.ts", "client/tcp.d.ts"];

export function buildClient(dir = CLIENT_DIR): void {
  rmSync(dir, { recursive: true, force: true });
  const { status, stdout, stderr } = spawnSync(
    join("node_modules", ".bin", "tsc"),
    ["-p", "src/client", "--outDir", dir],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`the client could not be built:\n${stdout}${stderr}`);
}

/** All declarations that can be reached from what is exported, without what is private and without comments. */
export function apiReport(): string {
  const files: string[] = [];
  const visit = (file: string) => {
    if (files.includes(file)) return;
    files.push(file);
    for (const [, from] of declarations(file).matchAll(/from "(\.[^"]+)\.ts"/g)) {
      visit(normalize(join(dirname(file), `${from}.d.ts`)));
    }
  };
  ENTRIES.forEach(visit);
  return files.map((file) => `// ${file}\n\n${declarations(file)}`).join("\n");
}

function declarations(file: string): string {
  return readFileSync(join(CLIENT_DIR, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*(\/\/.*|#private;|private .*)?$\n/gm, "");
}

if (import.meta.main) {
  buildClient();
  writeFileSync(API_REPORT, apiReport());
}
