import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VarintReader, VarintWriter } from "../../src/queue/varint.ts";

type Item = { unsigned: number } | { signed: number } | { text: string };

const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ unsigned: fc.maxSafeNat() }),
  fc.record({ unsigned: fc.nat(300) }),
  fc.record({ signed: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }) }),
  fc.record({ signed: fc.integer({ min: -130, max: 130 }) }),
  fc.record({ text: fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }) }),
);

function write(items: readonly Item[]): Uint8Array {
  const out = new VarintWriter();
  for (const one of items) {
    if ("unsigned" in one) out.unsigned(one.unsigned);
    else if ("signed" in one) out.signed(one.signed);
    else out.text(one.text);
  }
  return out.finish();
}

function read(bytes: Uint8Array, like: readonly Item[]): Item[] {
  const input = new VarintReader(bytes);
  return like.map((one) => {
    if ("unsigned" in one) return { unsigned: input.unsigned() };
    if ("signed" in one) return { signed: input.signed() };
    return { text: input.text() };
  });
}

describe("varint", () => {
  it("[DUR2] numbers and texts are read back as they were written", () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 200 }), (items) => {
        expect(read(write(items), items)).toEqual(items);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("[DUR2] the ends of the ranges are read back, too", () => {
    const edges = [0, 1, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER];
    const items = edges.flatMap((edge): Item[] => [{ unsigned: edge }, { signed: Math.min(edge, 2 ** 52 - 1) }]);
    const negative = edges.map((edge): Item => ({ signed: edge === 0 ? 0 : -Math.min(edge, 2 ** 52 - 1) }));
    const all = [...items, ...negative];
    expect(read(write(all), all)).toEqual(all);
  });

  it("[DUR2] small numbers take one byte", () => {
    expect(write([{ unsigned: 127 }, { signed: -64 }, { signed: 63 }]).length).toBe(3);
  });

  it("[DUR6] what ends in the middle of a value is refused", () => {
    const items: Item[] = [{ unsigned: 300 }, { text: "abc" }, { signed: -300 }];
    const bytes = write(items);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => read(bytes.subarray(0, end), items), `${end} bytes`).toThrow("ends too early");
    }
  });

  it("[DUR6] a length that cannot be is refused without looking for what it announces", () => {
    const announced: Item[] = [{ unsigned: Number.MAX_SAFE_INTEGER }];
    expect(() => new VarintReader(write(announced)).text()).toThrow();
    expect(() => new VarintReader(new Uint8Array(5_000).fill(0xff)).unsigned()).toThrow("ends too early");
  });
});
