// The ratios of a run as a picture: a bar for each, and a mark where it should end.

import type { Figure } from "./figure.ts";

const WIDTH = 1_080;
const LABEL_WIDTH = 640;
const ROW = 22;
const MARGIN = 20;
const AXIS = 30;
const COLOURS = { good: "#2f855a", bad: "#c53030", plain: "#718096", mark: "#1a202c", grid: "#cbd5e0" };

/** An SVG; ratios are drawn by their logarithm, so that half and twice are equally far from 1. */
export function chart(figures: readonly Figure[]): string {
  const drawn = figures.filter((figure): figure is Figure & { ratio: number } => figure.ratio !== null);
  const values = drawn.flatMap(({ ratio, wanted }) => (wanted === null ? [ratio] : [ratio, wanted]));
  const decades = Math.max(1, Math.ceil(Math.max(...values.map((value) => Math.abs(Math.log10(value))))));
  const half = (WIDTH - LABEL_WIDTH - MARGIN) / 2;
  const middle = LABEL_WIDTH + half;
  const x = (ratio: number) => middle + (half * Math.log10(ratio)) / decades;
  const height = AXIS + drawn.length * ROW + MARGIN;
  const grid = Array.from({ length: 2 * decades + 1 }, (_, i) => 10 ** (i - decades)).map(
    (value) =>
      `<line x1="${fixed(x(value))}" x2="${fixed(x(value))}" y1="${AXIS}" y2="${height - MARGIN}" stroke="${COLOURS.grid}"/>` +
      `<text x="${fixed(x(value))}" y="${AXIS - 8}" text-anchor="middle">${value}</text>`,
  );
  const rows = drawn.map((figure, index) => row(figure, AXIS + index * ROW, x));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11">`,
    "<title>Ratios of ours to theirs</title>",
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...grid,
    ...rows,
    "</svg>",
    "",
  ].join("\n");
}

function row(
  { scenario, against, ratio, wanted, holds }: Figure & { ratio: number },
  y: number,
  x: (r: number) => number,
) {
  const colour = holds === null ? COLOURS.plain : holds ? COLOURS.good : COLOURS.bad;
  const from = Math.min(x(1), x(ratio));
  const width = Math.abs(x(ratio) - x(1));
  const bar = `<rect x="${fixed(from)}" y="${y + 4}" width="${fixed(width)}" height="${ROW - 8}" fill="${colour}"/>`;
  const mark =
    wanted === null
      ? ""
      : `<line x1="${fixed(x(wanted))}" x2="${fixed(x(wanted))}" y1="${y + 1}" y2="${y + ROW - 1}" stroke="${COLOURS.mark}" stroke-width="2"/>`;
  const label = escaped(`${scenario} / ${against}: ${Number(ratio.toPrecision(3))}`);
  return `<text x="${LABEL_WIDTH - 8}" y="${y + ROW - 7}" text-anchor="end">${label}</text>${bar}${mark}`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
