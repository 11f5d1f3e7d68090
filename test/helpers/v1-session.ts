// A V1 session whose host only writes down what it is told, and a producer that talks to it.

import { type V1Host, V1Session } from "../../src/lookup/v1-session.ts";
import { concat, readInt32 } from "../../src/protocol/bytes.ts";
import { bytesOf, identify, textOf } from "./commands.ts";
import { T0 } from "./records.ts";

export const V1_MAGIC = "  V1";
export const REMOTE_ADDRESS = "192.0.2.7:40123";
/** What a session answers to IDENTIFY. */
export const SELF = '{"broadcast_address":"lookup","hostname":"h","http_port":4161,"tcp_port":4160,"version":"1.3.0"}';

/** What nsqd says of itself. */
export const PEER = {
  broadcast_address: "10.0.0.9",
  hostname: "hh",
  tcp_port: 5000,
  http_port: 5001,
  version: "1.0.0",
  topology_zone: "z",
  topology_region: "r",
};

export class V1Client {
  now = T0;
  /** What the host was told: `IDENTIFY`, `REGISTER topic` or `REGISTER topic channel`, UNREGISTER likewise. */
  readonly calls: string[] = [];
  readonly #self: string;
  session: V1Session;

  constructor(self = SELF) {
    this.#self = self;
    this.session = this.#newSession();
  }

  send(text: string): string[] {
    return this.sendBytes(bytesOf(text));
  }

  sendBytes(bytes: Uint8Array): string[] {
    this.session.receive(bytes, this.now);
    return this.#replies();
  }

  /** Sends no more. */
  end(): string[] {
    this.session.endOfInput();
    return this.#replies();
  }

  /** Goes on with what is kept over a sleep. */
  sleep(): void {
    const kept = structuredClone(this.session.state);
    this.session = this.#newSession();
    this.session.restore(kept);
  }

  #newSession(): V1Session {
    const told =
      (command: string) =>
      (...names: (string | null)[]) => {
        this.calls.push([command, ...names.filter((name) => name !== null)].join(" "));
      };
    const host: V1Host = {
      identified: () => {
        told("IDENTIFY")();
        return this.#self;
      },
      register: told("REGISTER"),
      unregister: told("UNREGISTER"),
    };
    return new V1Session(REMOTE_ADDRESS, host);
  }

  #replies(): string[] {
    const output = concat(this.session.takeOutput());
    const replies: string[] = [];
    for (let at = 0; at < output.length; ) {
      const end = at + 4 + readInt32(output, at);
      if (end > output.length) throw new Error(`half a reply at ${at}`);
      replies.push(textOf(output, at + 4, end));
      at = end;
    }
    return replies;
  }
}

/** A producer that has sent the magic. */
export function connectV1(): V1Client {
  const client = new V1Client();
  client.send(V1_MAGIC);
  return client;
}

/** One that has introduced itself, too. */
export function connectProducer(): V1Client {
  const client = connectV1();
  client.send(identify(PEER));
  return client;
}
