import { describe, expect, it } from "vitest";
import {
  byte,
  concat,
  EMPTY,
  fromByteString,
  fromUtf8,
  readInt32,
  toByteString,
  utf8,
  writeInt32,
} from "../../src/protocol/bytes.ts";
import { fromHex, toHex } from "../helpers/commands.ts";

const INTEGERS: [number, string][] = [
  [0, "00000000"],
  [1, "00000001"],
  [6, "00000006"],
  [0x01020304, "01020304"],
  [2_147_483_647, "7fffffff"],
  [-1, "ffffffff"],
  [-2_147_483_648, "80000000"],
];

describe("readInt32 and writeInt32", () => {
  it.each(INTEGERS)("[FRAME1] %i is the big-endian %s", (value, hex) => {
    const buffer = fromHex(`aa00000000bb`);
    writeInt32(buffer, 1, value);
    expect(toHex(buffer)).toBe(`aa${hex}bb`);
    expect(readInt32(buffer, 1)).toBe(value);
  });
});

describe("byte strings", () => {
  it("[NAME3] every byte becomes one char and comes back", () => {
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    const text = toByteString(all);
    expect([...text].map((char) => char.charCodeAt(0))).toEqual([...all]);
    expect(fromByteString(text)).toEqual(all);
  });

  it("[NAME3] a range of a buffer is taken from its start to before its end", () => {
    const buffer = fromByteString("abcdef").subarray(1);
    expect(toByteString(buffer, 1, 3)).toBe("cd");
    expect(toByteString(buffer)).toBe("bcdef");
    expect(byte(buffer, 0)).toBe(98);
  });
});

describe("utf8 and fromUtf8", () => {
  it("[IDN1] text goes to UTF-8 and back, a byte order mark included", () => {
    const text = "\ufeffä€😀";
    expect(toHex(utf8(text))).toBe("efbbbfc3a4e282acf09f9880");
    expect(fromUtf8(utf8(text))).toBe(text);
  });

  it("[IDN1] a malformed byte becomes U+FFFD", () => {
    expect(fromUtf8(fromHex("61ff62"))).toBe("a\ufffdb");
  });
});

describe("concat", () => {
  it("[LINE3] pieces are put together in their order, empty ones too", () => {
    expect(concat([fromByteString("ab"), EMPTY, fromByteString("c")])).toEqual(fromByteString("abc"));
    expect(concat([])).toEqual(EMPTY);
  });

  it("[LINE3] a single piece is given back as it is", () => {
    const only = fromByteString("abc");
    expect(concat([only])).toBe(only);
  });
});
