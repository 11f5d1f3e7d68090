// The snappy framing format (https://github.com/google/snappy/blob/main/framing_format.txt). Blocks come from a
// library, which leaves the chunks around them:
//
//    0      1                    4                     8
//   +------+--------------------+---------------------+ - - - - - - - - - - -+
//   | type | length (uint24 LE) | masked CRC-32C (LE) | block or plain bytes |     length counts the CRC, too
//   +------+--------------------+---------------------+ - - - - - - - - - - -+

import { compress, uncompress } from "snappyjs";

const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
const STREAM_IDENTIFIER = 0xff;
/** Types from here on may be skipped by a reader that does not know them. */
const FIRST_SKIPPABLE = 0x80;
const STREAM_START = Buffer.from("ff060000734e61507059", "hex");
const CHUNK_HEADER = 4;
const CHECKSUM = 4;
const MAX_PLAIN = 65_536;

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C, masked as the framing format asks. */
export function maskedCrc(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crcTable[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Writes one snappy stream. */
export class SnappyEncoder {
  #isStarted = false;

  encode(plain: Buffer): Buffer {
    const parts: Buffer[] = this.#isStarted ? [] : [STREAM_START];
    this.#isStarted = true;
    for (let start = 0; start < plain.length; start += MAX_PLAIN) {
      parts.push(...chunk(plain.subarray(start, start + MAX_PLAIN)));
    }
    return Buffer.concat(parts);
  }
}

/** Both types of chunk get used, as by other writers: a block only where it is smaller. */
function chunk(plain: Buffer): Buffer[] {
  const block = compress(plain);
  const isSmaller = block.length < plain.length;
  const data = isSmaller ? block : plain;
  const header = Buffer.alloc(CHUNK_HEADER + CHECKSUM);
  header.writeUInt8(isSmaller ? COMPRESSED : UNCOMPRESSED, 0);
  header.writeUIntLE(CHECKSUM + data.length, 1, 3);
  header.writeUInt32LE(maskedCrc(plain), CHUNK_HEADER);
  return [header, data];
}

/** Reads one snappy stream, however its bytes arrive. */
export class SnappyDecoder {
  #pending = Buffer.alloc(0);

  /**
   * Returns the plain bytes that this input completes.
   * @throws when the stream is malformed
   */
  decode(data: Buffer): Buffer {
    this.#pending = Buffer.concat([this.#pending, data]);
    const plain: Buffer[] = [];
    while (this.#pending.length >= CHUNK_HEADER) {
      const type = this.#pending.readUInt8(0);
      const end = CHUNK_HEADER + this.#pending.readUIntLE(1, 3);
      if (this.#pending.length < end) break;
      plain.push(chunkContent(type, this.#pending.subarray(0, end)));
      this.#pending = this.#pending.subarray(end);
    }
    return Buffer.concat(plain);
  }
}

function chunkContent(type: number, whole: Buffer): Buffer {
  if (type === COMPRESSED || type === UNCOMPRESSED) {
    const data = whole.subarray(CHUNK_HEADER + CHECKSUM);
    const plain = type === COMPRESSED ? uncompress(data, MAX_PLAIN) : data;
    if (maskedCrc(plain) !== whole.readUInt32LE(CHUNK_HEADER)) throw new Error("snappy: bad checksum");
    return plain;
  }
  const isAllowed = type === STREAM_IDENTIFIER ? whole.equals(STREAM_START) : type >= FIRST_SKIPPABLE;
  if (!isAllowed) throw new Error(`snappy: bad chunk type ${type}`);
  return Buffer.alloc(0);
}
