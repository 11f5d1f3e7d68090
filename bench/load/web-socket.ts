// WebSocket messages (RFC 6455) as far as the load needs them: binary ones, of a client with a mask, of a server in any pieces.

/** Room before a payload for the header of a message with a mask. */
export const HEADER_ROOM = 14;
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const BINARY = 0x82;
const MASKED = 0x80;
const OPCODES = 0x0f;
const CLOSE = 8;
const MAX_SHORT = 125;
const MAX_16 = 0xffff;
/** In place of a length: it follows in so many bits. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Makes a payload that lies in `buffer` behind HEADER_ROOM and ends at `end` a message of a client: masks it where it is. */
export function frameInPlace(buffer: Buffer, end: number): Buffer {
  const length = end - HEADER_ROOM;
  const start = HEADER_ROOM - MASK.length - lengthBytes(length) - 1;
  buffer[start] = BINARY;
  writeLength(buffer, start + 1, length);
  MASK.copy(buffer, HEADER_ROOM - MASK.length);
  for (let at = HEADER_ROOM, i = 0; at < end; at++, i++) buffer[at] = (buffer[at] as number) ^ (MASK[i & 3] as number);
  return buffer.subarray(start, end);
}

/** Takes the messages of a server out of a stream, and passes on what lies in them, whether they are complete or not. */
export class Unframer {
  readonly #onPayload: (bytes: Buffer) => void;
  readonly #onClose: () => void;
  /** Bytes of the message under way that have not come. */
  #missing = 0;
  /** A header that came in part. */
  #partial: Buffer = Buffer.alloc(0);

  constructor(onPayload: (bytes: Buffer) => void, onClose: () => void) {
    this.#onPayload = onPayload;
    this.#onClose = onClose;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing === 0) {
        const head = this.#partial.length > 0 ? Buffer.concat([this.#partial, chunk.subarray(at)]) : chunk.subarray(at);
        const header = readHeader(head);
        if (header === null) {
          this.#partial = Buffer.from(head);
          return;
        }
        at += header.size - this.#partial.length;
        this.#partial = Buffer.alloc(0);
        if (header.opcode === CLOSE) {
          this.#onClose();
          return;
        }
        this.#missing = header.length;
      }
      const end = Math.min(chunk.length, at + this.#missing);
      this.#missing -= end - at;
      if (end > at) this.#onPayload(chunk.subarray(at, end));
      at = end;
    }
  }
}

function lengthBytes(length: number): number {
  if (length <= MAX_SHORT) return 1;
  return length <= MAX_16 ? 3 : 9;
}

function writeLength(buffer: Buffer, at: number, length: number): void {
  if (length <= MAX_SHORT) {
    buffer[at] = MASKED | length;
  } else if (length <= MAX_16) {
    buffer[at] = MASKED | LENGTH_16;
    buffer.writeUInt16BE(length, at + 1);
  } else {
    buffer[at] = MASKED | LENGTH_64;
    buffer.writeBigUInt64BE(BigInt(length), at + 1);
  }
}

/** The header of a message from a server, which is not masked; null while it is not complete. */
function readHeader(bytes: Buffer): { opcode: number; length: number; size: number } | null {
  if (bytes.length < 2) return null;
  const opcode = bytes.readUInt8(0) & OPCODES;
  const short = bytes.readUInt8(1);
  if (short <= MAX_SHORT) return { opcode, length: short, size: 2 };
  if (short === LENGTH_16) return bytes.length < 4 ? null : { opcode, length: bytes.readUInt16BE(2), size: 4 };
  return bytes.length < 10 ? null : { opcode, length: Number(bytes.readBigUInt64BE(2)), size: 10 };
}
