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
  /** What is complete; null when the stream is corrupt or has ended. */
  decode(bytes: Uint8Array): Promise<Uint8Array | null>;
  /** Whether the peer has ended its stream: what follows is nothing. */
  readonly isOver: boolean;
}

export function createCodec(compression: Exclude<Compression, "none">, deflateLevel: number): Codec {
  return compression === "snappy" ? new SnappyCodec() : new DeflateCodec(deflateLevel);
}

class SnappyCodec implements Codec {
  /** A snappy stream has no end of its own. */
  readonly isOver = false;
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
  /** Corrupt, or ended: then nothing may follow. */
  isOver = false;
  #onOver: () => void = () => {};

  constructor(level: number) {
    this.#deflate = createDeflateRaw({ level });
    this.#deflate.on("data", (piece: Uint8Array) => this.#deflated.push(piece));
    this.#inflate.on("data", (piece: Uint8Array) => this.#inflated.push(piece));
    for (const event of ["error", "end"]) {
      this.#inflate.on(event, () => {
        this.isOver = true;
        this.#onOver();
      });
    }
  }

  async encode(bytes: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((resolve) => this.#deflate.write(Buffer.from(bytes), () => resolve()));
    await new Promise<void>((resolve) => this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
    return concat(this.#deflated.splice(0));
  }

  async decode(bytes: Uint8Array): Promise<Uint8Array | null> {
    if (this.isOver) return null;
    await new Promise<void>((resolve) => {
      this.#onOver = resolve;
      this.#inflate.write(Buffer.from(bytes), () => resolve());
    });
    const inflated = concat(this.#inflated.splice(0));
    return this.isOver && inflated.length === 0 ? null : inflated;
  }
}
