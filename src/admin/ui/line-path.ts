// A series as the path of an SVG.

import type { Series } from "./history.ts";

/** Room for the line's own width at the top and bottom. */
const EDGE = 1.5;

export function linePath(
  { times, values }: Series,
  [from, to]: readonly [number, number],
  width: number,
  height: number,
): string {
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  let path = "";
  let isDrawing = false;
  for (const [index, value] of values.entries()) {
    const time = times[index];
    if (value === null || time === undefined) {
      isDrawing = false;
      continue;
    }
    const x = ((time - from) / (to - from || 1)) * width;
    const y = height - EDGE - (value / top) * (height - 2 * EDGE);
    path += `${isDrawing ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    isDrawing = true;
  }
  return path;
}
