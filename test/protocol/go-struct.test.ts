import { describe, expect, it } from "vitest";
import { decodeStruct, type StructFields } from "../../src/protocol/go-struct.ts";
import { bytesOf } from "../helpers/commands.ts";

const FIELDS = { name: "string", sampled: "bool", count: "int", rate: "int32" } as const satisfies StructFields;
const ZERO = { name: "", sampled: false, count: 0, rate: 0 };

/** The struct that a byte string decodes to. */
function decode(json: string) {
  return decodeStruct(bytesOf(json), FIELDS);
}

// All of these were run through encoding/json of Go 1.19, into a struct of these fields.

const ACCEPTED: [string, Partial<typeof ZERO>][] = [
  ["{}", {}],
  ["null", {}],
  [" \n\t{} \r\n", {}],
  ['{"name":"x","sampled":true,"count":5,"rate":7}', { name: "x", sampled: true, count: 5, rate: 7 }],
  ['{"name" \n:\t"x"}', { name: "x" }],
  ['{"NAME":"x","Count":5}', { name: "x", count: 5 }],
  ['{"Name":"x","name":"y"}', { name: "y" }],
  ['{"name":"y","Name":"x"}', { name: "x" }],
  ['{"name":"a","name":"c"}', { name: "c" }],
  ['{"name":null,"sampled":null,"count":null,"rate":null}', {}],
  ['{"name":"a","NAME":null}', { name: "a" }],
  ['{"name":"\\u00e4\\n\\""}', { name: 'ä\n"' }],
  ['{"name":"\xc3\xa4\xe2\x80\xa8"}', { name: "ä\u2028" }],
  ['{"name":"\\ud83d\\ude00"}', { name: "😀" }],
  ['{"name":"\x7f"}', { name: "\x7f" }],
  ['{"name":"a\xffb"}', { name: "a\ufffdb" }],
  ['{"count":-1}', { count: -1 }],
  ['{"count":-0}', { count: 0 }],
  ['{"count":2147483648}', { count: 2_147_483_648 }],
  ['{"count":9007199254740991}', { count: 9_007_199_254_740_991 }],
  ['{"rate":2147483647}', { rate: 2_147_483_647 }],
  ['{"rate":-2147483648}', { rate: -2_147_483_648 }],
  ['{"unknown":{"a":[1,null,1.5e3]},"short_id":5,"":2}', {}],
  ['{"unknown":1e999}', {}],
  ['{"__proto__":{"name":"x"},"constructor":1,"toString":2}', {}],
  ['{"namex":1,"nam":2}', {}],
  // U+0130 is no i for Go
  ['{"sampled\xc4\xb0":1}', {}],
];

const REFUSED = [
  "",
  "   ",
  "{",
  "[]",
  '"x"',
  "5",
  "true",
  "nul",
  "NULL",
  "{} x",
  "{}{}",
  '{"name":"x"} \0',
  "\xef\xbb\xbf{}",
  "/**/{}",
  "{'name':'x'}",
  "{name:1}",
  '{"name":"x",}',
  '{"name":"a\tb"}',
  '{"name":"\\x41"}',
  '{"name":undefined}',
  '{"a":1 "b":2}',
  '{"a":NaN}',
  '{"a":-}',
  '{"a":1.}',
  '{"a":.5}',
  '{"a":0x10}',
  '{"name":5}',
  '{"name":["x"]}',
  '{"name":true}',
  '{"sampled":1}',
  '{"sampled":"true"}',
  '{"count":"1000"}',
  '{"count":true}',
  '{"count":[1]}',
  '{"count":{}}',
  '{"count":1000.0}',
  '{"count":1e3}',
  '{"count":1000.5}',
  '{"count":1e400}',
  '{"count":01}',
  '{"count":+1}',
  '{"count":9223372036854775808}',
  '{"count":-9223372036854775809}',
  '{"rate":1.5}',
  '{"rate":"5"}',
  '{"rate":2147483648}',
  '{"rate":-2147483649}',
];

describe("decodeStruct", () => {
  it.each(ACCEPTED)("[IDN1] %j decodes as in Go", (json, fields) => {
    expect(decode(json)).toEqual({ ...ZERO, ...fields });
  });

  it.each(REFUSED)("[IDN1] %j fails as in Go", (json) => {
    expect(decode(json)).toBeNull();
  });

  it("[IDN1] half a surrogate pair becomes U+FFFD", () => {
    expect(decode('{"name":"\\ud800"}')).toEqual({ ...ZERO, name: "\ufffd" });
  });

  it("[LINE6] nesting however deep is no exception", () => {
    const nested = (depth: number) => `{"unknown":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    expect(decode(nested(1000))).toEqual(ZERO);
    expect(() => decode(nested(100_000))).not.toThrow();
  });
});
