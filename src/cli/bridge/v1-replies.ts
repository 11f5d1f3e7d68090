// What nsqlookupd answers a producer (spec 5.2): a size and data. The answer to IDENTIFY tells where its HTTP API is, and an nsqd asks
// there for the channels of a new topic: it must find the bridge.

import type { Advertised } from "./own-node.ts";

const SIZE = 4;
const BRACE = "{".charCodeAt(0);
/** Bytes of a reply that may be the one; a longer one is none of nsqlookupd's. */
const MAX_REPLY = 16_384;

export class V1Replies {
  readonly #lookupd: Advertised;
  #input: Buffer = Buffer.alloc(0);
  /** Whether the answer to IDENTIFY has come: the rest passes as it is. */
  #isPassing = false;

  /** @param lookupd where the bridge is nsqlookupd */
  constructor(lookupd: Advertised) {
    this.#lookupd = lookupd;
  }

  /** Takes what came of a stream of replies, in any pieces. Returns what goes to the producer; null when it is no such stream. */
  push(bytes: Buffer): Buffer | null {
    if (this.#isPassing) return bytes;
    this.#input = Buffer.concat([this.#input, bytes]);
    const output: Buffer[] = [];
    while (!this.#isPassing && this.#input.length >= SIZE) {
      const size = this.#input.readUInt32BE(0);
      if (size > MAX_REPLY) this.#isPassing = true;
      else if (this.#input.length < SIZE + size) break;
      else {
        const reply = this.#reply(this.#take(SIZE + size));
        if (reply === null) return null;
        output.push(reply);
      }
    }
    if (this.#isPassing) output.push(this.#take(this.#input.length));
    return Buffer.concat(output);
  }

  #take(length: number): Buffer {
    const taken = this.#input.subarray(0, length);
    this.#input = this.#input.subarray(length);
    return taken;
  }

  #reply(frame: Buffer): Buffer | null {
    if (frame[SIZE] !== BRACE) return frame;
    this.#isPassing = true;
    const { host, tcpPort, httpPort } = this.#lookupd;
    const told = jsonOf(frame.toString("utf8", SIZE));
    if (told === null) return null;
    const data = JSON.stringify({ ...told, broadcast_address: host, http_port: httpPort, tcp_port: tcpPort });
    const size = Buffer.alloc(SIZE);
    size.writeUInt32BE(Buffer.byteLength(data));
    return Buffer.concat([size, Buffer.from(data)]);
  }
}

function jsonOf(text: string): object | null {
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}
