// A client on TCP that speaks V1 where it takes an identity: it is told so, in the form of V1's errors, and that is all.

import { fromByteString, writeInt32 } from "../protocol/bytes.ts";
import type { ClientEnd } from "./client-end.ts";

const TEXT = "E_UNAUTHORIZED this broker takes registrations over WebSocket only, at /v1 with a token";
const SIZE = 4;

export class RefusedClient {
  readonly #client: ClientEnd;

  constructor(client: ClientEnd) {
    this.#client = client;
  }

  receive(): void {
    const frame = new Uint8Array(SIZE + TEXT.length);
    writeInt32(frame, 0, TEXT.length);
    frame.set(fromByteString(TEXT), SIZE);
    this.#client.send(frame, frame.length);
    this.close();
  }

  async endOfInput(): Promise<void> {}

  async hasRoom(): Promise<void> {}

  close(): void {
    this.#client.close();
  }
}
