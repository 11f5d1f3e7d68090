// A client on a raw TCP connection.

import type { ClientEnd, OnTaken } from "./client-end.ts";

/** A write is over when all of it is taken: small ones show that a slow client reads. */
const WRITE_SIZE = 65_536;
/** How long a client that is closed may take to read what it was sent before, ms. */
const GRACE_MS = 5_000;

export class TcpEnd implements ClientEnd {
  readonly tellsTaken = true;
  readonly #socket: Socket;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onTaken: OnTaken;
  readonly #onBroken: () => void;
  readonly #giveUp: () => void;
  /** Since when the oldest unfinished write has been waiting, ms; null when there is none. */
  #writingSince: number | null = null;
  #writes = 0;
  #untaken = 0;
  #isClosed = false;

  /** `giveUp` stops reading from the socket: else a connection that nobody reads at the other end would stay open. */
  constructor(socket: Socket, onTaken: OnTaken, onBroken: () => void, giveUp: () => void) {
    this.#socket = socket;
    this.#writer = socket.writable.getWriter();
    this.#onTaken = onTaken;
    this.#onBroken = onBroken;
    this.#giveUp = giveUp;
  }

  get untaken(): number {
    return this.#untaken;
  }

  send(bytes: Uint8Array, weight: number): void {
    if (this.#isClosed) return;
    this.#untaken += weight;
    this.#writingSince ??= Date.now();
    for (let at = 0; at < bytes.length; at += WRITE_SIZE) {
      const isLast = at + WRITE_SIZE >= bytes.length;
      this.#write(bytes.subarray(at, at + WRITE_SIZE), isLast ? weight : 0);
    }
  }

  #write(bytes: Uint8Array, weight: number): void {
    this.#writes++;
    this.#writer.write(bytes).then(
      () => {
        this.#writes--;
        this.#writingSince = this.#writes === 0 ? null : Date.now();
        this.#untaken -= weight;
        if (weight > 0) this.#onTaken(weight);
      },
      () => this.#onBroken(), // the peer is gone; the reading side learns it, too
    );
  }

  isStuck(ms: number, now: number): boolean {
    return this.#writingSince !== null && now - this.#writingSince > ms;
  }

  /** Closes once everything that was sent is written, or after a while. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const closeSocket = () => this.#socket.close().catch(this.#onBroken);
    const impatience = setTimeout(() => {
      this.#writer.abort().catch(this.#onBroken);
      void closeSocket();
      this.#giveUp();
    }, GRACE_MS);
    void this.#writer
      .close()
      .then(closeSocket, closeSocket)
      .finally(() => clearTimeout(impatience));
  }
}
