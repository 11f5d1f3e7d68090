// The snappy framing format around single blocks (google/snappy framing_format.txt): what NSQ's `snappy` streams are.
//
//   chunk = type (1 byte)  length (3 bytes LE)  content;   type 0 and 1: content = masked CRC-32C (4 bytes LE), block or bytes

import { compress, uncompress } from "snappyjs";
import { byte, concat, EMPTY, fromByteString } from "./bytes.ts";

const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
const STREAM_IDENTIFIER = 0xff;
const FIRST_SKIPPABLE = 0x80;
const HEADER = 4;
const CHECKSUM = 4;
/** Uncompressed bytes that one chunk may hold. */
const MAX_BLOCK = 65_536;
/** No chunk that a peer may send is longer: a block that does not compress grows by a sixth at most. */
const MAX_CHUNK = CHECKSUM + 32 + MAX_BLOCK + Math.floor(MAX_BLOCK / 6);
const MAGIC = fromByteString("sNaPpY");

export class SnappyEncoder {
  #isStarted = false;

  /** The chunks for some bytes; each call can be decoded as soon as it arrives. */
  encode(data: Uint8Array): Uint8Array {
    const chunks: Uint8Array[] = this.#isStarted ? [] : [chunk(STREAM_IDENTIFIER, [MAGIC])];
    this.#isStarted = true;
    for (let at = 0; at < data.length; at += MAX_BLOCK) chunks.push(encodeBlock(data.subarray(at, at + MAX_BLOCK)));
    return concat(chunks);
  }
}

export class SnappyDecoder {
  #buffer: Uint8Array = EMPTY;
  #isStarted = false;

  /** The bytes that became complete, or null when the stream is corrupt; after that it stays so. */
  decode(data: Uint8Array): Uint8Array | null {
    this.#buffer = concat([this.#buffer, data].filter((part) => part.length > 0));
    const out: Uint8Array[] = [];
    let at = 0;
    while (this.#buffer.length - at >= HEADER) {
      const length = readUint24(this.#buffer, at + 1);
      const type = byte(this.#buffer, at);
      if (length > MAX_CHUNK) return null;
      if (this.#buffer.length - at < HEADER + length) break;
      const content = this.#buffer.subarray(at + HEADER, at + HEADER + length);
      const decoded = this.#decodeChunk(type, content);
      if (decoded === null) return null;
      out.push(decoded);
      at += HEADER + length;
    }
    this.#buffer = this.#buffer.slice(at);
    return concat(out);
  }

  #decodeChunk(type: number, content: Uint8Array): Uint8Array | null {
    if (type === STREAM_IDENTIFIER) {
      this.#isStarted = content.length === MAGIC.length && content.every((value, i) => value === MAGIC[i]);
      return this.#isStarted ? EMPTY : null;
    }
    if (!this.#isStarted) return null;
    if (type === COMPRESSED || type === UNCOMPRESSED) return decodeBlock(type, content);
    return type >= FIRST_SKIPPABLE ? EMPTY : null;
  }
}

function encodeBlock(data: Uint8Array): Uint8Array {
  const checksum = new Uint8Array(CHECKSUM);
  new DataView(checksum.buffer).setUint32(0, maskedCrc32c(data), true);
  const compressed = compress(data);
  // As golang/snappy: keep what compression would not shrink by an eighth.
  return compressed.length < data.length - Math.floor(data.length / 8)
    ? chunk(COMPRESSED, [checksum, compressed])
    : chunk(UNCOMPRESSED, [checksum, data]);
}

function decodeBlock(type: number, content: Uint8Array): Uint8Array | null {
  if (content.length < CHECKSUM) return null;
  const expected = new DataView(content.buffer, content.byteOffset).getUint32(0, true);
  const block = type === COMPRESSED ? uncompressBlock(content.subarray(CHECKSUM)) : content.subarray(CHECKSUM);
  if (block === null || block.length > MAX_BLOCK) return null;
  return maskedCrc32c(block) === expected ? block : null;
}

function uncompressBlock(block: Uint8Array): Uint8Array | null {
  try {
    return uncompress(block, MAX_BLOCK);
  } catch {
    return null; // snappyjs throws at a corrupt block; for us that is an input like any other
  }
}

function chunk(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts);
  const header = Uint8Array.of(type, content.length & 255, (content.length >>> 8) & 255, content.length >>> 16);
  return concat([header, content]);
}

function readUint24(buffer: Uint8Array, at: number): number {
  return byte(buffer, at) | (byte(buffer, at + 1) << 8) | (byte(buffer, at + 2) << 16);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C, rotated and offset as the framing format asks. */
function maskedCrc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < data.length; i++) crc = (CRC_TABLE[(crc ^ byte(data, i)) & 255] as number) ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
