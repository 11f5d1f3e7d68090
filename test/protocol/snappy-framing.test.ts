import fc from "fast-check";
import { compress, uncompress } from "snappyjs";
import { describe, expect, it } from "vitest";
import { concat } from "../../src/protocol/bytes.ts";
import { SnappyDecoder, SnappyEncoder } from "../../src/protocol/snappy-framing.ts";
// An implementation of its own, for the other end of the stream.
import {
  maskedCrc,
  SnappyDecoder as OtherDecoder,
  SnappyEncoder as OtherEncoder,
} from "../conformance/snappy-framing.ts";
import { bytesOf, fromHex, textOf, toHex } from "../helpers/commands.ts";
import { everyCut, randomCuts } from "../helpers/cuts.ts";
import { Random } from "../helpers/random.ts";

const IDENTIFIER = "ff060000734e61507059";
/** "a", uncompressed. */
const CHUNK_A = "01050000786ee42861";
/** What nsqd sends after it switched: an OK frame. */
const OK_STREAM = `${IDENTIFIER} 01 0e0000 26982bcf 00000006 00000000 4f4b`;
/** The longest chunk that golang/snappy takes. */
const LONGEST_CHUNK = 76_494;

/** What comes out of pieces; null when the stream is corrupt. */
function decode(pieces: readonly Uint8Array[], decoder = new SnappyDecoder()): string | null {
  let text = "";
  for (const piece of pieces) {
    const decoded = decoder.decode(piece);
    if (decoded === null) return null;
    text += textOf(decoded);
  }
  return text;
}

function chunk(type: number, content: Uint8Array): Uint8Array {
  const header = [type, content.length & 255, (content.length >> 8) & 255, content.length >> 16];
  return Uint8Array.from([...header, ...content]);
}

/** A chunk of a checksum and data; the checksum is right for `plain`. */
function dataChunk(type: number, data: Uint8Array, plain: Uint8Array): Uint8Array {
  const content = new Uint8Array(4 + data.length);
  new DataView(content.buffer).setUint32(0, maskedCrc(plain), true);
  content.set(data, 4);
  return chunk(type, content);
}

function stream(...chunks: Uint8Array[]): Uint8Array {
  return concat([fromHex(IDENTIFIER), ...chunks]);
}

/** Text that compresses well. */
function compressible(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => 97 + ((at * at) % 11));
}

describe("SnappyEncoder", () => {
  it("[SNAP1] a stream begins with its identifier, once", () => {
    const encoder = new SnappyEncoder();
    expect(toHex(encoder.encode(bytesOf("a")))).toBe(IDENTIFIER + CHUNK_A);
    expect(toHex(encoder.encode(bytesOf("a")))).toBe(CHUNK_A);
  });

  it("[SNAP1] the OK frame after IDENTIFY is nsqd's, byte for byte", () => {
    const encoded = new SnappyEncoder().encode(fromHex("00000006 00000000 4f4b"));
    expect(toHex(encoded)).toBe(OK_STREAM.replaceAll(" ", ""));
  });

  it("[SNAP1] the checksum is CRC-32C, masked", () => {
    // CRC-32C of "123456789" is e3069283; the stream is what golang/snappy writes.
    expect(toHex(new SnappyEncoder().encode(bytesOf("123456789")))).toBe(
      `${IDENTIFIER}010d0000e5b08ac7313233343536373839`,
    );
  });

  it("[SNAP1] what compression would not shrink by an eighth stays as it is", () => {
    const random = new Random(31).bytes(65_536);
    expect(new SnappyEncoder().encode(random)[10]).toBe(0x01);
    expect(new SnappyEncoder().encode(compressible(65_536))[10]).toBe(0x00);
  });

  it("[SNAP1] the content of a compressed chunk is a snappy block", () => {
    const plain = compressible(1000);
    const encoded = new SnappyEncoder().encode(plain);
    expect(uncompress(encoded.slice(18))).toEqual(plain);
  });

  it("[SNAP1] no chunk holds more than 65,536 bytes", () => {
    const encoded = new SnappyEncoder().encode(new Random(32).bytes(200_000));
    const lengths: number[] = [];
    for (let at = 10; at < encoded.length; ) {
      const length =
        (encoded[at + 1] as number) | ((encoded[at + 2] as number) << 8) | ((encoded[at + 3] as number) << 16);
      lengths.push(length);
      at += 4 + length;
    }
    expect(lengths).toEqual([65_540, 65_540, 65_540, 200_000 - 3 * 65_536 + 4]);
  });

  it("[SNAP1] nothing to encode adds nothing to a stream that has begun", () => {
    const encoder = new SnappyEncoder();
    expect(toHex(encoder.encode(new Uint8Array(0)))).toBe(IDENTIFIER);
    expect(toHex(encoder.encode(new Uint8Array(0)))).toBe("");
    expect(toHex(encoder.encode(bytesOf("a")))).toBe(CHUNK_A);
  });

  it.each([0, 1, 100, 65_535, 65_536, 65_537, 131_072, 300_000])(
    "[SNAP1] %i bytes are read by another implementation, compressible or not",
    (length) => {
      for (const plain of [compressible(length), new Random(33).bytes(length)]) {
        const encoded = new SnappyEncoder().encode(plain);
        expect(new OtherDecoder().decode(Buffer.from(encoded)).equals(plain)).toBe(true);
      }
    },
  );

  it("[SNAP1] every call can be decoded as soon as it arrives", () => {
    const encoder = new SnappyEncoder();
    const decoder = new SnappyDecoder();
    for (const text of ["a", "", "frame after frame", "x".repeat(70_000), "b"]) {
      expect(decode([encoder.encode(bytesOf(text))], decoder)).toBe(text);
    }
  });
});

