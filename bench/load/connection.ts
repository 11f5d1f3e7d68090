// A connection that costs its process little: raw TCP, or a WebSocket of which binary messages are all that is used (RFC 6455).
// What is sent again and again is prepared once, masked as a browser's would be.

import net from "node:net";
import { frameInPlace, HEADER_ROOM, Unframer } from "./web-socket.ts";

const END_OF_HEAD = "\r\n\r\n";

export class Connection {
  /** Called with pieces of the stream, valid during the call. */
  onData: (bytes: Buffer) => void = () => {};
  /** Called once when the connection is gone though it was not closed here. */
  onLost: () => void = () => {};
  readonly #socket: net.Socket;
  readonly #isWebSocket: boolean;
  #isClosed = false;

  /** @param url `tcp://host:port` or `ws://host:port/path` */
  static async open(url: string): Promise<Connection> {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const isWebSocket = protocol === "ws:";
    const connection = new Connection(socket, isWebSocket);
    if (isWebSocket) await upgrade(socket, `${hostname}:${port}`, pathname + search);
    connection.#listen();
    return connection;
  }

  private constructor(socket: net.Socket, isWebSocket: boolean) {
    this.#socket = socket;
    this.#isWebSocket = isWebSocket;
  }

  /** Brings a payload into the form in which it is written, as one WebSocket message. */
  prepare(payload: Uint8Array): Buffer {
    const buffer = Buffer.alloc(HEADER_ROOM + payload.length);
    buffer.set(payload, HEADER_ROOM);
    return this.prepareIn(buffer, buffer.length);
  }

  /** The same for a payload that lies in `buffer` behind HEADER_ROOM and ends at `end`: it is changed, and not copied. */
  prepareIn(buffer: Buffer, end: number): Buffer {
    return this.#isWebSocket ? frameInPlace(buffer, end) : buffer.subarray(HEADER_ROOM, end);
  }

  /** Sends what was prepared; `taken` is called when it may be used again. */
  write(prepared: Buffer, taken?: () => void): void {
    this.#socket.write(prepared, taken);
  }

  /** What was written still arrives. */
  close(): void {
    this.#isClosed = true;
    this.onData = () => {};
    this.#socket.end();
  }

  #listen(): void {
    const unframer = new Unframer(
      (bytes) => this.onData(bytes),
      () => this.#socket.destroy(),
    );
    this.#socket.on("data", (chunk) => {
      if (this.#isWebSocket) unframer.push(chunk);
      else this.onData(chunk);
    });
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      if (!this.#isClosed) this.onLost();
    });
  }
}

async function upgrade(socket: net.Socket, host: string, path: string): Promise<void> {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  ];
  socket.write(lines.join("\r\n") + END_OF_HEAD);
  let head = "";
  while (!head.includes(END_OF_HEAD)) head += await nextChunk(socket);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`no WebSocket at ${path}: ${head}`);
}

/** The first thing said on a WebSocket is the client's, so what comes before that is the head alone. */
function nextChunk(socket: net.Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk) => resolve(chunk.toString("latin1")));
    socket.once("close", () => reject(new Error("closed during the upgrade")));
  });
}
