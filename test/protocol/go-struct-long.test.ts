// Bodies as long as an option may allow them: decoding them takes no longer than reading them, and throws nothing.

import { describe, expect, it } from "vitest";
import { fromUtf8, utf8 } from "../../src/protocol/bytes.ts";
import { decodeStruct, type StructFields } from "../../src/protocol/go-struct.ts";
import { command } from "../helpers/commands.ts";
import { connect, errorOf } from "../helpers/session.ts";

const FIELDS = { name: "string", sampled: "bool", count: "int", rate: "int32" } as const satisfies StructFields;
const ZERO = { name: "", sampled: false, count: 0, rate: 0 };
const BODY = 5 * 2 ** 20;
/** Of the time that decoding takes to that of reading. */
const MAX_RATIO = 10;
/** Unknown keys that make a body long. */
const MANY_KEYS = Array.from({ length: 400_000 }, (_, i) => `"k${i}":1`).join();
const MANY_DIGITS = "9".repeat(BODY - 100);

function decode(json: string) {
  return decodeStruct(utf8(json), FIELDS);
}

describe("decodeStruct, of a long body", () => {
  it("[LINE6] finds its fields among 400,000 keys", () => {
    const fields = { name: "x", sampled: true, count: 1_000, rate: -5 };
    expect(decode(`{"NAME":"x",${MANY_KEYS},"sampled":true,"count":1000,"rate":-5}`)).toEqual(fields);
  });

  it.each<[string, string]>([
    ["of digits", `{"count":${MANY_DIGITS}}`],
    ["of digits, negative", `{"count":-${MANY_DIGITS}}`],
    ["of an exponent", `{"rate":1e${MANY_DIGITS}}`],
  ])("[LINE6] refuses a number that is megabytes long: %s", (_name, json) => {
    expect(decode(json)).toBeNull();
  });

  it.each<[string, string]>([
    ["digits", `{"unknown":${MANY_DIGITS}}`],
    ["numbers", `{"unknown":[${"1,".repeat(BODY / 2)}1]}`],
    ["keys", `{${MANY_KEYS}}`],
    ["text", `{"unknown":"${"ä".repeat(BODY / 2)}"}`],
  ])("[LINE6] passes over megabytes of %s that it does not know", (_name, json) => {
    expect(decode(json)).toEqual(ZERO);
  });

  it.each<[string, string]>([
    ["digits", `{"count":${MANY_DIGITS}}`],
    ["numbers", `{"unknown":[${"1,".repeat(BODY / 2)}1]}`],
  ])("[LINE6] takes hardly longer for megabytes of %s than reading JSON does", (_name, json) => {
    const bytes = utf8(json);
    const timed = (action: () => unknown) => {
      const start = performance.now();
      action();
      return performance.now() - start;
    };
    const reading = timed(() => JSON.parse(fromUtf8(bytes)));
    expect(timed(() => decodeStruct(bytes, FIELDS)) / reading).toBeLessThan(MAX_RATIO);
  });

  it("[LINE6] does not throw at megabytes of brackets", () => {
    expect(() => decode(`{"unknown":${"[".repeat(BODY / 2)}${"]".repeat(BODY / 2)}}`)).not.toThrow();
  });

  it.each([20, 21, 1_000, 50_000])("[LINE6] refuses an integer of %i digits", (digits) => {
    expect(decode(`{"count":${"1".repeat(digits)}}`)).toBeNull();
    expect(decode(`{"count":-${"1".repeat(digits)}}`)).toBeNull();
  });

  it("[IDN1] refuses in a long body, too, what is no int32", () => {
    expect(decode(`{"rate":2147483648,${MANY_KEYS}}`)).toBeNull();
    expect(decode(`{"rate":-2147483649,${MANY_KEYS}}`)).toBeNull();
    expect(decode(`{"rate":1.5,${MANY_KEYS}}`)).toBeNull();
  });
});

describe("IDENTIFY with a long body", () => {
  const limits = { maxBodySize: BODY };
  const negotiate = (json: string) => connect({ limits }).send(command("IDENTIFY", json));

  it("[LINE6] is answered when it has 400,000 keys", () => {
    expect(negotiate(`{${MANY_KEYS}}`)).toEqual(["OK"]);
  });

  it("[LINE6] is answered when it has a number of megabytes", () => {
    const refused = [errorOf("E_BAD_BODY IDENTIFY failed to decode JSON body")];
    expect(negotiate(`{"msg_timeout":${MANY_DIGITS}}`)).toEqual(refused);
  });
});
