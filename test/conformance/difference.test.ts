import { describe, expect, it } from "vitest";
import { difference } from "./difference.ts";
import type { Json } from "./json.ts";

describe("difference", () => {
  it("is null for equal values, whatever the order of their keys", () => {
    expect(difference({ a: 1, b: [null, { c: "x" }] }, { b: [null, { c: "x" }], a: 1 })).toBeNull();
  });

  it.each<[string, Json, Json, string]>([
    ["a value", 1, 2, "value: expected 1, got 2"],
    ["a type", "1", 1, 'value: expected "1", got 1'],
    ["a place deep inside", { f: [{ x: 1 }, { x: 2 }] }, { f: [{ x: 1 }, { x: 3 }] }, "f[1].x: expected 2, got 3"],
    ["the order of a list", ["a", "b"], ["b", "a"], '[0]: expected "a", got "b"'],
    ["something missing", { a: { b: 1 } }, { a: {} }, "a.b: expected 1, got nothing"],
    ["something more", ["a"], ["a", "b"], '[1]: expected nothing, got "b"'],
    ["null where nothing was", {}, { a: null }, "a: expected nothing, got null"],
    ["a list and an object", { a: [] }, { a: {} }, "a: expected [], got {}"],
    ["null and an object", null, {}, "value: expected null, got {}"],
  ])("shows %s", (_, expected, got, text) => {
    expect(difference(expected, got)).toBe(text);
  });

  it("cuts long values", () => {
    expect(difference("x", "y".repeat(5_000))?.length).toBeLessThan(1_100);
  });
});
