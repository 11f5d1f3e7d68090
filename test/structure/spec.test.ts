import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const RULE = /\[([A-Z]+\d+)\]/g;

function rulesIn(text: string): string[] {
  return [...text.matchAll(RULE)].map(([, rule]) => rule as string);
}

function testFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(dir, file));
}

/** Lines that begin a test. */
function titles(file: string): string[] {
  return readFileSync(file, "utf8").match(/\b(?:it|test(?:Once)?)\b[^\n]*(?:\n[^\n]*)?\[[A-Z]+\d+\][^\n]*/g) ?? [];
}

describe("SPEC.md", () => {
  const stated = rulesIn(readFileSync("SPEC.md", "utf8").replace(/`[^`]*`/g, ""));
  const tested = new Set(testFiles("test").flatMap((file) => titles(file).flatMap(rulesIn)));

  it("states each rule once", () => {
    expect(stated.filter((rule, index) => stated.indexOf(rule) !== index)).toEqual([]);
  });

  it("states no rule that no test proves", () => {
    expect(stated.filter((rule) => !tested.has(rule))).toEqual([]);
  });

  it("states every rule that a test names", () => {
    expect([...tested].filter((rule) => !stated.includes(rule))).toEqual([]);
  });
});
