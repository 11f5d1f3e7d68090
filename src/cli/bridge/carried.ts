// A client's TCP connection, carried over a WebSocket. Neither end sends on before the other has taken what came: what is in memory
// here is a piece each way, and what the system's sockets hold.

import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { textOf } from "../failure.ts";
import type { StreamPath } from "./dial.ts";
import type { V1Replies } from "./v1-replies.ts";
import { WATCH_MS, watch } from "./watch.ts";

const MAGIC_LENGTH = 4;
const V1_MAGIC = "  V1";
/** WebSocket close codes (RFC 6455 7.4.1). */
const NORMAL = 1000;
const LOST = 1006;
/** How long a client may leave untaken what it was sent before the broker closed, ms. */
const LINGER_MS = 5_000;

export interface CarriedOptions {
  /** Opens the way to the broker. */
  dial(path: StreamPath): Promise<WebSocket>;
  /** What is said to a producer is not all for it as it comes. */
  createV1Replies(client: Socket): V1Replies;
  /** Says what went wrong. */
  trouble(text: string): void;
}

export class Carried {
  /** Resolves when both ends are closed. */
  readonly closed: Promise<void>;
  readonly #client: Socket;
  readonly #options: CarriedOptions;
  readonly #name: string;
  readonly #linkEnded = Promise.withResolvers<void>();
  #head: Buffer = Buffer.alloc(0);
  #link: WebSocket | null = null;
  #v1: V1Replies | null = null;
  /** What the link met, until it closes. */
  #problem = "";
  /** Whether its end was wanted: by the client, or by who stops the bridge. */
  #isEnding = false;
  /** Whether the broker is gone: what the client still sends is nobody's. */
  #isOver = false;

  /** @param client with `allowHalfOpen`: the end of what it sends is not the end of what it reads */
  constructor(client: Socket, options: CarriedOptions) {
    this.#client = client;
    this.#options = options;
    this.#name = `${client.remoteAddress}:${client.remotePort}`;
    const clientEnded = new Promise<void>((resolve) => client.once("close", () => resolve()));
    this.closed = Promise.all([clientEnded, this.#linkEnded.promise]).then(() => {});
    client.on("error", () => {}); // "close" follows
    client.on("data", (bytes) => this.#receive(bytes));
    client.on("end", () => this.#endOfInput());
    client.on("close", () => this.close());
  }

  /** Ends it: what the client has sent before still reaches the broker. */
  close(): void {
    this.#isEnding = true;
    const link = this.#link;
    if (link === null) {
      this.#client.destroy();
      this.#linkEnded.resolve();
    } else {
      link.resume(); // its end is to be seen, whoever does not read
      link.close(NORMAL);
    }
  }

  #receive(bytes: Buffer): void {
    if (this.#isOver) return;
    if (this.#link !== null) this.#send(this.#link, bytes);
    else this.#begin(bytes);
  }

  /** Nothing more is read before this has gone on its way: so the next message is all that came meanwhile. */
  #send(link: WebSocket, bytes: Buffer): void {
    this.#client.pause();
    link.send(bytes, () => this.#client.resume());
  }

  /** Who connects and says nothing, as health checks do, never reaches the broker. */
  #begin(bytes: Buffer): void {
    this.#head = Buffer.concat([this.#head, bytes]);
    if (this.#head.length < MAGIC_LENGTH) return;
    this.#client.pause();
    const isV1 = this.#head.toString("latin1", 0, MAGIC_LENGTH) === V1_MAGIC;
    if (isV1) this.#v1 = this.#options.createV1Replies(this.#client);
    this.#options.dial(isV1 ? "/v1" : "/v2").then(
      (link) => this.#connected(link),
      (error: unknown) => this.#ended(textOf(error)),
    );
  }

  #connected(link: WebSocket): void {
    this.#link = link;
    link.on("message", (data, isBinary) => this.#answered(link, data as Buffer, isBinary));
    link.on("error", (error) => {
      this.#problem ||= textOf(error);
    });
    link.on("close", (code, reason) => {
      const why = this.#problem || (code === LOST ? "the connection to the broker was lost" : `${reason}` || `${code}`);
      this.#ended(this.#isEnding || code === NORMAL ? "" : why);
    });
    watch(link, WATCH_MS, () => this.#giveUp(link, "the broker is silent"));
    link.resume();
    this.#send(link, this.#head);
    this.#head = Buffer.alloc(0);
    if (this.#client.destroyed || this.#isEnding) this.close();
  }

  #answered(link: WebSocket, data: Buffer, isBinary: boolean): void {
    const client = this.#client;
    const answer = this.#v1 ? this.#v1.push(data) : data;
    if (!isBinary || answer === null) this.#giveUp(link, "what answers is no NSQ broker");
    else if (!client.destroyed && !client.write(answer) && !link.isPaused) {
      link.pause();
      client.once("drain", () => link.resume());
    }
  }

  /**
   * A WebSocket knows no half-close, but its close frame is as good: the broker carries out what came before it, answers, and then
   * closes its own side.
   */
  #endOfInput(): void {
    this.#isEnding = true;
    if (this.#link === null) this.#ended("");
    else this.#link.close(NORMAL);
  }

  #giveUp(link: WebSocket, problem: string): void {
    this.#problem ||= problem;
    link.terminate();
  }

  /** The client's end is closed, not reset: what came before goes to it, and a reset would take that away again. */
  #ended(problem: string): void {
    if (problem !== "") this.#options.trouble(`${this.#name}: ${problem}`);
    this.#isOver = true;
    const client = this.#client;
    client.end();
    client.resume(); // to its end: closed with bytes unread it would be reset
    client.setTimeout(LINGER_MS, () => client.destroy());
    this.#linkEnded.resolve();
  }
}
