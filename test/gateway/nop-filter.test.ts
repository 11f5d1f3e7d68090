import { describe, expect, it } from "vitest";
import { NopFilter } from "../../src/gateway/nop-filter.ts";
import { concat, fromByteString, toByteString } from "../../src/protocol/bytes.ts";

const body = (text: string) => `\0\0\0${String.fromCharCode(text.length)}${text}`;

const STREAM = [
  "NOP\n",
  "RDY 5\n",
  "NOP \r\n",
  "FIN 0123456789abcdef\nNOP\nNOP\n",
  `PUB t\n${body("NOP\nNOP\n")}`,
  "NOPE\n",
  `MPUB t\r\n${body("\0\0\0\x01\0\0\0\x04NOP\n")}`,
  "nop\n",
  "\n",
  "NOP\n",
  "CLS\n",
].join("");

const PASSED = [
  "RDY 5\n",
  "FIN 0123456789abcdef\n",
  `PUB t\n${body("NOP\nNOP\n")}`,
  "NOPE\n",
  `MPUB t\r\n${body("\0\0\0\x01\0\0\0\x04NOP\n")}`,
  "nop\n",
  "\n",
  "CLS\n",
].join("");

/** What the filter passes on of a stream that arrives in these pieces. */
function passed(pieces: readonly string[]): string {
  const filter = new NopFilter();
  const out: Uint8Array[] = [];
  for (const piece of pieces)
    filter.filter(fromByteString(piece), (buffer, from, to) => out.push(buffer.slice(from, to)));
  return toByteString(concat(out)) + toByteString(filter.rest);
}

describe("NopFilter", () => {
  it("[LNK1] passes on everything but NOP, bodies that look like NOP included", () => {
    expect(passed([STREAM])).toBe(PASSED);
  });

  it("[LNK1] does so for a stream that comes byte by byte", () => {
    expect(passed([...STREAM])).toBe(PASSED);
  });

  it("[LNK1] does so for a stream that is cut anywhere", () => {
    for (let cut = 0; cut <= STREAM.length; cut++) {
      expect(passed([STREAM.slice(0, cut), STREAM.slice(cut)]), `cut at ${cut}`).toBe(PASSED);
    }
  });

  it("[LNK1] sees a NOP behind a FIN that is too short, where a whole one would end", () => {
    expect(passed(["FIN abc\nNOP\nRDY 1000\n"])).toBe("FIN abc\nRDY 1000\n");
  });

  it("[LNK1] passes all on in one that no NOP divides", () => {
    const pieces: string[] = [];
    const stream = "FIN 0123456789abcdef\nRDY 1\nNOP\nFIN 0123456789abcdef\nCLS\n";
    new NopFilter().filter(fromByteString(stream), (buffer, from, to) => pieces.push(toByteString(buffer, from, to)));
    expect(pieces).toEqual(stream.split("NOP\n"));
  });

  it("[LNK1] passes the line of a command on before its body has come", () => {
    const out: string[] = [];
    new NopFilter().filter(fromByteString("AUTH\n"), (buffer, from, to) => out.push(toByteString(buffer, from, to)));
    expect(out).toEqual(["AUTH\n"]);
  });

  it("[LNK1] passes an endless line on, for the channel's session to end it", () => {
    const endless = "x".repeat(20_000);
    expect(passed([endless.slice(0, 16_000), endless.slice(16_000)])).toBe(endless);
  });

  it("[LNK1] keeps no more than a line", () => {
    const filter = new NopFilter();
    filter.filter(fromByteString(`PUB t\n\0\x10\0\0${"x".repeat(1000)}`), () => {});
    expect(filter.rest.length).toBe(0);
    filter.filter(fromByteString("x".repeat(0x10_0000 - 1000)), () => {});
    filter.filter(fromByteString("RDY"), () => {});
    expect(toByteString(filter.rest)).toBe("RDY");
  });
});
