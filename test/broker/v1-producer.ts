// A producer that registers its topics with V1 over TCP.

import { once } from "node:events";
import net from "node:net";

const SIZE = 4;

export class V1Producer {
  readonly #socket: net.Socket;
  #input: Buffer = Buffer.alloc(0);
  #changed: () => void = () => {};
  isClosed = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on("data", (data: Buffer) => {
      this.#input = Buffer.concat([this.#input, data]);
      this.#changed();
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      this.isClosed = true;
      this.#changed();
    });
  }

  /** Connects, and introduces itself as `host:4151`, or as it is told. @param address `host:port` */
  static async open(address: string, host: string, told: object = {}): Promise<V1Producer> {
    const [to = "", port] = address.split(":");
    const socket = net.connect({ host: to, port: Number(port), noDelay: true });
    await once(socket, "connect");
    const producer = new V1Producer(socket);
    const usual = { broadcast_address: host, hostname: host, tcp_port: 4150, http_port: 4151, version: "1.0" };
    const info = { ...usual, ...told };
    const body = Buffer.from(JSON.stringify(info));
    const size = Buffer.alloc(SIZE);
    size.writeInt32BE(body.length);
    producer.write(Buffer.concat([Buffer.from("  V1IDENTIFY\n"), size, body]));
    await producer.replies(1);
    return producer;
  }

  write(data: string | Buffer): void {
    this.#socket.write(data);
  }

  /** The next replies; fewer when the connection ends before. */
  async replies(count: number): Promise<string[]> {
    const replies: string[] = [];
    while (replies.length < count) {
      const size = this.#input.length < SIZE ? Number.POSITIVE_INFINITY : this.#input.readInt32BE(0);
      if (this.#input.length >= SIZE + size) {
        replies.push(this.#input.toString("latin1", SIZE, SIZE + size));
        this.#input = this.#input.subarray(SIZE + size);
      } else if (this.isClosed) {
        break;
      } else {
        await new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
      }
    }
    return replies;
  }

  close(): void {
    this.#socket.destroy();
  }
}
