// A V2 client on a WebSocket inside the runtime, for tests.

import { exports } from "cloudflare:workers";
import { concat, fromByteString, readInt32, toByteString, writeInt32 } from "../../src/protocol/bytes.ts";
import { FrameDecoder, FrameType } from "../../src/protocol/frame.ts";

export interface ReceivedMessage {
  readonly id: string;
  readonly attempts: number;
  readonly body: string;
}

export type Received =
  | { readonly response: string }
  | { readonly error: string }
  | ReceivedMessage
  | { closed: number };

/** How long something that must come may take: only a failing test waits that long. No clock is asked, as tests stop it. */
const LOOK_AGAIN_MS = 100;
const PATIENCE = 50;

export class V2Client {
  readonly #socket: WebSocket;
  readonly #decoder = new FrameDecoder();
  readonly #received: Received[] = [];
  #wake: (() => void) | null = null;
  closedWith: number | null = null;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#receive(new Uint8Array(data as ArrayBuffer)));
    socket.addEventListener("close", ({ code }) => {
      this.closedWith = code;
      this.#received.push({ closed: code });
      this.#wake?.();
    });
    socket.accept();
  }

  /** Connects to a path such as `/v2?topic=t&channel=c` and says the magic. */
  static async open(path: string): Promise<V2Client> {
    const response = await exports.default.fetch(`http://broker${path}`, { headers: { Upgrade: "websocket" } });
    return V2Client.on(response);
  }

  /** Begins on a connection that was opened. */
  static async on(response: Response): Promise<V2Client> {
    if (!response.webSocket) throw new Error(`no WebSocket: ${response.status} ${await response.text()}`);
    const client = new V2Client(response.webSocket);
    client.sendBytes(fromByteString("  V2"));
    return client;
  }

  /** A consumer of a channel, on the direct path. */
  static async consumer(topic: string, channel: string, identify: object = {}): Promise<V2Client> {
    const client = await V2Client.open(direct(topic, channel));
    client.send("IDENTIFY", JSON.stringify(identify));
    client.send(`SUB ${topic} ${channel}`);
    for (let i = 0; i < 2; i++) await client.next();
    return client;
  }

  /** Sends command lines, the last one with a body if there is one. */
  send(line: string, body?: string): void {
    const parts = [fromByteString(`${line}\n`)];
    if (body !== undefined) parts.push(sized(fromByteString(body)));
    this.sendBytes(concat(parts));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** The next frame, or the close. */
  async next(): Promise<Received> {
    for (let looks = 0; this.#received.length === 0; looks++) {
      if (looks === PATIENCE) throw new Error("nothing came in time");
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
        scheduler.wait(LOOK_AGAIN_MS),
      ]);
    }
    return this.#received.shift() as Received;
  }

  /** The next frame, which must be a message. */
  async message(): Promise<ReceivedMessage> {
    const received = await this.next();
    if (!("id" in received)) throw new Error(`expected a message, got ${JSON.stringify(received)}`);
    return received;
  }

  async messages(count: number): Promise<ReceivedMessage[]> {
    const messages: ReceivedMessage[] = [];
    while (messages.length < count) messages.push(await this.message());
    return messages;
  }

  /** Everything that comes until the answer to a command that is sent now; what was sent before is carried out by then. */
  async settled(): Promise<Received[]> {
    const nobody = "ffffffffffffffff";
    this.send(`TOUCH ${nobody}`);
    const before: Received[] = [];
    for (;;) {
      const received = await this.next();
      if ("error" in received && received.error.includes(nobody)) return before;
      before.push(received);
      if ("closed" in received) return before;
    }
  }

  close(): void {
    this.#socket.close(1000);
  }

  #receive(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let frame = this.#decoder.next(); frame !== null; frame = this.#decoder.next()) {
      if (frame === "malformed") throw new Error("malformed frame");
      this.#received.push(parse(frame.type, frame.data));
    }
    this.#wake?.();
  }
}

export function direct(topic: string, channel?: string): string {
  const query = new URLSearchParams(channel === undefined ? { topic } : { topic, channel });
  return `/v2?${query}`;
}

export function sized(body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + body.length);
  writeInt32(whole, 0, body.length);
  whole.set(body, 4);
  return whole;
}

function parse(type: number, data: Uint8Array): Received {
  if (type === FrameType.response) return { response: toByteString(data) };
  if (type === FrameType.error) return { error: toByteString(data) };
  return {
    id: toByteString(data, 10, 26),
    attempts: readInt32(data, 6) & 0xffff,
    body: toByteString(data, 26),
  };
}
