// Connections over TCP, in Node: to a plain nsqd, or to a broker where it accepts TCP.

import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw } from "node:zlib";
import type { LinkEvents, Transport } from "./transport.ts";

export interface TcpOptions {
  /** How the connection is encrypted, where the option `tls` asks for that. */
  readonly tls?: ConnectionOptions;
}

/** What is not taken so long after the end is not waited for, ms. */
const LINGER = 5_000;

/** Addresses are `host:port`, with or without `tcp://` before it. */
export function tcpTransport(options: TcpOptions = {}): Transport {
  return {
    upgrades: true,
    addressOf: ({ broadcast_address, tcp_port }) => hostPort(broadcast_address, tcp_port),
    async open(address, events, signal) {
      const { hostname, port } = parseAddress(address);
      const socket = connectTcp({ host: hostname, port, noDelay: true });
      socket.on("error", () => {}); // what is to be known of it is said by "close"
      const abandon = () => socket.destroy(signal.reason);
      signal.addEventListener("abort", abandon);
      await once(socket, "connect");
      return new TcpLink(socket, hostname, options, events);
    },
  };
}

class TcpLink {
  #socket: Socket;
  readonly #hostname: string;
  readonly #options: TcpOptions;
  readonly #events: LinkEvents;
  #deflate: DeflateRaw | null = null;
  #isClosed = false;
  #error: unknown;

  constructor(socket: Socket, hostname: string, options: TcpOptions, events: LinkEvents) {
    this.#socket = socket;
    this.#hostname = hostname;
    this.#options = options;
    this.#events = events;
    this.#listen((bytes) => events.data(bytes));
  }

  send(bytes: Uint8Array): void {
    if (this.#socket.writable) (this.#deflate ?? this.#socket).write(bytes);
  }

  close(): void {
    this.#isClosed = true;
    const socket = this.#socket;
    socket.setTimeout(LINGER, () => socket.destroy());
    if (this.#deflate) this.#deflate.end(() => socket.destroySoon());
    else socket.destroySoon();
  }

  async upgrade(form: "tls" | "deflate", rest: Uint8Array, { deflateLevel }: { deflateLevel: number }): Promise<void> {
    this.#socket.removeAllListeners("data").removeAllListeners("close");
    if (form === "tls") await this.#encrypt();
    else this.#compress(rest, deflateLevel);
  }

  async #encrypt(): Promise<void> {
    this.#socket = connectTls({ ...this.#serverName, ...this.#options.tls, socket: this.#socket });
    this.#listen((bytes) => this.#events.data(bytes));
    await once(this.#socket, "secureConnect");
  }

  /** An address is none. */
  get #serverName(): { servername?: string } {
    return isIP(this.#hostname) ? {} : { servername: this.#hostname };
  }

  #compress(rest: Uint8Array, level: number): void {
    const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
    inflate.on("data", (bytes: Uint8Array) => this.#events.data(bytes));
    inflate.on("error", (error) => this.#socket.destroy(error));
    inflate.on("close", () => this.#ended());
    this.#deflate = createDeflateRaw({ level, flush: constants.Z_SYNC_FLUSH });
    this.#deflate.pipe(this.#socket);
    // What came before the end is still to be inflated.
    this.#listen(
      (bytes) => inflate.write(bytes),
      () => inflate.end(),
    );
    if (rest.length > 0) inflate.write(rest);
  }

  #listen(data: (bytes: Uint8Array) => void, closed = () => this.#ended()): void {
    const socket = this.#socket;
    socket.on("data", data);
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", closed);
  }

  #ended(): void {
    if (!this.#isClosed) this.#events.closed(this.#error ?? new Error("the server closed the connection"));
    this.#isClosed = true;
  }
}

function parseAddress(address: string): { hostname: string; port: number } {
  const { hostname, port } = new URL(address.includes("://") ? address : `tcp://${address}`);
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
