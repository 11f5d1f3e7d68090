import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { delimited } from "../../src/cli/delimited.ts";

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function pieces(text: string, cuts: readonly number[]): Promise<string[]> {
  const found: string[] = [];
  for await (const piece of delimited(chunksOf(Buffer.from(text), cuts), 10)) found.push(Buffer.from(piece).toString());
  return found;
}

describe("stdin", () => {
  it("[CLI7] is cut at the delimiter; the last piece needs none", async () => {
    expect(await pieces("a\n\nbc\n", [])).toEqual(["a", "", "bc"]);
    expect(await pieces("a\nlast", [])).toEqual(["a", "last"]);
    expect(await pieces("", [])).toEqual([]);
  });

  it("[CLI7] is cut alike, wherever its chunks end", async () => {
    const anyText = fc.string({ unit: fc.constantFrom("a", "\n", "é") });
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(fc.nat(100)), async (text, cuts) => {
        expect(await pieces(text, cuts)).toEqual(await pieces(text, []));
      }),
    );
  });
});
