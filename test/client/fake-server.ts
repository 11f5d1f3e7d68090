// A server in memory that a test speaks for: it sees commands, and says what the test lets it say.

import type { Link, LinkEvents, Transport } from "../../src/client/transport.ts";
import { concat, fromByteString, fromUtf8, readInt32, utf8 } from "../../src/protocol/bytes.ts";
import { carriesBody } from "../../src/protocol/command.ts";
import { FrameType } from "../../src/protocol/frame.ts";

const LF = 10;
const MAGIC_LENGTH = 4;
const FEATURES = { max_rdy_count: 2_500, msg_timeout: 60_000, max_msg_timeout: 900_000, auth_required: false };

export class FakeServer {
  /** All connections there ever were. */
  readonly connections: FakeConnection[] = [];
  /** Whether an address can be reached. */
  isUp: (address: string) => boolean = () => true;
  features: object = FEATURES;
  /** Whether secrets are shown with the upgrade, as on the direct paths of a broker. */
  isDirect = false;
  /** Whether IDENTIFY and SUB are answered at once. */
  isPolite = true;

  readonly transport: Transport = {
    upgrades: false,
    addressOf: ({ broadcast_address, tcp_port }) => `${broadcast_address}:${tcp_port}`,
    open: async (address, events, _signal, takeSecret) => {
      const secret = this.isDirect ? await takeSecret() : null;
      if (!this.isUp(address)) throw new Error("refused");
      const connection = new FakeConnection(this, address, events, secret);
      this.connections.push(connection);
      return connection;
    },
  };

  get last(): FakeConnection {
    return this.connections.at(-1) as FakeConnection;
  }
}

export class FakeConnection implements Link {
  readonly address: string;
  /** What was shown with the upgrade. */
  readonly secret: string | null;
  /** Lines of commands, bodies behind a colon. */
  readonly commands: string[] = [];
  /** How many messages of the transport came. */
  pieces = 0;
  isClosed = false;
  readonly #server: FakeServer;
  readonly #events: LinkEvents;
  #hasMagic = false;
  #lastId = 0;

  constructor(server: FakeServer, address: string, events: LinkEvents, secret: string | null) {
    this.#server = server;
    this.address = address;
    this.secret = secret;
    this.#events = events;
  }

  send(bytes: Uint8Array): void {
    this.pieces++;
    for (let at = this.#skipMagic(); at < bytes.length; ) {
      const lf = bytes.indexOf(LF, at);
      const line = fromUtf8(bytes.subarray(at, lf));
      at = lf + 1;
      if (!carriesBody(line.split(" ", 1)[0] ?? "")) this.#take(line);
      else {
        const end = at + 4 + readInt32(bytes, at);
        this.#take(line, fromUtf8(bytes.subarray(at + 4, end)));
        at = end;
      }
    }
  }

  close(): void {
    this.isClosed = true;
  }

  /** The time of the client's secret is over. */
  expire(): void {
    this.error("E_AUTH_FAILED AUTH failed");
    this.hangUp();
  }

  /** The server closes. */
  hangUp(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#events.closed(new Error("hung up"));
  }

  response(text: string): void {
    this.bytes(frame(FrameType.response, utf8(text)));
  }

  error(text: string): void {
    this.bytes(frame(FrameType.error, utf8(text)));
  }

  /** Sends a message; returns its id. */
  message(body = "x", attempts = 1): string {
    const id = (++this.#lastId).toString(16).padStart(16, "0");
    const header = new Uint8Array(10);
    new DataView(header.buffer).setBigInt64(0, 1_700_000_000_000_000_000n);
    new DataView(header.buffer).setUint16(8, attempts);
    this.bytes(frame(FrameType.message, concat([header, fromByteString(id), utf8(body)])));
    return id;
  }

  bytes(bytes: Uint8Array): void {
    if (!this.isClosed) this.#events.data(bytes);
  }

  #skipMagic(): number {
    const length = this.#hasMagic ? 0 : MAGIC_LENGTH;
    this.#hasMagic = true;
    return length;
  }

  #take(line: string, body?: string): void {
    const { features, isPolite } = this.#server;
    if (!isPolite) this.commands.push(line);
    else if (line === "IDENTIFY") queueMicrotask(() => this.response(JSON.stringify(features)));
    else if (line.startsWith("AUTH") || line.startsWith("SUB")) {
      this.commands.push(body === undefined ? line : `${line}: ${body}`);
      queueMicrotask(() => this.response("OK"));
    } else this.commands.push(body === undefined ? line : `${line}: ${body}`);
  }

  /** What was said since this was asked last. */
  said(): string[] {
    return this.commands.splice(0);
  }
}

export function frame(type: number, data: Uint8Array): Uint8Array {
  const whole = new Uint8Array(8 + data.length);
  new DataView(whole.buffer).setInt32(0, 4 + data.length);
  new DataView(whole.buffer).setInt32(4, type);
  whole.set(data, 8);
  return whole;
}
