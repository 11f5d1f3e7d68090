// A client on a WebSocket: binary messages are slices of one byte stream, both ways.

import type { ClientEnd, OnTaken } from "./client-end.ts";

/** What may be on its way to a client before anything more must wait, bytes. */
const MAX_BUFFERED = 2 ** 20;
/** The same where the runtime cannot tell: then it is what was sent since the client last said something. */
const MAX_UNHEARD = 12 * 2 ** 20;
const POLL_MS = 50;

export class WebSocketEnd implements ClientEnd {
  readonly #socket: WebSocket;
  readonly #onTaken: OnTaken;
  /** Weight of what was sent and not reported as taken. */
  #untaken = 0;
  /** Weight of what was sent since the client last said something. */
  #unheard = 0;
  #isPolling = false;

  constructor(socket: WebSocket, onTaken: OnTaken) {
    this.#socket = socket;
    this.#onTaken = onTaken;
  }

  send(bytes: Uint8Array, weight: number): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(bytes);
    this.#untaken += weight;
    this.#unheard += weight;
    this.#report();
  }

  heard(): void {
    this.#unheard = 0;
    this.#report();
  }

  isStuck(): boolean {
    return false; // sending never blocks here; what a client leaves unread is bounded by what it is sent
  }

  close(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(1000);
  }

  #report(): void {
    const buffered = (this.#socket as { bufferedAmount?: number }).bufferedAmount;
    if (buffered === undefined ? this.#unheard > MAX_UNHEARD : buffered > MAX_BUFFERED) {
      if (buffered !== undefined) this.#poll();
      return;
    }
    const taken = this.#untaken;
    this.#untaken = 0;
    if (taken > 0) this.#onTaken(taken);
  }

  #poll(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    setTimeout(() => {
      this.#isPolling = false;
      if (this.#socket.readyState === WebSocket.OPEN) this.#report();
    }, POLL_MS);
  }
}
