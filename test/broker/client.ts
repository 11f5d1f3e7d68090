// A V2 client that finishes what it is sent as fast as it can, and that can stop reading its socket.

import { openWire, type Wire } from "./wire.ts";

const MAGIC = "  V2";
const MESSAGE = 2;
/** Offsets in a frame: size, type, then for messages timestamp, attempts, id, body. */
const TYPE_AT = 4;
const ATTEMPTS_AT = 16;
const ID_AT = 18;
const BODY_AT = 34;

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
      const created = new Client(openWire(address, events));
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
