// A series as the path of an SVG.

import { describe, expect, it } from "vitest";
import { linePath } from "../../../src/admin/ui/line-path.ts";

const WIDTH = 100;
const HEIGHT = 23; // 20 between the edges

function path(times: number[], values: (number | null)[], span: [number, number] = [0, 60]): string {
  return linePath({ times, values }, span, WIDTH, HEIGHT);
}

describe("linePath", () => {
  it("[PAGE3] goes from the left to the right, with the largest value at the top and 0 at the bottom", () => {
    expect(path([0, 30, 60], [0, 40, 10])).toBe("M0.0 21.5L50.0 1.5L100.0 16.5");
  });

  it("[PAGE3] begins where the series does, within the time that is shown", () => {
    expect(path([115, 130], [0, 2], [70, 130])).toBe("M75.0 21.5L100.0 1.5");
  });

  it("[PAGE3] does not make a small value look like a large one", () => {
    expect(path([0, 60], [0, 0.25])).toBe("M0.0 21.5L100.0 16.5");
    expect(path([0, 60], [0, 0])).toBe("M0.0 21.5L100.0 21.5");
  });

  it("[PAGE3] is broken where nothing is known", () => {
    expect(path([0, 15, 30, 45, 60], [null, 4, null, 4, 0])).toBe("M25.0 1.5M75.0 1.5L100.0 21.5");
  });

  it("[PAGE3] is nothing without a value", () => {
    expect(path([], [])).toBe("");
    expect(path([0], [null])).toBe("");
  });

  it("[PAGE3] stays within the picture when the time that is shown is an instant", () => {
    expect(path([7], [1], [7, 7])).toBe("M0.0 1.5");
  });
});
