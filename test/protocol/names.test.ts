import { describe, expect, it } from "vitest";
import { isEphemeral, isValidName } from "../../src/protocol/names.ts";

const SUFFIX = "#ephemeral";

const VALID = [
  "test",
  "test-with_period.",
  "a",
  "0",
  ".",
  "-",
  "_",
  "UPPER.lower-09_",
  "x".repeat(64),
  `test${SUFFIX}`,
  `a${SUFFIX}`,
  `${"x".repeat(54)}${SUFFIX}`,
  "__proto__",
];

const INVALID = [
  "",
  "x".repeat(65),
  `${"x".repeat(55)}${SUFFIX}`,
  SUFFIX,
  "test:ephemeral",
  "t#eph",
  "t#",
  "t#Ephemeral",
  `t${SUFFIX}${SUFFIX}`,
  `t${SUFFIX}x`,
  `t${SUFFIX} `,
  `t${SUFFIX}\n`,
  "*",
  "a/b",
  "a+b",
  "a@b",
  "a%20b",
  "a b",
  " a",
  "a ",
  'a"b',
  "a\n",
  "\na",
  "a\r",
  "a\0",
  "t\xc3\xa4",
  "t$t",
];

describe("isValidName", () => {
  it.each(VALID)("[NAME1] %j is a name", (name) => {
    expect(isValidName(name)).toBe(true);
  });

  it.each(INVALID)("[NAME1] %j is no name", (name) => {
    expect(isValidName(name)).toBe(false);
  });

  it("[NAME1] of all bytes only letters, digits, dot, dash and underscore are allowed", () => {
    const allowed = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
      .filter(isValidName)
      .join("");
    expect(allowed).toBe("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
  });

  it("[NAME1] every length from 1 to 64 is allowed, the suffix counted", () => {
    for (let length = 0; length <= 70; length++) {
      expect([length, isValidName("x".repeat(length))]).toEqual([length, length >= 1 && length <= 64]);
      const withSuffix = isValidName("x".repeat(length) + SUFFIX);
      expect([length, withSuffix]).toEqual([length, length >= 1 && length <= 54]);
    }
  });
});

const EPHEMERAL: [string, boolean][] = [
  [`test${SUFFIX}`, true],
  ["test", false],
  ["ephemeral", false],
  ["test#ephemera", false],
  ["test#Ephemeral", false],
  ["#ephemeral-not", false],
];

describe("isEphemeral", () => {
  it.each(EPHEMERAL)("[NAME2] %j ends in the suffix: %j", (name, expected) => {
    expect(isEphemeral(name)).toBe(expected);
  });
});