/** Streams, mostly of golang/snappy, and what is in them. */
const STREAMS: [string, string, string][] = [
  ["nsqd's OK frame", OK_STREAM, "\0\0\0\x06\0\0\0\0OK"],
  ["an uncompressed chunk", IDENTIFIER + CHUNK_A, "a"],
  ["a compressed chunk", `${IDENTIFIER}000c00007b21f52d3c08616263e20300`, "abc".repeat(20)],
  ["zeros", `${IDENTIFIER}000d00006ffa6ee2640000fe01008a0100`, "\0".repeat(100)],
  ["several chunks", `${IDENTIFIER}${CHUNK_A}000c00007b21f52d3c08616263e20300${CHUNK_A}`, `a${"abc".repeat(20)}a`],
  ["an identifier in the middle", `${IDENTIFIER}${CHUNK_A}${IDENTIFIER}${CHUNK_A}`, "aa"],
  ["padding", `${IDENTIFIER}fe0300000000 00${CHUNK_A}fe000000${CHUNK_A}`, "aa"],
  ["chunks that may be skipped", `${IDENTIFIER}80010000ff${CHUNK_A}fd000000${CHUNK_A}`, "aa"],
  ["chunks without bytes", `${IDENTIFIER}01040000d8ea82a2 00050000d8ea82a200 ${CHUNK_A}`, "a"],
  ["an identifier alone", IDENTIFIER, ""],
  ["an unfinished chunk", `${IDENTIFIER}${CHUNK_A}0105`, "a"],
];

/** Streams that golang/snappy refuses, too. */
const CORRUPT: [string, string][] = [
  ["no stream identifier", CHUNK_A],
  ["a chunk to skip before the identifier", "80010000ff"],
  ["padding before the identifier", "fe000000"],
  ["an identifier of other bytes", "ff060000734e61507058"],
  ["a short identifier", "ff050000734e615070"],
  ["a long identifier", "ff070000734e6150705900"],
  ["an empty identifier", "ff000000"],
  ["a wrong identifier in the middle", `${IDENTIFIER}${CHUNK_A}ff060000734e61507058`],
  ["a wrong checksum of uncompressed bytes", `${IDENTIFIER}01050000796ee42861`],
  ["a wrong checksum of compressed bytes", `${IDENTIFIER}000c00007b21f52c3c08616263e20300`],
  ["a checksum of no bytes that is wrong", `${IDENTIFIER}0104000000000000`],
  ["a changed byte", `${IDENTIFIER}01050000786ee42862`],
  ["a changed byte in a block", `${IDENTIFIER}000c00007b21f52d3c08616263e20301`],
  ["less than a checksum", `${IDENTIFIER}01030000d8ea82`],
  ["a compressed chunk with less than a checksum", `${IDENTIFIER}00000000`],
  ["a compressed chunk without a block", `${IDENTIFIER}00040000d8ea82a2`],
  ["a chunk that may not be skipped", `${IDENTIFIER}02010000ff`],
  ["the last of these types", `${IDENTIFIER}7f000000`],
  ["a chunk that is too long", `${IDENTIFIER}01cf2a01`],
  ["a chunk to skip that is too long", `${IDENTIFIER}80ffffff`],
];

