// A connection that costs its process little: raw TCP, or a WebSocket of which binary messages are all that is used (RFC 6455).
// What is sent again and again is prepared once, masked as a browser's would be.

import net from "node:net";

/** Room before a payload for the header of a WebSocket message with a mask. */
export const HEADER_ROOM = 14;
const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
const BINARY = 0x82;
const MASKED = 0x80;
const OPCODES = 0x0f;
const CLOSE = 8;
const MAX_SHORT = 125;
const MAX_16 = 0xffff;
const END_OF_HEAD = "\r\n\r\n";

export class Connection {
  /** Called with pieces of the stream, valid during the call. */
  onData: (bytes: Buffer) => void = () => {};
  /** Called once when the connection is gone though it was not closed here. */
  onLost: () => void = () => {};
  readonly #socket: net.Socket;
  readonly #isWebSocket: boolean;
  /** Bytes of the WebSocket message under way that have not come. */
  #missing = 0;
  /** A header that came in part. */
  #partial: Buffer = Buffer.alloc(0);
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
    if (!this.#isWebSocket) return buffer.subarray(HEADER_ROOM, end);
    const length = end - HEADER_ROOM;
    const start = HEADER_ROOM - MASK.length - lengthBytes(length) - 1;
    buffer[start] = BINARY;
    writeLength(buffer, start + 1, length);
    MASK.copy(buffer, HEADER_ROOM - MASK.length);
    for (let at = HEADER_ROOM, i = 0; at < end; at++, i++)
      buffer[at] = (buffer[at] as number) ^ (MASK[i & 3] as number);
    return buffer.subarray(start, end);
  }

  /** Sends what was prepared; `taken` is called when it may be used again. */
  write(prepared: Buffer, taken?: () => void): void {
    this.#socket.write(prepared, taken);
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.on("data", (chunk) => {
      if (this.#isWebSocket) this.#unframe(chunk);
      else this.onData(chunk);
    });
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      if (!this.#isClosed) this.onLost();
    });
  }

  /** Passes on what lies in WebSocket messages, whether they are complete or not. */
  #unframe(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#missing === 0) {
        const head = this.#partial.length > 0 ? Buffer.concat([this.#partial, chunk.subarray(at)]) : chunk.subarray(at);
        const header = readHeader(head);
        if (header === null) {
          this.#partial = Buffer.from(head);
          return;
        }
        at += header.size - this.#partial.length;
        this.#partial = Buffer.alloc(0);
        if (header.opcode === CLOSE) this.#socket.destroy();
        this.#missing = header.length;
      }
      const end = Math.min(chunk.length, at + this.#missing);
      this.#missing -= end - at;
      if (end > at) this.onData(chunk.subarray(at, end));
      at = end;
    }
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

function lengthBytes(length: number): number {
  if (length <= MAX_SHORT) return 1;
  return length <= MAX_16 ? 3 : 9;
}

function writeLength(buffer: Buffer, at: number, length: number): void {
  if (length <= MAX_SHORT) {
    buffer[at] = MASKED | length;
  } else if (length <= MAX_16) {
    buffer[at] = MASKED | 126;
    buffer.writeUInt16BE(length, at + 1);
  } else {
    buffer[at] = MASKED | 127;
    buffer.writeBigUInt64BE(BigInt(length), at + 1);
  }
}

/** The header of a message from a server, which is not masked; null while it is not complete. */
function readHeader(bytes: Buffer): { opcode: number; length: number; size: number } | null {
  if (bytes.length < 2) return null;
  const opcode = bytes.readUInt8(0) & OPCODES;
  const short = bytes.readUInt8(1);
  if (short <= MAX_SHORT) return { opcode, length: short, size: 2 };
  if (short === 126) return bytes.length < 4 ? null : { opcode, length: bytes.readUInt16BE(2), size: 4 };
  return bytes.length < 10 ? null : { opcode, length: Number(bytes.readBigUInt64BE(2)), size: 10 };
}
