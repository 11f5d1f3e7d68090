// The order of a table's rows.

import { describe, expect, it } from "vitest";
import { nextSort, sorted } from "../../../src/admin/ui/sort.ts";

const itself = <T>(value: T) => value;

describe("sorted", () => {
  it("[PAGE1] sorts numbers by their size, either way", () => {
    expect(sorted([10, 9, -1, 0.5], itself, false)).toEqual([-1, 0.5, 9, 10]);
    expect(sorted([10, 9, -1, 0.5], itself, true)).toEqual([10, 9, 0.5, -1]);
  });

  it("[PAGE1] sorts names as people do: numbers in them by their size, and capitals beside small letters", () => {
    const names = ["node10", "Orders", "node9", "orders", "Alerts", "mail"];
    expect(sorted(names, itself, false)).toEqual(["Alerts", "mail", "node9", "node10", "orders", "Orders"]);
    expect(sorted(names, itself, true)).toEqual(["Orders", "orders", "node10", "node9", "mail", "Alerts"]);
  });

  it("[PAGE1] sorts rows by what a column says of them, and leaves equal ones in their order, either way", () => {
    const rows = ["a1", "b2", "c1", "d2"];
    const digit = (row: string) => Number(row.charAt(1));
    expect(sorted(rows, digit, false)).toEqual(["a1", "c1", "b2", "d2"]);
    expect(sorted(rows, digit, true)).toEqual(["b2", "d2", "a1", "c1"]);
  });

  it("[PAGE1] leaves the answer that the rows came with as it was", () => {
    const rows = Object.freeze([2, 1]);
    expect(sorted(rows, itself, false)).toEqual([1, 2]);
    expect(rows).toEqual([2, 1]);
  });
});

describe("nextSort", () => {
  it("[PAGE1] begins with the largest numbers and the first names, also when another column was sorted by", () => {
    for (const before of [null, { label: "Other", isDescending: true }, { label: "Other", isDescending: false }]) {
      expect(nextSort(before, "Depth", true)).toEqual({ label: "Depth", isDescending: true });
      expect(nextSort(before, "Topic", false)).toEqual({ label: "Topic", isDescending: false });
    }
  });

  it("[PAGE1] turns the order of the column round, as often as it is asked to", () => {
    for (const isNumber of [true, false]) {
      const first = nextSort(null, "A", isNumber);
      const second = nextSort(first, "A", isNumber);
      expect(second).toEqual({ label: "A", isDescending: !first.isDescending });
      expect(nextSort(second, "A", isNumber)).toEqual(first);
    }
  });
});
