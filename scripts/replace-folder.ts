// Puts what was built in place of what is there, file by file: whoever reads meanwhile finds each file whole, and those that have not
// changed untouched.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** Afterwards `to` has the files of `from` and no others, and `from` is gone. Both are on one file system. */
export function replaceFolder(from: string, to: string): void {
  const files = filesIn(from);
  for (const file of files) {
    if (isSame(join(from, file), join(to, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    renameSync(join(from, file), join(to, file));
  }
  // Last: a page that was read before may still want them.
  for (const file of filesIn(to)) if (!files.includes(file)) rmSync(join(to, file), { force: true });
  rmSync(from, { recursive: true });
}

function filesIn(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function isSame(a: string, b: string): boolean {
  try {
    return readFileSync(a).equals(readFileSync(b));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
