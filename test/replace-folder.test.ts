import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { replaceFolder } from "../scripts/replace-folder.ts";

function folder(name: string, files: Record<string, string>): string {
  const dir = join(mkdtempSync(join(tmpdir(), "nsq-edge-")), name);
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), content);
  }
  return dir;
}

it("[RUN3] what is built anew takes the place of what was there, file by file; what has not changed is not touched", () => {
  const from = folder("new", { "index.html": "new", "assets/b.js": "b", "icon.svg": "same" });
  const to = folder("old", { "index.html": "old", "assets/a.js": "a", "icon.svg": "same" });
  const { ino } = statSync(join(to, "icon.svg"));
  replaceFolder(from, to);
  expect(readdirSync(to, { recursive: true }).sort()).toEqual(["assets", "assets/b.js", "icon.svg", "index.html"]);
  expect(readFileSync(join(to, "index.html"), "utf8")).toBe("new");
  expect(statSync(join(to, "icon.svg")).ino).toBe(ino);
  expect(() => statSync(from)).toThrow("ENOENT");
  const again = folder("again", { "a.js": "a" });
  replaceFolder(again, join(dirname(again), "not", "there"));
  expect(readFileSync(join(dirname(again), "not", "there", "a.js"), "utf8")).toBe("a");
});
