import { describe, expect, it } from "vitest";
import { type BytesSpec, bytes, command } from "./bytes.ts";

function hex(data: Buffer): string {
  return data.toString("hex");
}

describe("bytes", () => {
  it.each<[string, BytesSpec, string]>([
    ["text is UTF-8", "aé", "61c3a9"],
    ["hex may have spaces", { hex: "00 ff 0a" }, "00ff0a"],
    ["text may be repeated", { text: "ab", times: 3 }, "616261626162"],
    ["json is written without spaces", { json: { a: [1, null] } }, hex(Buffer.from('{"a":[1,null]}'))],
    ["int32 is big-endian and signed", { int32: -2 }, "fffffffe"],
    ["a list is joined", ["a", { hex: "62" }, ["c", "d"]], "61626364"],
    ["mpub has a count, then sized messages", { mpub: ["a", "bc"] }, "00000002 00000001 61 00000002 6263"],
    ["mpub's count may be another", { mpub: ["a"], count: 9 }, "00000009 00000001 61"],
    ["so may a message's size", { mpub: [{ size: -1 }, { size: 5, bytes: "a" }] }, "00000002 ffffffff 00000005 61"],
    [
      "a message in mpub may be of any form",
      { mpub: [{ hex: "00" }, ["a", "b"]] },
      "00000002 00000001 00 00000002 6162",
    ],
  ])("%s", (_, spec, expected) => {
    expect(hex(bytes(spec))).toBe(expected.replaceAll(" ", ""));
  });

  it("refuses what is not in the notation", () => {
    expect(() => bytes({ hax: "00" } as unknown as BytesSpec)).toThrow('not in the bytes notation: {"hax":"00"}');
  });
});

describe("command", () => {
  it("ends a line with LF", () => {
    expect(command("RDY 1").toString()).toBe("RDY 1\n");
    expect(command({ line: "NOP" }).toString()).toBe("NOP\n");
  });

  it("puts the size before a body", () => {
    expect(command({ line: "PUB t", body: "hi" }).toString("latin1")).toBe("PUB t\n\0\0\0\x02hi");
  });

  it("sends another size and another end of line when told to", () => {
    expect(command({ line: "PUB t", eol: "\r\n", body: "hi", size: 7 }).toString("latin1")).toBe(
      "PUB t\r\n\0\0\0\x07hi",
    );
    expect(command({ line: "PUB t", size: 7 }).toString("latin1")).toBe("PUB t\n\0\0\0\x07");
  });

  it("sends bytes as they are", () => {
    expect(command({ text: "NO" }).toString()).toBe("NO");
    expect(command(["P\n", { int32: 1 }]).toString("latin1")).toBe("P\n\0\0\0\x01");
  });
});
