import { constants, createInflateRaw, deflateRawSync } from "node:zlib";
import { SnappyDecoder, SnappyEncoder } from "./snappy-framing.ts";

/** What a connection may be switched to; without, bytes go as they are. */
export type Compression = "deflate" | "snappy";

/** Both directions of a connection's compression. Decoded bytes are handed to `CodecEvents.decoded`, maybe later. */
export interface Codec {
  encode(plain: Buffer): Buffer;
  /** @throws when the stream is malformed and that shows at once */
  decode(data: Buffer): void;
  /** Calls back when all input has been decoded. */
  settled(done: () => void): void;
}

export interface CodecEvents {
  decoded(plain: Buffer): void;
  failed(error: Error): void;
}

const DEFLATE_WINDOW = 32_768;

export function createCodec(compression: Compression | null, events: CodecEvents): Codec {
  if (compression === "deflate") return deflateCodec(events);
  if (compression === "snappy") return snappyCodec(events);
  return { encode: (plain) => plain, decode: events.decoded, settled: (done) => done() };
}

function snappyCodec({ decoded }: CodecEvents): Codec {
  const encoder = new SnappyEncoder();
  const decoder = new SnappyDecoder();
  return {
    encode: (plain) => encoder.encode(plain),
    decode: (data) => decoded(decoder.decode(data)),
    settled: (done) => done(),
  };
}

function deflateCodec({ decoded, failed }: CodecEvents): Codec {
  const inflate = createInflateRaw();
  inflate.on("data", decoded);
  inflate.on("error", failed);
  let window = Buffer.alloc(0);
  return {
    // Every write is compressed at once and by itself, so that nothing is still unsent when a connection is cut. With
    // the bytes sent before as its dictionary it is still one stream, whose later parts refer to earlier ones.
    encode: (plain) => {
      const dictionary = window.length > 0 ? { dictionary: window } : {};
      const packed = deflateRawSync(plain, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary });
      window = Buffer.concat([window, plain]).subarray(-DEFLATE_WINDOW);
      return packed;
    },
    decode: (data) => inflate.write(data),
    settled: (done) => inflate.flush(() => setImmediate(done)),
  };
}
