import { describe, expect, it } from "vitest";
import { at, filtered, type Json, sorted } from "./json.ts";

describe("at", () => {
  const root: Json = { a: [{ n: 2 }, { n: 1 }, {}], "x.y": 3, lists: [{ l: ["b"] }, { l: ["a", "c"] }], none: null };

  it.each<[string, Json | undefined]>([
    ["a.0.n", 2],
    ["a.5.n", undefined],
    ["none.x", undefined],
    ["none", null],
    ["x.y", 3],
    ["a.*.n", [1, 2]],
    ["lists.*.l", ["a", "b", "c"]],
  ])("%s", (path, expected) => {
    expect(at(root, path)).toEqual(expected);
  });
});

describe("sorted", () => {
  it("orders lists at every depth, and the keys that decide about their order", () => {
    expect(sorted([{ b: [2, 1], a: 1 }, { a: 0 }])).toEqual([{ a: 0 }, { a: 1, b: [1, 2] }]);
    expect(JSON.stringify(sorted({ b: 1, a: 2 }))).toBe('{"a":2,"b":1}');
  });
});

describe("filtered", () => {
  const mine = (member: Json): boolean => JSON.stringify(member).includes("mine");

  it("keeps the chosen members of a list or object", () => {
    expect(filtered({ topics: ["mine", "other"], n: 1 }, "topics", mine)).toEqual({ topics: ["mine"], n: 1 });
    expect(filtered({ mine: 1, other: 2 }, "", mine)).toEqual({ mine: 1 });
  });

  it("goes over lists", () => {
    const nodes: Json = { nodes: [{ topics: ["other"] }, { topics: ["mine"] }] };
    expect(filtered(nodes, "nodes.*.topics", mine)).toEqual({ nodes: [{ topics: [] }, { topics: ["mine"] }] });
  });

  it("takes null for an empty list, and leaves alone what is not there", () => {
    expect(filtered({ topics: null }, "topics", mine)).toEqual({ topics: [] });
    expect(filtered({ n: 1 }, "topics", mine)).toEqual({ n: 1 });
  });
});
