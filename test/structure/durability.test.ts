import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const DOC = "docs/durability.md";
/** Sentences, each with what stands behind it. */
const ITEM = /^- [\s\S]*?(?=^- |^## |^$)/gm;
const PROOF = /\[([\w/.-]+)\]\(\.\.\/test\/([\w/.-]+)\)((?: "[^"]+",?)+)/g;

interface Proof {
  readonly file: string;
  readonly titles: string[];
}

function proofsIn(item: string): Proof[] {
  return [...item.matchAll(PROOF)].map(([, name, file, titles]) => {
    expect(name).toBe(file);
    return {
      file: file as string,
      titles: [...(titles as string).matchAll(/"([^"]+)"/g)].map(([, title]) => title as string),
    };
  });
}

describe(DOC, () => {
  const items = readFileSync(DOC, "utf8").match(ITEM) ?? [];

  it("has sentences", () => {
    expect(items.length).toBeGreaterThan(30);
  });

  it.each(items.map((item) => [item.split("\n")[0], item]))("proves: %s", (_, item) => {
    const proofs = proofsIn(item as string);
    expect(proofs.length, "no test stands behind it").toBeGreaterThan(0);
    for (const { file, titles } of proofs) {
      const source = readFileSync(join("test", file), "utf8");
      for (const title of titles) expect(source, `${file} has no such test`).toContain(title);
    }
  });
});