describe("SnappyDecoder", () => {
  it.each(STREAMS)("[SNAP1] %s: the same is read in any pieces", (_, hex, text) => {
    for (const { name, pieces } of everyCut(fromHex(hex))) expect(decode(pieces), name).toBe(text);
  });

  it.each(CORRUPT)("[SNAP2] %s is recognised, in any pieces", (_, hex) => {
    for (const { name, pieces } of everyCut(fromHex(hex))) expect(decode(pieces), name).toBeNull();
  });

  it("[SNAP1] chunks are decoded as soon as they are complete", () => {
    const decoder = new SnappyDecoder();
    const bytes = fromHex(`${IDENTIFIER}${CHUNK_A}${CHUNK_A}`);
    const ends = [19, 28];
    for (const [at] of bytes.entries()) {
      const expected = ends.includes(at + 1) ? "a" : "";
      expect(decode([bytes.subarray(at, at + 1)], decoder), `byte ${at}`).toBe(expected);
    }
  });

  it("[SNAP1] blocks of the library are read", () => {
    const random = new Random(41);
    for (const plain of [compressible(65_536), random.bytes(1), random.bytes(65_536), compressible(3)]) {
      const bytes = stream(dataChunk(0x00, compress(plain), plain));
      expect(decode([bytes])).toBe(textOf(plain));
    }
  });

  it.each([0, 1, 65_536, 65_537, 300_000])("[SNAP1] %i bytes that another implementation wrote are read", (length) => {
    for (const plain of [compressible(length), new Random(42).bytes(length)]) {
      const encoded = new Uint8Array(new OtherEncoder().encode(Buffer.from(plain)));
      for (const { name, pieces } of randomCuts(encoded, 43, 3)) expect(decode(pieces), name).toBe(textOf(plain));
    }
  });

  it("[SNAP1] whatever is encoded comes back, in pieces and over many calls", () => {
    const parts = fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 3000 }).map(compressible)), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(parts, fc.nat(), (texts, seed) => {
        const encoder = new SnappyEncoder();
        const encoded = concat(texts.map((text) => encoder.encode(text)));
        for (const { name, pieces } of randomCuts(encoded, seed, 2)) {
          expect(decode(pieces), name).toBe(texts.map((text) => textOf(text)).join(""));
        }
      }),
    );
  });

  it("[SNAP2] a data chunk with a wrong bit is refused, unless it still says the same", () => {
    for (const hex of [`${IDENTIFIER}${CHUNK_A}`, `${IDENTIFIER}000c00007b21f52d3c08616263e20300`]) {
      const plain = decode([fromHex(hex)]);
      for (let bit = 8 * 14; bit < 4 * hex.length; bit++) {
        const bytes = fromHex(hex);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        expect([null, plain], `bit ${bit}`).toContain(decode([bytes]));
      }
    }
  });

  it("[SNAP2] every type from 02 to 7f is refused, and every one from 80 to fe is skipped", () => {
    for (let type = 0x02; type < 0xff; type++) {
      const decoded = decode([stream(chunk(type, bytesOf("xyz")), fromHex(CHUNK_A))]);
      expect([type, decoded]).toEqual([type, type < 0x80 ? null : "a"]);
    }
  });

  it("[SNAP2] more than 65,536 bytes in a chunk are refused", () => {
    const most = compressible(65_536);
    const tooMany = compressible(65_537);
    expect(decode([stream(dataChunk(0x01, most, most))])).toBe(textOf(most));
    expect(decode([stream(dataChunk(0x01, tooMany, tooMany))])).toBeNull();
    expect(decode([stream(dataChunk(0x00, compress(most), most))])).toBe(textOf(most));
    expect(decode([stream(dataChunk(0x00, compress(tooMany), tooMany))])).toBeNull();
  });

  it("[SNAP2] a length over the longest chunk is refused before the chunk arrives", () => {
    const header = (length: number) => Uint8Array.of(0x80, length & 255, (length >> 8) & 255, length >> 16);
    expect(decode([stream(header(LONGEST_CHUNK), new Uint8Array(LONGEST_CHUNK), fromHex(CHUNK_A))])).toBe("a");
    expect(decode([stream(header(LONGEST_CHUNK + 1))])).toBeNull();
  });

  it.each<[string, string, string]>([
    ["without the length of a literal", "01f0", ""],
    ["with a literal that is cut off", "0208 61", "a\0"],
    ["with a copy from before its beginning", "0400610903", "a\0\0\0"],
    ["that says it is huge", "ffffffff0f0061", "a"],
    ["whose length does not end", "ffffffffff", ""],
  ])("[SNAP2] a block %s is refused, though the checksum fits", (_, block, plain) => {
    expect(decode([stream(dataChunk(0x00, fromHex(block), bytesOf(plain)))])).toBeNull();
  });

  it("[SNAP2] a stream that was corrupt stays so", () => {
    for (const [name, hex] of CORRUPT) {
      const decoder = new SnappyDecoder();
      expect(decoder.decode(fromHex(hex)), name).toBeNull();
      expect(decoder.decode(new Uint8Array(0)), name).toBeNull();
      expect(decoder.decode(fromHex(IDENTIFIER + CHUNK_A)), name).toBeNull();
    }
  });

  it("[SNAP2] no stream at all makes it throw", () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = new Random(seed);
      const plain = random.chance(50) ? compressible(random.int(300)) : random.bytes(random.int(100));
      const bytes = concat([new SnappyEncoder().encode(plain), random.bytes(random.int(20))]);
      for (let flips = random.int(4); flips > 0; flips--) bytes[random.int(bytes.length)] = random.int(256);
      const decoded = decode([bytes.subarray(0, random.int(2) === 0 ? bytes.length : random.int(bytes.length))]);
      expect(decoded === null || decoded.length <= plain.length, `seed ${seed}`).toBe(true);
    }
  });
});
