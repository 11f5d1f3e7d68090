import { describe, expect, it } from "vitest";
import { type CpuProfile, spentIn } from "../../bench/profiler.ts";
import { profileTable } from "../../bench/report.ts";

function node(id: number, functionName: string, url: string, lineNumber: number): CpuProfile["nodes"][0] {
  return { id, callFrame: { functionName, url, lineNumber } };
}

describe("--profile", () => {
  const spent = spentIn({
    nodes: [
      node(1, "(idle)", "", -1),
      node(2, "next", "index.js", 9),
      node(3, "next", "index.js", 9),
      node(4, "", "", -1),
    ],
    samples: [1, 2, 3, 2, 4],
    timeDeltas: [100, 400, 200, 298, 2],
  });

  it("[BENCH6] says what share of its time the broker spent in each function itself, wherever that was called", () => {
    expect(spent).toEqual([
      { where: "next, line 10", share: 0.898 },
      { where: "(idle)", share: 0.1 },
      { where: "(anonymous)", share: 0.002 },
    ]);
  });

  it("[BENCH6] leaves out what took less than a hundredth", () => {
    expect(profileTable("pub", spent).split("\n")).toHaveLength(4);
    expect(profileTable("pub", spent)).toContain("| next, line 10 | 89.8 % |");
  });
});
