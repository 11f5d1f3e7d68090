import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Codec, createCodec } from "../../src/gateway/compression.ts";
import { bytesOf, textOf } from "../helpers/commands.ts";

const LEVEL = 6;
const FLUSHED = { finishFlush: constants.Z_SYNC_FLUSH };

async function decode(codec: Codec, bytes: Uint8Array): Promise<string | null> {
  const plain = await codec.decode(bytes);
  return plain && textOf(plain);
}

describe("the deflate codec", () => {
  it("[LINE3] decodes what came of a stream, cut at every byte", async () => {
    const codec = createCodec("deflate", LEVEL);
    let decoded = "";
    for (const byte of deflateRawSync("PUB t\nNOP\nNOP\n", FLUSHED)) {
      decoded += await decode(codec, Uint8Array.of(byte));
    }
    expect(decoded).toBe("PUB t\nNOP\nNOP\n");
  });

  it("[LINE6] tells that a stream has ended, to what comes behind its final block", async () => {
    const codec = createCodec("deflate", LEVEL);
    expect(await decode(codec, deflateRawSync("last words"))).toBe("last words");
    expect(await decode(codec, deflateRawSync("more", FLUSHED))).toBeNull();
    expect(await decode(codec, bytesOf("x"))).toBeNull();
  });

  it("[LINE6] tells it behind an empty final block, too", async () => {
    const codec = createCodec("deflate", LEVEL);
    expect(await decode(codec, deflateRawSync("words", FLUSHED))).toBe("words");
    expect(await decode(codec, deflateRawSync(""))).toBeFalsy();
    expect(await decode(codec, bytesOf("x"))).toBeNull();
  });

  it("[LINE6] takes a corrupt stream for over", async () => {
    const codec = createCodec("deflate", LEVEL);
    expect(await decode(codec, bytesOf("\xff\xff\xff\xff"))).toBeNull();
    expect(await decode(codec, deflateRawSync("x", FLUSHED))).toBeNull();
  });
});

describe("the snappy codec", () => {
  it("[LINE6] takes a corrupt stream for over", async () => {
    const codec = createCodec("snappy", LEVEL);
    expect(await decode(codec, bytesOf("\xff\xff\xff\xff\xff\xff\xff\xff"))).toBeNull();
  });
});
