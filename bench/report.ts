// What a run says: a table of figures, and who was busy while they were measured.

import type { Figure } from "./figure.ts";
import type { Spent } from "./profiler.ts";
import type { CpuShares } from "./scenario.ts";

/** As a table in Markdown. */
export function figureTable(figures: readonly Figure[]): string {
  return table(
    ["scenario", "against", "ours", "theirs", "ratio", "wanted", "holds"],
    figures.map(({ scenario, against, ours, theirs, ratio, wanted, isCeiling, holds }) => [
      scenario,
      against,
      number(ours),
      theirs === null ? "not at hand" : number(theirs),
      ratio === null ? "" : number(ratio),
      wanted === null ? "" : `${isCeiling ? "at most" : "at least"} ${wanted}`,
      holds === null ? "" : holds ? "yes" : "NO",
    ]),
  );
}

/** A load process near 1 would have been what limits. */
export function shareTable(shares: readonly CpuShares[]): string {
  return table(
    ["share of one CPU", "load process", "server"],
    shares.map(({ what, load, server }) => [what, load.toFixed(2), server.toFixed(2)]),
  );
}

/** Where the broker spent its time; what took less than a hundredth is left out. */
export function profileTable(what: string, spent: readonly Spent[]): string {
  const rows = spent
    .filter(({ share }) => share >= 0.01)
    .map(({ where, share }) => [where, `${(100 * share).toFixed(1)} %`]);
  return table([what, "time"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] as number)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** Three digits say enough. */
function number(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}
