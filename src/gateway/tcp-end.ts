// A client on a raw TCP connection.

import type { ClientEnd, OnTaken } from "./client-end.ts";

export class TcpEnd implements ClientEnd {
  readonly tellsTaken = true;
  readonly #socket: Socket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onTaken: OnTaken;
  readonly #onBroken: () => void;
  /** Since when the oldest unfinished write has been waiting, ms; null when there is none. */
  #writingSince: number | null = null;
  #writes = 0;
  #untaken = 0;
  #isClosed = false;

  constructor(socket: Socket, onTaken: OnTaken, onBroken: () => void) {
    this.#socket = socket;
    this.#writer = socket.writable.getWriter();
    this.#onTaken = onTaken;
    this.#onBroken = onBroken;
  }

  get untaken(): number {
    return this.#untaken;
  }

  send(bytes: Uint8Array, weight: number): void {
    if (this.#isClosed) return;
    this.#untaken += weight;
    this.#writingSince ??= Date.now();
    this.#writes++;
    this.#writer.write(bytes).then(
      () => {
        this.#writes--;
        this.#writingSince = this.#writes === 0 ? null : Date.now();
        this.#untaken -= weight;
        this.#onTaken(weight);
      },
      () => this.#onBroken(), // the peer is gone; the reading side learns it, too
    );
  }

  isStuck(ms: number, now: number): boolean {
    return this.#writingSince !== null && now - this.#writingSince > ms;
  }

  /** Closes once everything that was sent is written. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const done = () => this.#socket.close();
    this.#writer.close().then(done, done).catch(this.#onBroken);
  }
}
