// What a body seems to be, and how its bytes are shown.

import { describe, expect, it } from "vitest";
import { fromBase64, guessKind, hexDump, oneLine, toBase64, utf8 } from "../../../src/admin/ui/messages/body.ts";

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe("guessKind", () => {
  it.each([
    ['{"a":1}', "json"],
    [" \n[1, 2]", "json"],
    ["[]", "json"],
    ["42", "text"],
    ['"a string"', "text"],
    ["null", "text"],
    ["{not json}", "text"],
    ['{"a":1', "text"],
    ["tab\tand\r\nnewline", "text"],
    ["<script>alert(1)</script>", "text"],
    ["", "text"],
    ["a\0b", "hex"],
    ["\u001b[31mred", "hex"],
    ["\u0085", "hex"],
  ])("takes %j for %s", (text, kind) => {
    expect(guessKind(bytes(text), true)).toBe(kind);
  });

  it("takes what is not UTF-8 for binary", () => {
    expect(guessKind(Uint8Array.of(0x61, 0xff, 0x62), true)).toBe("hex");
    expect(guessKind(Uint8Array.of(0xed, 0xa0, 0x80), true)).toBe("hex"); // a lone surrogate
  });

  it("takes text for text wherever a preview of it is cut, and a whole body cut within a character for binary", () => {
    const body = bytes("aé€😀z");
    const kinds = Array.from({ length: body.length + 1 }, (_, end) => {
      return [false, true].map((isWhole) => guessKind(body.subarray(0, end), isWhole));
    });
    expect(kinds.map(([preview]) => preview)).toEqual(kinds.map(() => "text"));
    const ends = [0, 1, 3, 6, 10, 11];
    expect(kinds.map(([, whole]) => whole)).toEqual(kinds.map((_, end) => (ends.includes(end) ? "text" : "hex")));
  });

  it("takes a broken character before the end of a preview for binary", () => {
    expect(guessKind(Uint8Array.of(0xe2, 0x82, 0x61), false)).toBe("hex");
  });
});

describe("utf8", () => {
  it("keeps a byte order mark: it is part of the body", () => {
    expect(utf8(bytes("\ufeffa"), true)).toBe("\ufeffa");
  });
});

describe("oneLine", () => {
  it("shows a dot for each control character and each byte that is no text", () => {
    expect(oneLine(Uint8Array.of(0x61, 0x0a, 0xff, 0x00, 0x62), true)).toBe("a···b");
  });

  it("leaves out the character that a preview was cut in", () => {
    expect(oneLine(bytes("a€").subarray(0, 3), false)).toBe("a");
  });
});

describe("hexDump", () => {
  it("shows offset, bytes and ASCII, sixteen a line", () => {
    const body = Uint8Array.from({ length: 18 }, (_, i) => (i === 17 ? 0xff : 0x61 + i));
    expect(hexDump(body)).toBe(
      "00000000  61 62 63 64 65 66 67 68  69 6a 6b 6c 6d 6e 6f 70  abcdefghijklmnop\n" +
        `00000010  71 ff${" ".repeat(43)}  q.`,
    );
  });

  it("ends where it is told to", () => {
    expect(hexDump(new Uint8Array(100), 16).split("\n")).toHaveLength(1);
    expect(hexDump(new Uint8Array(0))).toBe("");
  });
});

describe("base64", () => {
  it("comes back as it went", () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(fromBase64(toBase64(all))).toEqual(all);
  });
});
