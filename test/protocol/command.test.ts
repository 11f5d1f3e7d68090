import { describe, expect, it } from "vitest";
import {
  COMMAND_NAMES,
  CommandLine,
  carriesBody,
  isCommandName,
  isPublishOfOne,
  NOT_DECIMAL,
  parseDecimal,
} from "../../src/protocol/command.ts";
import { bytesOf } from "../helpers/commands.ts";

/** A line as its name, the parameters that are kept, and the number of all. */
function parse(text: string, line = new CommandLine()): [string, string[], number] {
  const buffer = bytesOf(`before${text}behind`);
  line.parse(buffer, 6, 6 + text.length);
  const kept = Math.min(3, line.paramCount);
  const params = Array.from({ length: kept }, (_, index) => line.param(index));
  expect(params.map((_, index) => line.paramLength(index))).toEqual(params.map((param) => param.length));
  for (const [index, param] of params.entries()) {
    const start = line.paramStart(index);
    expect(line.buffer.subarray(start, start + param.length)).toEqual(bytesOf(param));
  }
  return [line.name, params, line.paramCount];
}

describe("CommandLine", () => {
  it.each<[string, string, string[], number]>([
    ["NOP", "NOP", [], 0],
    ["SUB t ch", "SUB", ["t", "ch"], 2],
    ["PUB t ", "PUB", ["t", ""], 2],
    ["DPUB  100", "DPUB", ["", "100"], 2],
    ["A  b", "A", ["", "b"], 2],
    ["A   ", "A", ["", "", ""], 3],
    ["REQ a b c d e", "REQ", ["a", "b", "c"], 5],
    [" NOP", "", ["NOP"], 1],
    [" ", "", [""], 1],
    ["", "", [], 0],
    ["NOP\tNOP", "NOP\tNOP", [], 0],
    ["\xff\0 \x80", "\xff\0", ["\x80"], 1],
  ])("[LINE1] %j is split at single spaces", (text, name, params, count) => {
    expect(parse(text)).toEqual([name, params, count]);
  });

  it("[LINE1] a line keeps nothing of the line before it", () => {
    const line = new CommandLine();
    parse("REQ 0123456789abcdef 1000 x", line);
    expect(parse("NOP", line)).toEqual(["NOP", [], 0]);
    expect(parse("PUB t", line)).toEqual(["PUB", ["t"], 1]);
  });
});

describe("parseDecimal", () => {
  it.each([
    ["0", 0],
    ["1", 1],
    ["2500", 2500],
    ["007", 7],
    ["", 0],
    ["9007199254740991", 9_007_199_254_740_991],
  ])("[NUM1] %j counts as %i", (text, value) => {
    expect(parseDecimal(text)).toBe(value);
  });

  it.each(["-1", "+1", "1.5", "1e3", "0x10", " 1", "1 ", "1\n", "abc", "1a", "\xb2", "-", "Infinity", "NaN"])(
    "[NUM1] %j is not decimal",
    (text) => {
      expect(parseDecimal(text)).toBe(NOT_DECIMAL);
    },
  );

  it.each([
    "18446744073709551616",
    "18446744073709551617",
    "36893488147419103233",
    "9".repeat(400),
    "1".repeat(16_000),
  ])("[NUM1] %s does not wrap around", (text) => {
    expect(parseDecimal(text)).toBeGreaterThanOrEqual(2 ** 64);
  });
});

describe("isCommandName", () => {
  it("[LINE1] the twelve commands are known, in upper case only", () => {
    const names = ["IDENTIFY", "AUTH", "SUB", "RDY", "FIN", "REQ", "TOUCH", "CLS", "NOP", "PUB", "MPUB", "DPUB"];
    expect([...COMMAND_NAMES].sort()).toEqual([...names].sort());
    expect(names.every(isCommandName)).toBe(true);
    expect(names.map((name) => name.toLowerCase()).some(isCommandName)).toBe(false);
  });

  it.each(["", "PING", "NOP\r", "NOP ", "constructor", "__proto__", "toString", "SUBX"])(
    "[LINE1] %j is no command",
    (name) => {
      expect(isCommandName(name)).toBe(false);
    },
  );
});

describe("carriesBody and isPublishOfOne", () => {
  it("[LINE4] five commands carry a body, and two of them a single message", () => {
    expect(COMMAND_NAMES.filter(carriesBody).sort()).toEqual(["AUTH", "DPUB", "IDENTIFY", "MPUB", "PUB"]);
    expect(COMMAND_NAMES.filter(isPublishOfOne).sort()).toEqual(["DPUB", "PUB"]);
  });
});
