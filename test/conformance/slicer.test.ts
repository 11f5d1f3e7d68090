import { describe, expect, it } from "vitest";
import { Slicer } from "./slicer.ts";

function lengths(slices: Buffer[]): number[] {
  return slices.map(({ length }) => length);
}

describe("Slicer", () => {
  it("cuts in turns, holding nothing back", () => {
    const slicer = new Slicer([1, 3, 2]);
    expect(lengths(slicer.cut(Buffer.alloc(8)))).toEqual([1, 3, 2, 1, 1]);
    expect(lengths(slicer.cut(Buffer.alloc(4)))).toEqual([2, 1, 1]);
  });

  it("keeps the bytes and their order", () => {
    const data = Buffer.from("hello, slices");
    expect(Buffer.concat(new Slicer([2, 5]).cut(data)).equals(data)).toBe(true);
  });

  it("takes larger slices late in a stream", () => {
    const slices = new Slicer([1, 3, 7, 2, 13, 64, 5]).cut(Buffer.alloc(1024 * 1024));
    expect(slices.length).toBeLessThan(500);
    expect(lengths(slices).slice(0, 7)).toEqual([1, 3, 7, 2, 13, 64, 5]);
  });

  it("refuses sizes that make no progress", () => {
    for (const sizes of [[], [0], [1, -1], [1.5], [Number.NaN]]) {
      expect(() => new Slicer(sizes)).toThrow("not usable as slice sizes");
    }
  });
});
