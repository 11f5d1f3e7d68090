// The two streams that a V2 connection may switch to after IDENTIFY (spec 1.7).

import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from "node:zlib";
import { concat } from "../protocol/bytes.ts";
import type { Compression } from "../protocol/identify.ts";
import { SnappyDecoder, SnappyEncoder } from "../protocol/snappy-framing.ts";

/** Both directions of a compressed connection. Calls of one direction must not overlap. */
export interface Codec {
  /** What can be decoded by this without anything that follows. */
  encode(bytes: Uint8Array): Promise<Uint8Array>;
  /** What is complete; null when the stream is corrupt. */
  decode(bytes: Uint8Array): Promise<Uint8Array | null>;
}

export function createCodec(compression: Exclude<Compression, "none">, deflateLevel: number): Codec {
  return compression === "snappy" ? new SnappyCodec() : new DeflateCodec(deflateLevel);
}

class SnappyCodec implements Codec {
  readonly #encoder = new SnappyEncoder();
  readonly #decoder = new SnappyDecoder();

  async encode(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#encoder.encode(bytes);
  }

  async decode(bytes: Uint8Array): Promise<Uint8Array | null> {
    return this.#decoder.decode(bytes);
  }
}

/** Raw DEFLATE, one stream a direction, flushed after every piece as nsqd does. */
class DeflateCodec implements Codec {
  readonly #deflate: DeflateRaw;
  readonly #inflate: InflateRaw = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  readonly #deflated: Uint8Array[] = [];
  readonly #inflated: Uint8Array[] = [];
  #isCorrupt = false;
  #onCorrupt: () => void = () => {};

  constructor(level: number) {
    this.#deflate = createDeflateRaw({ level });
    this.#deflate.on("data", (piece: Uint8Array) => this.#deflated.push(piece));
    this.#inflate.on("data", (piece: Uint8Array) => this.#inflated.push(piece));
    this.#inflate.on("error", () => {
      this.#isCorrupt = true;
      this.#onCorrupt();
    });
  }

  async encode(bytes: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((resolve) => this.#deflate.write(Buffer.from(bytes), () => resolve()));
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    return concat(this.#deflated.splice(0));
  }

  async decode(bytes: Uint8Array): Promise<Uint8Array | null> {
    if (this.#isCorrupt) return null;
    await new Promise<void>((resolve) => {
      this.#onCorrupt = resolve;
      this.#inflate.write(Buffer.from(bytes), () => resolve());
    });
    return this.#isCorrupt ? null : concat(this.#inflated.splice(0));
  }
}
