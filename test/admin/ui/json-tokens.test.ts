// JSON is laid out as it was written.

import { describe, expect, it } from "vitest";
import { isJson, layOutJson } from "../../../src/admin/ui/messages/json-tokens.ts";

function laidOut(text: string): string {
  return layOutJson(text, 1e6)
    .tokens.map((token) => token.text)
    .join("");
}

describe("layOutJson", () => {
  it.each([
    {},
    [],
    { a: [] },
    [1, -2.5e10, "x", true, null, { b: { c: [[], {}] } }],
    { 'quo"te': "back\\slash", "a:b": "[{,", "": "\u2028" },
    "scalar",
    7,
  ])("lays %j out as JSON.stringify does", (value) => {
    const pretty = JSON.stringify(value, null, 2);
    expect(laidOut(JSON.stringify(value))).toBe(pretty);
    expect(laidOut(pretty)).toBe(pretty);
  });

  it("leaves large numbers, escapes and double keys as they are", () => {
    expect(laidOut('{"a":12345678901234567890,"a":1.0,"b":"\\u0041"}')).toBe(
      '{\n  "a": 12345678901234567890,\n  "a": 1.0,\n  "b": "\\u0041"\n}',
    );
  });

  it("names what each token is", () => {
    const { tokens } = layOutJson('{"k":["v",1,null]}', 1e6);
    expect(tokens.filter(({ kind }) => kind !== "mark").map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'key "k"',
      'string "v"',
      "number 1",
      "word null",
    ]);
  });

  it("stops at the limit, also within a token, and says whether there is more", () => {
    const text = JSON.stringify(["a".repeat(100), 1]);
    const whole = laidOut(text);
    for (let limit = 1; limit <= whole.length; limit++) {
      const { tokens, isCut } = layOutJson(text, limit);
      expect([tokens.map((token) => token.text).join(""), isCut]).toEqual([
        whole.slice(0, limit),
        limit < whole.length,
      ]);
    }
  });

  it("does not choke on what is deep or long", () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expect(isJson(deep)).toBe(true);
    expect(layOutJson(deep, 65_536).isCut).toBe(true);
    const long = JSON.stringify('\\"'.repeat(500_000));
    expect(layOutJson(long, 65_536).isCut).toBe(true);
  });
});
