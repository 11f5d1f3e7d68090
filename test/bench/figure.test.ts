import { describe, expect, it } from "vitest";
import { chart } from "../../bench/chart.ts";
import { atLeast, atMost } from "../../bench/figure.ts";
import { figureTable, shareTable } from "../../bench/report.ts";

describe("a figure", () => {
  it("[BENCH1] is a ratio of ours to theirs, judged where something is wanted", () => {
    expect(atLeast("pub", "floor", 130, 100, 1.3)).toMatchObject({ ours: 130, theirs: 100, ratio: 1.3, holds: true });
    expect(atLeast("pub", "floor", 129, 100, 1.3).holds).toBe(false);
    expect(atMost("p99", "floor", 20, 10, 2)).toMatchObject({ ratio: 2, holds: true });
    expect(atMost("p99", "floor", 21, 10, 2).holds).toBe(false);
    expect(atLeast("pub", "nsqd", 1, 100)).toMatchObject({ ratio: 0.01, wanted: null, holds: null });
  });

  it("[BENCH2] says so when what it is compared with is not at hand, and judges nothing then", () => {
    const missing = atLeast("pub", "nsqd", 130, null, 0.8);
    expect(missing).toMatchObject({ ours: 130, theirs: null, ratio: null, holds: null });
    expect(figureTable([missing])).toContain("| not at hand |");
  });

  it("[BENCH1] stands in a table with what was wanted", () => {
    const rows = figureTable([
      atLeast("pub", "floor", 123_456, 100_000, 1.3),
      atMost("p99, ms", "floor", 1.2345, 1, 2),
      atLeast("both", "nsqd", 1, 2),
    ]).split("\n");
    expect(rows.map((row) => row.split("|").map((cell) => cell.trim()))).toEqual([
      ["", "scenario", "against", "ours", "theirs", "ratio", "wanted", "holds", ""],
      ["", ...[8, 7, 7, 7, 5, 12, 5].map((width) => "-".repeat(width)), ""],
      ["", "pub", "floor", "123,000", "100,000", "1.23", "at least 1.3", "NO", ""],
      ["", "p99, ms", "floor", "1.23", "1", "1.23", "at most 2", "yes", ""],
      ["", "both", "nsqd", "1", "2", "0.5", "", "", ""],
    ]);
  });

  it("[BENCH3] comes with what share of a CPU the load process took", () => {
    expect(shareTable([{ what: "pub: ours", load: 0.456, server: 0.99 }])).toContain(
      "| pub: ours        | 0.46         | 0.99   |",
    );
  });

  it("[BENCH1] is drawn as a bar, with a mark where it should end", () => {
    const drawn = chart([
      atLeast("a < b", "floor", 2, 1, 1.3),
      atLeast("low", "floor", 1, 10, 0.5),
      atLeast("plain", "nsqd", 1, 1),
      atLeast("missing", "nsqd", 1, null),
    ]);
    expect(drawn).toContain("a &lt; b / floor: 2<");
    const bars = [...drawn.matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="14" fill="(#\w+)"/g)];
    // From 1 in the middle (850): a decade is 210 wide.
    expect(bars.map(([, x, width, colour]) => [Number(x), Number(width), colour])).toEqual([
      [850, 63.2, "#2f855a"],
      [640, 210, "#c53030"],
      [850, 0, "#718096"],
    ]);
    expect(drawn.match(/stroke-width="2"/g)).toHaveLength(2);
    expect(drawn).not.toContain("missing");
  });
});
