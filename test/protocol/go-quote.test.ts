import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { quote } from "../../src/protocol/go-quote.ts";
import { bytesOf, fromHex, textOf, toHex } from "../helpers/commands.ts";

/** Bytes, and what fmt.Sprintf("%q") of Go 1.19 makes of them, both as hex. */
const GO_QUOTES: [string, string][] = [
  ["", "2222"],
  ["746573742d776974685f706572696f642e", "22746573742d776974685f706572696f642e22"],
  ["742474", "2274247422"],
  ["633a68", "22633a6822"],
  ["22", "225c2222"],
  ["5c", "225c5c22"],
  ["27", "222722"],
  ["60", "226022"],
  ["00", "225c78303022"],
  ["01", "225c78303122"],
  ["07", "225c6122"],
  ["08", "225c6222"],
  ["09", "225c7422"],
  ["0a", "225c6e22"],
  ["0b", "225c7622"],
  ["0c", "225c6622"],
  ["0d", "225c7222"],
  ["0e", "225c78306522"],
  ["1b", "225c78316222"],
  ["1f", "225c78316622"],
  ["7f", "225c78376622"],
  ["7e", "227e22"],
  ["c3a4", "22c3a422"],
  ["ff", "225c78666622"],
  ["c3", "225c78633322"],
  ["c3c3a4", "225c786333c3a422"],
  ["e282ac", "22e282ac22"],
  ["e282", "225c7865325c78383222"],
  ["e2", "225c78653222"],
  ["e28261", "225c7865325c7838326122"],
  ["f09f9880", "22f09f988022"],
  ["f09f98", "225c7866305c7839665c78393822"],
  ["f0808080", "225c7866305c7838305c7838305c78383022"],
  ["c080", "225c7863305c78383022"],
  ["eda080", "225c7865645c7861305c78383022"],
  ["edbfbf", "225c7865645c7862665c78626622"],
  ["f4908080", "225c7866345c7839305c7838305c78383022"],
  ["f48fbfbf", "225c55303031306666666622"],
  ["f5808080", "225c7866355c7838305c7838305c78383022"],
  ["80", "225c78383022"],
  ["bf", "225c78626622"],
  ["c280", "225c753030383022"],
  ["c29f", "225c753030396622"],
  ["c2a0", "225c753030613022"],
  ["c2ad", "225c753030616422"],
  ["cc81", "22cc8122"],
  ["e280a8", "225c753230323822"],
  ["e280a9", "225c753230323922"],
  ["efbbbf", "225c756665666622"],
  ["efbfbd", "22efbfbd22"],
  ["efbfbe", "225c756666666522"],
  ["efbfbf", "225c756666666622"],
  ["ee8080", "225c756530303022"],
  ["e38080", "225c753330303022"],
  ["d89c", "225c753036316322"],
  ["e2808b", "225c753230306222"],
  ["e2808f", "225c753230306622"],
  ["f3a08081", "225c55303030653030303122"],
  ["f0908e80", "22f0908e8022"],
  ["f0a08080", "22f0a0808022"],
  ["61c3a4ff62e282ac63", "2261c3a45c78666662e282ac6322"],
  ["e1a08e", "225c753138306522"],
  ["e0a080", "22e0a08022"],
  ["e09fbf", "225c7865305c7839665c78626622"],
  ["c1bf", "225c7863315c78626622"],
];

/** Reads a quoted text as Go's strconv.Unquote does; only what %q writes. */
function unquote(quoted: string): string {
  const ESCAPES: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
  return quoted.slice(1, -1).replace(/\\(x..|u.{4}|U.{8}|.)/g, (_, sequence: string) => {
    const code = Number.parseInt(sequence.slice(1), 16);
    if (sequence[0] === "x") return String.fromCharCode(code);
    if (sequence.length > 1) return textOf(new TextEncoder().encode(String.fromCodePoint(code)));
    return ESCAPES[sequence] ?? sequence;
  });
}

describe("quote", () => {
  it.each(GO_QUOTES)("[NAME3] %s is quoted as Go's %%q does: %s", (bytes, quoted) => {
    expect(toHex(bytesOf(quote(textOf(fromHex(bytes)))))).toBe(quoted);
  });

  it("[NAME3] every single byte from 0x80 on is escaped as a byte", () => {
    for (let code = 0x80; code < 0x100; code++) {
      expect(quote(String.fromCharCode(code))).toBe(`"\\x${code.toString(16)}"`);
    }
  });

  it("[NAME3] no byte of the name gets lost, whatever it holds", () => {
    const valid = fc.string({ unit: "binary" }).map((text) => textOf(new TextEncoder().encode(text)));
    const invalid = fc.uint8Array().map((bytes) => textOf(bytes));
    fc.assert(
      fc.property(fc.oneof(valid, invalid), (text) => {
        expect(unquote(quote(text))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it("[NAME3] a long name of broken UTF-8 is quoted byte by byte", () => {
    expect(quote("\xe2\x82".repeat(2000))).toBe(`"${"\\xe2\\x82".repeat(2000)}"`);
  });
});
