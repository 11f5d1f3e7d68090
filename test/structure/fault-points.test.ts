import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CALLS, STORAGE } from "../durable/fault-points.ts";

const CLASSES = ["Topic", "Channel", "Lookup"];
/** What the platform calls, and nobody else: an exception there is the object's own. */
const EVENTS = ["constructor", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"];
/** A method of a class as it is indented. */
const METHOD = /^ {2}(?:override )?(?:async )?(\w+)\(.*\{$/gm;
const STATEMENT = /(?<=["`])(?:SELECT|WITH|INSERT|UPDATE|DELETE|CREATE|DROP)[^"`]+(?=["`])/g;
const WRITES = /^(?!SELECT|WITH)/;

function sourceOf(folder: string, file: string): string {
  return readFileSync(join("src", folder, file), "utf8");
}

/** What others can call of an object. */
function methodsOf(name: string): string[] {
  const methods = [...sourceOf("durable", `${name}.ts`).matchAll(METHOD)].map(([, method]) => method as string);
  return methods.filter((method) => !EVENTS.includes(method)).map((method) => `${name}.${method}`);
}

/** Migrations are one transaction each, and test/storage/schema.test.ts has them fail. */
const MIGRATIONS = /-schema\.ts$/;
const stores = readdirSync("src/storage").filter((file) => !MIGRATIONS.test(file));
const files = stores.map((file) => ["storage", file] as const);
const statements = [...files, ["durable", "Lookup.ts"] as const].flatMap(([folder, file]) =>
  [...sourceOf(folder, file).matchAll(STATEMENT)].map(([statement]) => statement),
);

describe("the table of fault points", () => {
  it("has every method that an object offers, and no other", () => {
    const called = new Set(CALLS.map(({ to, method }) => `${to}.${method}`));
    expect([...called].sort()).toEqual(CLASSES.flatMap(methodsOf).sort());
  });

  it("has every statement that writes, once", () => {
    const patterns = STORAGE.map(({ fails }) => fails).filter((fails) => typeof fails !== "string");
    const writes = statements.filter((statement) => WRITES.test(statement));
    expect(writes.length).toBeGreaterThan(20);
    expect(writes.filter((statement) => patterns.filter((pattern) => pattern.test(statement)).length !== 1)).toEqual(
      [],
    );
  });

  it("has no statement that is not there", () => {
    const patterns = STORAGE.map(({ fails }) => fails).filter((fails) => typeof fails !== "string");
    expect(patterns.filter((pattern) => !statements.some((statement) => pattern.test(statement)))).toEqual([]);
  });
});
