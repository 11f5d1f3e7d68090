import { describe, expect, it } from "vitest";
import { type Bound, judge, type Measured } from "./outcome.ts";
import type { Counts } from "./prices.ts";
import { table } from "./report.ts";

const COUNTS: Counts = {
  rowsWritten: 100,
  rowsRead: 1_000,
  objectRequests: 20,
  webSocketMessages: 400,
  alarms: 10,
  workerRequests: 100,
};

function measured(counts: Partial<Counts> = {}): Measured {
  return { counts: { ...COUNTS, ...counts }, messages: 100 };
}

describe("what a workload costs", () => {
  it("[COST5] is counted for a message, and priced for a million", () => {
    expect(judge("all", measured(), null)).toEqual({
      workload: "all",
      perMessage: {
        rowsWritten: 1,
        rowsRead: 10,
        objectRequests: 0.2,
        webSocketMessages: 4,
        alarms: 0.1,
        workerRequests: 1,
      },
      // Rows 1 and 0.01, requests (0.2 + 4/20 + 0.1) * 0.15, requests to the Worker 0.3.
      dollarsPerMillion: 1.385,
      wanted: null,
      holds: true,
    });
  });

  it.each<[Bound["measure"], number]>([
    ["dollarsPerMillion", 1.385],
    ["rowsWritten", 1],
    ["total", 16.3],
  ])("[COST6] holds up to the bound, and not beyond: %s", (measure, atMost) => {
    expect(judge("all", measured(), { measure, atMost }).holds).toBe(true);
    expect(judge("all", measured(), { measure, atMost: atMost - 0.0001 }).holds).toBe(false);
  });

  it.each(Object.keys(COUNTS) as (keyof Counts)[])("[COST4] is nothing only without any %s", (name) => {
    const nothing = Object.fromEntries(Object.keys(COUNTS).map((each) => [each, 0])) as unknown as Counts;
    const wanted = { measure: "total", atMost: 0 } as const;
    expect(judge("idle", { counts: nothing, messages: 1 }, wanted).holds).toBe(true);
    expect(judge("idle", { counts: { ...nothing, [name]: 1 }, messages: 1 }, wanted).holds).toBe(false);
  });
});

describe("the table", () => {
  it("[COST6] shows each workload with its figures, what is wanted and whether that holds, beside Cloudflare Queues", () => {
    const outcomes = [
      judge("good", measured(), { measure: "rowsWritten", atMost: 1 }),
      judge("bad", measured(), { measure: "dollarsPerMillion", atMost: 0.05 }),
      judge("other", measured({ rowsWritten: 3 }), null),
    ];
    const lines = table(outcomes).split("\n");
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    expect(cells.slice(1, 5)).toEqual([
      ["good", "1", "10", "0.2", "4", "0.1", "1", "$1.39", "<= 1 rows", "yes"],
      ["bad", "1", "10", "0.2", "4", "0.1", "1", "$1.39", "<= $0.050", "NO"],
      ["other", "0.03", "10", "0.2", "4", "0.1", "1", "$0.415"],
      ["Cloudflare Queues", "$1.20"],
    ]);
  });
});
