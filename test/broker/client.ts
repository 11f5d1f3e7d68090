// A V2 client that finishes what it is sent as fast as it can, and that can stop reading its socket.

import net from "node:net";
import WebSocket from "ws";

const MAGIC = "  V2";
const MESSAGE = 2;
/** Offsets in a frame: size, type, then for messages timestamp, attempts, id, body. */
const TYPE_AT = 4;
const ATTEMPTS_AT = 16;
const ID_AT = 18;
const BODY_AT = 34;

/** Carries bytes; `pause` stops reading, so that the peer's writes run into full buffers. */
interface Wire {
  write(data: string | Buffer): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

export class Client {
  /** Messages received. */
  count = 0;
  /** Called for each message. */
  onMessage: ((body: Buffer, id: string, attempts: number) => void) | null = null;
  /** Whether messages are finished as they come. */
  finishes = true;
  /** What else was received: responses and errors. */
  readonly replies: string[] = [];
  readonly #wire: Wire;
  #rest: Buffer = Buffer.alloc(0);
  #changed: () => void = () => {};
  #isClosed = false;

  /** @param address `host:port`, or the URL of a WebSocket */
  static async open(address: string): Promise<Client> {
    const client: Client = await new Promise((resolve, reject) => {
      const events = {
        opened: () => resolve(created),
        received: (data: Buffer) => created.#received(data),
        closed: (error?: Error) => {
          reject(error ?? new Error("closed"));
          created.#closed();
        },
      };
      const created = new Client(address.startsWith("ws:") ? webSocketWire(address, events) : tcpWire(address, events));
    });
    client.#wire.write(MAGIC);
    return client;
  }

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Subscribes and waits until that is confirmed. */
  async subscribe(topic: string, channel: string): Promise<void> {
    this.#wire.write(`SUB ${topic} ${channel}\n`);
    await this.#until(() => this.replies.length > 0);
    if (this.replies.join() !== "OK") throw new Error(`SUB was answered ${this.replies.join()}`);
  }

  ready(count: number): void {
    this.#wire.write(`RDY ${count}\n`);
  }

  /** Sends commands as they are. */
  write(command: string | Buffer): void {
    this.#wire.write(command);
  }

  pause(): void {
    this.#wire.pause();
  }

  resume(): void {
    this.#wire.resume();
  }

  close(): void {
    this.#wire.destroy();
  }

  /** Waits until it has received so many messages in all. */
  async received(count: number): Promise<void> {
    await this.#until(() => this.count >= count);
    if (this.count < count) throw new Error(`closed after ${this.count} messages: ${this.replies.join()}`);
  }

  /** Waits until it has received so many replies in all. */
  async replied(count: number): Promise<void> {
    await this.#until(() => this.replies.length >= count);
    if (this.replies.length < count) throw new Error(`closed after ${this.replies.length} replies`);
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = () => {
        if (condition() || this.#isClosed) resolve();
      };
      this.#changed();
    });
  }

  #received(data: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    let at = 0;
    let finishes = "";
    while (bytes.length >= at + 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (bytes.length < end) break;
      if (bytes.readInt32BE(at + TYPE_AT) === MESSAGE) {
        const id = bytes.toString("latin1", at + ID_AT, at + BODY_AT);
        if (this.finishes) finishes += `FIN ${id}\n`;
        this.count++;
        this.onMessage?.(bytes.subarray(at + BODY_AT, end), id, bytes.readUInt16BE(at + ATTEMPTS_AT));
      } else {
        this.replies.push(bytes.toString("utf8", at + 8, end));
      }
      at = end;
    }
    this.#rest = bytes.subarray(at);
    if (finishes !== "") this.#wire.write(finishes);
    this.#changed();
  }

  #closed(): void {
    this.#isClosed = true;
    this.#changed();
  }
}

interface WireEvents {
  opened(): void;
  received(data: Buffer): void;
  closed(error?: Error): void;
}

function tcpWire(address: string, events: WireEvents): Wire {
  const [host = "", port] = address.split(":");
  const socket = net.connect({ host, port: Number(port), noDelay: true });
  socket.on("connect", () => events.opened());
  socket.on("data", (data) => events.received(data));
  socket.on("error", (error) => events.closed(error));
  socket.on("close", () => events.closed());
  return {
    write: (data) => void socket.write(data),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  };
}

function webSocketWire(url: string, events: WireEvents): Wire {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on("open", () => events.opened());
  socket.on("message", (data) => events.received(data as Buffer));
  socket.on("error", (error) => events.closed(error));
  socket.on("close", () => events.closed());
  return {
    write: (data) => socket.send(Buffer.from(data)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    destroy: () => socket.terminate(),
  };
}
