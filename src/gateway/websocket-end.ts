// A client on a WebSocket: binary messages are slices of one byte stream, both ways.

import type { ClientEnd, OnTaken } from "./client-end.ts";

/** What may be on its way to a client before it is no longer taken for taken, bytes. */
const MAX_BUFFERED = 2 ** 20;
const POLL_MS = 50;

export class WebSocketEnd implements ClientEnd {
  readonly tellsTaken: boolean;
  readonly #socket: WebSocket & { readonly bufferedAmount?: number };
  readonly #onTaken: OnTaken;
  #untaken = 0;
  #isPolling = false;
  #isClosed = false;

  constructor(socket: WebSocket, onTaken: OnTaken) {
    this.#socket = socket;
    this.#onTaken = onTaken;
    // Not every runtime tells yet (platform notes F); then the channel goes by what its consumer answers.
    this.tellsTaken = "bufferedAmount" in socket;
  }

  get untaken(): number {
    return this.#untaken;
  }

  /** Also after the client has closed its side: whoever waits for answers still hears them. */
  send(bytes: Uint8Array, weight: number): void {
    if (this.#isClosed) return;
    this.#socket.send(bytes);
    if (!this.tellsTaken) return;
    this.#untaken += weight;
    this.#report();
  }

  isStuck(): boolean {
    return false; // sending never blocks here
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close(1000);
  }

  #report(): void {
    if ((this.#socket.bufferedAmount ?? 0) > MAX_BUFFERED) {
      this.#poll();
      return;
    }
    const taken = this.#untaken;
    this.#untaken = 0;
    if (taken > 0) this.#onTaken(taken);
  }

  /** Nobody tells when something was taken, so it is looked at again. */
  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    setTimeout(() => {
      this.#isPolling = false;
      if (!this.#isClosed) this.#report();
    }, POLL_MS);
  }
}
