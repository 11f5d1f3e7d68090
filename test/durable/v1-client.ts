// A producer that speaks V1 on a WebSocket inside the runtime, for tests.

import { exports } from "cloudflare:workers";
import { concat, fromByteString, readInt32, toByteString } from "../../src/protocol/bytes.ts";
import { sized } from "./v2-client.ts";

const LOOK_AGAIN_MS = 10;
const PATIENCE = 500;

export class V1Client {
  readonly #socket: WebSocket;
  #input: Uint8Array = new Uint8Array(0);
  isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => {
      this.#input = concat([this.#input, new Uint8Array(data as ArrayBuffer)]);
    });
    socket.addEventListener("close", () => {
      this.isClosed = true;
    });
    socket.accept();
  }

  static async open(): Promise<V1Client> {
    const response = await exports.default.fetch("http://broker/v1", { headers: { Upgrade: "websocket" } });
    if (!response.webSocket) throw new Error(`no WebSocket: ${response.status}`);
    const client = new V1Client(response.webSocket);
    client.sendBytes(fromByteString("  V1"));
    return client;
  }

  /** One that has introduced himself as `host:4151`. */
  static async producer(host: string): Promise<V1Client> {
    const client = await V1Client.open();
    const info = { broadcast_address: host, hostname: host, tcp_port: 4150, http_port: 4151, version: "1.0" };
    client.sendBytes(concat([fromByteString("IDENTIFY\n"), sized(fromByteString(JSON.stringify(info)))]));
    await client.reply();
    return client;
  }

  /** Sends a line, and returns the reply. */
  async say(line: string): Promise<string> {
    this.sendBytes(fromByteString(`${line}\n`));
    return this.reply();
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** The next reply, or "closed". */
  async reply(): Promise<string> {
    for (let looks = 0; looks < PATIENCE; looks++) {
      const end = this.#input.length < 4 ? Number.POSITIVE_INFINITY : 4 + readInt32(this.#input, 0);
      if (this.#input.length >= end) {
        const reply = toByteString(this.#input, 4, end);
        this.#input = this.#input.slice(end);
        return reply;
      }
      if (this.isClosed) return "closed";
      await scheduler.wait(LOOK_AGAIN_MS);
    }
    throw new Error("no reply in time");
  }

  close(): void {
    this.#socket.close(1000);
  }
}
