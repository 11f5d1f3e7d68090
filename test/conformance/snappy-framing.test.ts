import { describe, expect, it } from "vitest";
import { maskedCrc, SnappyDecoder, SnappyEncoder } from "./snappy-framing.ts";

const START = "ff060000734e61507059";
/** "a" as an uncompressed chunk, made by another implementation. */
const CHUNK_A = "01050000786ee42861";

function decoded(hex: string): string {
  return new SnappyDecoder().decode(Buffer.from(hex, "hex")).toString();
}

describe("maskedCrc", () => {
  it("is the masked CRC-32C", () => {
    // CRC-32C of "123456789" is e3069283, a check value of the polynomial.
    expect(maskedCrc(Buffer.from("123456789"))).toBe(0xc78ab0e5);
  });
});

describe("SnappyEncoder", () => {
  it("begins the stream once, and leaves bytes plain that do not get smaller", () => {
    const encoder = new SnappyEncoder();
    expect(encoder.encode(Buffer.from("a")).toString("hex")).toBe(START + CHUNK_A);
    expect(encoder.encode(Buffer.from("a")).toString("hex")).toBe(CHUNK_A);
  });

  it("compresses what gets smaller", () => {
    const encoded = new SnappyEncoder().encode(Buffer.alloc(1_000));
    expect(encoded[10]).toBe(0x00);
    expect(encoded.length).toBeLessThan(100);
  });
});

describe("SnappyDecoder", () => {
  it("reads what the encoder writes, a byte at a time and over the limit of a chunk", () => {
    const plain = Buffer.concat([Buffer.alloc(70_000, "abc"), Buffer.from("tail")]);
    const decoder = new SnappyDecoder();
    const parts = [...new SnappyEncoder().encode(plain)].map((byte) => decoder.decode(Buffer.of(byte)));
    expect(Buffer.concat(parts).equals(plain)).toBe(true);
  });

  it("passes over padding and chunks it may skip", () => {
    expect(decoded(`${START}fe0200000000${CHUNK_A}80010000ff${START}${CHUNK_A}`)).toBe("aa");
  });

  it("refuses a wrong checksum, a chunk it may not skip, and a wrong stream identifier", () => {
    expect(() => decoded(`${START}010500000000000061`)).toThrow("bad checksum");
    expect(() => decoded(`${START}02010000ff`)).toThrow("bad chunk type 2");
    expect(() => decoded("ff060000734e61507058")).toThrow("bad chunk type 255");
  });
});
