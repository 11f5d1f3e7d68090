import { describe, expect, it } from "vitest";
import { Exposition, type Family } from "../../src/http/prometheus-text.ts";
import { expositionErrors } from "../helpers/exposition.ts";

const FAMILIES: readonly Family[] = [
  { name: "a_total", type: "counter", help: 'Counts\nwith a \\ and ".' },
  { name: "b", type: "gauge", help: "A gauge." },
  { name: "c", type: "gauge", help: "Nothing is known of it." },
];

describe("Exposition", () => {
  it("[MET1] writes each family in one piece, with HELP and TYPE, and escapes what must be", () => {
    const out = new Exposition(FAMILIES);
    out.add("b", { topic: 'back\\slash "quote"\nnewline' }, true);
    out.add("a_total", {}, 3);
    out.add("b", { topic: "t", channel: "c" }, 0.25);
    expect(out.text).toBe(
      [
        '# HELP a_total Counts\\nwith a \\\\ and ".',
        "# TYPE a_total counter",
        "a_total 3",
        "# HELP b A gauge.",
        "# TYPE b gauge",
        'b{topic="back\\\\slash \\"quote\\"\\nnewline"} 1',
        'b{topic="t",channel="c"} 0.25',
        "",
      ].join("\n"),
    );
    expect(expositionErrors(out.text)).toEqual([]);
  });

  it("[MET1] takes nothing of a family that is not declared", () => {
    expect(() => new Exposition(FAMILIES).add("d", {}, 1)).toThrow("no family d");
  });

  it.each([
    ["a sample before its family", "b 1\n# HELP b B\n# TYPE b gauge\n"],
    ["a family twice", '# HELP b B\n# TYPE b gauge\nb 1\n# HELP b B\n# TYPE b gauge\nb{x=""} 1\n'],
    ["the same series twice", "# HELP b B\n# TYPE b gauge\nb 1\nb 2\n"],
    ["a counter by another name", "# HELP b B\n# TYPE b counter\nb 1\n"],
    ["a family in two pieces", '# HELP a A\n# TYPE a gauge\na 1\n# HELP b B\n# TYPE b gauge\nb 1\na{x=""} 1\n'],
    ["a value that is none", "# HELP b B\n# TYPE b gauge\nb null\n"],
    ["a quote that is not escaped", '# HELP b B\n# TYPE b gauge\nb{x="a"b"} 1\n'],
    ["no end of the last line", "# HELP b B\n# TYPE b gauge\nb 1"],
  ])("[MET1] the check that tests make finds %s", (_, text) => {
    expect(expositionErrors(text)).not.toEqual([]);
  });
});
