import { describe, expect, it } from "vitest";
import { readStep } from "./step.ts";
import { loadSuite } from "./suite.ts";
import { lacking } from "./target.ts";

const suite = loadSuite();
const everything = { tcp: "h:1", http: "http://h", lookupHttp: "http://h", lookupTcp: "h:2" };

function lackingOf(id: string, target: object): string | null | undefined {
  const entry = suite.find(({ area, scenario }) => `${area}/${scenario.name}` === id);
  return entry && lacking(entry.scenario, target);
}

describe("loadSuite", () => {
  it("has a golden observation for every scenario", () => {
    expect(suite.length).toBeGreaterThan(0);
    expect(suite.filter(({ golden }) => golden === null)).toEqual([]);
  });

  it("has golden observations only for steps that observe", () => {
    const observing = new Set(["recv", "recvBytes", "silence", "closed", "http", "stats"]);
    for (const { scenario, golden } of suite) {
      const steps = scenario.steps.flatMap(({ verb }, index) => (observing.has(verb) ? [index + 1] : []));
      expect([...(golden?.keys() ?? [])], scenario.name).toEqual(steps);
    }
  });
});

describe("readStep", () => {
  it("adds the verb, of which there must be one", () => {
    expect(readStep({ recv: 1, on: "a" })).toEqual({ verb: "recv", recv: 1, on: "a" });
    expect(() => readStep({ on: "a" })).toThrow('not one verb in {"on":"a"}');
    expect(() => readStep({ recv: 1, send: "NOP" })).toThrow("not one verb");
  });
});

describe("lacking", () => {
  it("is nothing for a target with everything", () => {
    expect(suite.filter(({ scenario }) => lacking(scenario, everything) !== null)).toEqual([]);
  });

  it.each([
    ["framing/magic-bad-v3", { http: "http://h" }, "V2 endpoint (tcp or ws)"],
    ["framing/magic-bad-v3", { ws: "ws://h" }, null],
    ["framing/half-close-idle", { ws: "ws://h" }, "plain TCP endpoint, for a half-close"],
    ["lookup-tcp/magic-bad", { ...everything, lookupTcp: null }, "lookupTcp"],
    ["lookup-http/ping", { ...everything, lookupHttp: null }, "lookupHttp"],
    ["http-misc/ping", { ...everything, http: null }, "http"],
  ])("%s", (id, target, expected) => {
    expect(lackingOf(id, target)).toBe(expected);
  });
});
