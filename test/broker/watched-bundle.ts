// The production bundle, but for one thing: its objects say in the log when a life of theirs begins. So it can be seen from outside
// that an object slept, on the plain runtime, which lets only those sleep that have no timer, no call and no socket of their own open.

import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUNDLE_DIR } from "../../scripts/build.ts";

const EXPORTS = /export \{[^}]*\};/;
const OBJECTS = ["Channel", "Lookup", "Topic"] as const;
export type ObjectKind = (typeof OBJECTS)[number];

/** Returns the folder that it lies in, to be deleted by the caller. */
export async function createWatchedBundle(): Promise<string> {
  const bundle = await readFile(join(BUNDLE_DIR, "index.js"), "utf8");
  if (!EXPORTS.test(bundle)) throw new Error("the bundle does not export as it did");
  const watched = OBJECTS.map(
    (name) => `class Watched${name} extends ${name} {
      constructor(ctx, env) { super(ctx, env); console.log("${lifeLine(name)}"); }
    }`,
  );
  const exported = OBJECTS.map((name) => `Watched${name} as ${name}`).join(", ");
  const dir = await mkdtemp(join(tmpdir(), "nsq-edge-watched-"));
  await writeFile(
    join(dir, "index.js"),
    [bundle.replace(EXPORTS, ""), ...watched, `export { ${exported}, index_default as default };`].join("\n"),
  );
  return dir;
}

/** How many lives objects of a kind began, as a broker's log says. */
export function livesOf(kind: ObjectKind, log: string): number {
  return log.split(lifeLine(kind)).length - 1;
}

function lifeLine(kind: ObjectKind): string {
  return `a life of ${kind} begins`;
}
