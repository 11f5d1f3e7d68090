import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_NODE, messageId, NOT_AN_ID, parseMessageId, writeMessageId } from "../../src/protocol/message-id.ts";
import { bytesOf, textOf } from "../helpers/commands.ts";

/** Node, seq, and the id: node << 54 | seq in hex. */
const IDS: [number, number, string][] = [
  [0, 0, "0000000000000000"],
  [0, 1, "0000000000000001"],
  [0, 255, "00000000000000ff"],
  [0, 0x0123456789abcd, "000123456789abcd"],
  [0, 2 ** 32 - 1, "00000000ffffffff"],
  [0, 2 ** 32, "0000000100000000"],
  [0, Number.MAX_SAFE_INTEGER, "001fffffffffffff"],
  [1, 0, "0040000000000000"],
  [5, 7, "0140000000000007"],
  [512, 1, "8000000000000001"],
  [1023, 0, "ffc0000000000000"],
  [1023, Number.MAX_SAFE_INTEGER, "ffdfffffffffffff"],
];

function parse(id: string, node: number): number {
  return parseMessageId(bytesOf(`FIN ${id}\n`), 4, node);
}

describe("message ids", () => {
  it.each(IDS)("[ID1] node %i and seq %i are %s", (node, seq, id) => {
    expect(messageId(node, seq)).toBe(id);
    expect(parse(id, node)).toBe(seq);
  });

  it("[ID1] an id is written where it belongs, and nowhere else", () => {
    const buffer = bytesOf("-".repeat(20));
    writeMessageId(new DataView(buffer.buffer), 2, 5, 7);
    expect(textOf(buffer)).toBe("--0140000000000007--");
  });

  it("[ID1] every node and seq comes back, and is 16 lower-case digits", () => {
    const ids = fc.tuple(fc.integer({ min: 0, max: MAX_NODE }), fc.maxSafeNat());
    fc.assert(
      fc.property(ids, ([node, seq]) => {
        const id = messageId(node, seq);
        expect(id).toBe(((BigInt(node) << 54n) | BigInt(seq)).toString(16).padStart(16, "0"));
        expect(parse(id, node)).toBe(seq);
      }),
    );
  });

  it("[ID1] ids of a node rise with the seq", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        expect(messageId(5, a) < messageId(5, b)).toBe(a < b);
      }),
    );
  });

  it.each([
    ["of another node", "0180000000000007"],
    ["with an upper-case digit", "014000000000000A"],
    ["with a letter that is no digit", "014000000000000g"],
    ["with a space", "0140000 00000007"],
    ["with a sign", "-140000000000007"],
    ["with 0x", "0x40000000000007"],
    ["of other bytes", "\0\xff\x80ZZZ!ZZZZ?ZZ_Z"],
    ["with a byte next to the digits", "014000000000000:"],
    ["with a byte before the digits", "014000000000000/"],
    ["with a byte before the letters", "014000000000000`"],
    ["with a seq that no log reaches", "0160000000000000"],
    ["with the highest seq of 54 bits", "017fffffffffffff"],
  ])("[ID1] 16 bytes %s name no message", (_, id) => {
    expect(id).toHaveLength(16);
    expect(parse(id, 5)).toBe(NOT_AN_ID);
  });

  it("[ID1] each of the 16 bytes must be a digit", () => {
    const id = "0140000000000007";
    for (let at = 0; at < 16; at++) {
      for (const wrong of ["F", "g", "\0", "\xff", "/", ":", "@", "`"]) {
        expect([at, wrong, parse(id.slice(0, at) + wrong + id.slice(at + 1), 5)]).toEqual([at, wrong, NOT_AN_ID]);
      }
    }
  });

  it("[ID1] an id is one of its own node only", () => {
    for (let node = 0; node <= MAX_NODE; node++) {
      expect([node, parse(messageId(node, 3), 5)]).toEqual([node, node === 5 ? 3 : NOT_AN_ID]);
    }
  });
});
