import { describe, expect, it } from "vitest";
import { filtered, type JsonFilter } from "../../src/cli/json-filter.ts";

const ALL: JsonFilter = { whitelist: [], requiredField: null, requiredValue: null };

function outcome(message: string, filter: Partial<JsonFilter>): string {
  const result = filtered(Buffer.from(message), { ...ALL, ...filter });
  return typeof result === "string" ? result : Buffer.from(result.body).toString();
}

describe("what to-nsq-topic passes on", () => {
  it("[CLI11] is everything, as it is, without a filter", () => {
    expect(outcome("no JSON", {})).toBe("no JSON");
  });

  it.each(["no JSON", "[1]", "1", '"text"'])("[CLI11] is no JSON object: %s", (message) => {
    expect(outcome(message, { requiredField: "a" })).toBe("undecodable");
    expect(outcome(message, { whitelist: ["a"] })).toBe("undecodable");
  });

  it("[CLI11] must have the required field; when its value is wanted, too, lacking it is a failure", () => {
    expect(outcome('{"a":1}', { requiredField: "a" })).toBe('{"a":1}');
    expect(outcome('{"b":1}', { requiredField: "a" })).toBe("dropped");
    expect(outcome("null", { requiredField: "a" })).toBe("dropped");
    expect(outcome('{"b":1}', { requiredField: "a", requiredValue: "1" })).toBe("missing");
  });

  it.each([
    ['{"a":1}', "1", true],
    ['{"a":1}', "1.0", true],
    ['{"a":"1"}', "1", true],
    ['{"a":"1"}', "1.0", false],
    ['{"a":1}', "x", false],
    ['{"a":0}', "", false],
    ['{"a":true}', "true", false],
    ['{"a":null}', "null", false],
  ])("[CLI11] must have the value, as text or as a number: %s, %j", (message, requiredValue, isPassed) => {
    expect(outcome(message, { requiredField: "a", requiredValue })).toBe(isPassed ? message : "dropped");
  });

  it("[CLI11] is only the whitelisted fields, encoded as Go does it", () => {
    const message = '{"z": 1, "b": "<a>&\u2028", "a": {"y": 1, "x": 2}, "c": 3}';
    expect(outcome(message, { whitelist: ["z", "b", "a", "missing", "b"] })).toBe(
      '{"a":{"y":1,"x":2},"b":"\\u003ca\\u003e\\u0026\\u2028","z":1}',
    );
    expect(outcome('{"a":1}', { whitelist: ["b"] })).toBe("{}");
    expect(outcome('{"__proto__":1,"a":2}', { whitelist: ["__proto__"] })).toBe('{"__proto__":1}');
  });
});
