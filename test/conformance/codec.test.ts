import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Compression, createCodec } from "./codec.ts";

const text = Buffer.from("the same words, again and again; ".repeat(3));

function unexpected(error: Error): void {
  throw error;
}

describe("createCodec", () => {
  it.each<Compression | null>([null, "deflate", "snappy"])(
    "%s: reads what it writes, a byte at a time",
    async (name) => {
      const parts: Buffer[] = [];
      const codec = createCodec(name, { decoded: (plain) => parts.push(plain), failed: unexpected });
      const stream = Buffer.concat([codec.encode(text), codec.encode(Buffer.alloc(100_000)), codec.encode(text)]);
      for (const byte of stream) codec.decode(Buffer.of(byte));
      await new Promise<void>((resolve) => codec.settled(resolve));
      expect(Buffer.concat(parts).equals(Buffer.concat([text, Buffer.alloc(100_000), text]))).toBe(true);
    },
  );

  it("deflates as one stream, whose later parts refer to earlier ones", () => {
    const { encode } = createCodec("deflate", { decoded: () => {}, failed: unexpected });
    const [first, second] = [encode(text), encode(text)];
    expect(second.length).toBeLessThan(first.length / 2);
    expect(() => inflateRawSync(second)).toThrow();
  });

  it("reports a broken deflate stream", async () => {
    const error = await new Promise<Error>((resolve) => {
      createCodec("deflate", { decoded: () => {}, failed: resolve }).decode(Buffer.from("not deflated"));
    });
    expect(error.message).not.toBe("");
  });
});
