// Publishes over one connection: commands go out in order, and answers come back in order (spec 8.3).

import { utf8 } from "../protocol/bytes.ts";
import { Fifo } from "../protocol/fifo.ts";
import { isValidName } from "../protocol/names.ts";
import { line, multiPublish, withBody } from "./commands.ts";
import { Connection } from "./connection.ts";
import { MalformedError, NotConnectedError, NsqError, type ProtocolError, StoppedError } from "./errors.ts";
import { Events, type Unsubscribe } from "./events.ts";
import { type ProducerConfig, type ProducerOptions, producerConfig } from "./options.ts";
import { retryDelay, wait } from "./retry.ts";

/** A body: bytes as they are, or text as UTF-8. */
export type Body = Uint8Array | string;

export interface ProducerEvents {
  connection: { readonly address: string };
  disconnection: { readonly address: string; readonly error: Error };
  /** The address could not be reached: who waits is told, and the next publish tries again. */
  error: Error;
}

interface Pending {
  readonly command: Uint8Array;
  resolve(): void;
  reject(error: Error): void;
}

export class Producer {
  readonly #address: string;
  readonly #config: ProducerConfig;
  readonly #events = new Events<ProducerEvents>();
  #connection: Connection | null = null;
  /** Under way while it connects. */
  #connecting: Promise<Connection> | null = null;
  /** Whether those who wait are being connected. */
  #isConnecting = false;
  /** Sent on this connection and not answered, or to be sent when there is one. */
  readonly #pending = new Fifo<Pending>();
  /** Connections that failed, or were lost, one after the other without an answer. */
  #failures = 0;
  /** Whether this connection has stored anything. */
  #hasAnswered = false;
  readonly #stopping = new AbortController();

  /**
   * Connects when the first command needs it.
   * @param address of an nsqd or a broker, in the form of the transport: `wss://broker.example/v2`
   * @throws {OptionError}
   */
  constructor(address: string, options: ProducerOptions = {}) {
    this.#address = address;
    this.#config = producerConfig(options);
  }

  /** Resolves when the message is stored. */
  publish(topic: string, body: Body): Promise<void> {
    return this.#command(topic, () => withBody(["PUB", topic], bytesOf(body)));
  }

  /** All of them, or none. */
  multiPublish(topic: string, bodies: readonly Body[]): Promise<void> {
    return this.#command(topic, () => multiPublish(topic, bodies.map(bytesOf)));
  }

  /** The message is not delivered before `delayMs` have passed. */
  deferredPublish(topic: string, delayMs: number, body: Body): Promise<void> {
    return this.#command(topic, () => withBody(["DPUB", topic, Math.round(delayMs)], bytesOf(body)));
  }

  /** Resolves when there is a connection. */
  async ping(): Promise<void> {
    if (this.#isStopped) throw new StoppedError();
    (await this.#connect()).send(line("NOP"));
  }

  /** For good. What is not answered is rejected. */
  stop(): void {
    if (this.#isStopped) return;
    this.#stopping.abort();
    this.#connection?.close();
    this.#connection = null;
    this.#rejectAll(new NotConnectedError("stopped before an answer came"));
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  on<N extends keyof ProducerEvents>(name: N, listener: (event: ProducerEvents[N]) => void): Unsubscribe {
    return this.#events.on(name, listener);
  }

  #command(topic: string, write: () => Uint8Array): Promise<void> {
    if (this.#isStopped) return Promise.reject(new StoppedError());
    if (!isValidName(topic)) return Promise.reject(new NsqError(`invalid topic name: ${topic}`)); // it would be another command
    return new Promise((resolve, reject) => {
      const pending = { command: write(), resolve, reject };
      if (this.#connection) this.#send(this.#connection, pending);
      else {
        this.#pending.push(pending);
        void this.#connectForAll();
      }
    });
  }

  /** Connects for those who wait; with `republish` again and again. */
  async #connectForAll(): Promise<void> {
    if (this.#isConnecting) return;
    this.#isConnecting = true;
    while (this.#pending.size > 0 && !this.#connection && !this.#isStopped) await this.#connect().catch(() => {}); // they are told
    this.#isConnecting = false;
  }

  /** The connection; rejects when there is none to be had. */
  #connect(): Promise<Connection> {
    if (this.#connection) return Promise.resolve(this.#connection);
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #open(): Promise<Connection> {
    try {
      await this.#delay();
      const events = {
        response: (text: string) => this.#answered(text),
        error: (error: ProtocolError) => this.#refused(error),
        message: () => this.#fail(new MalformedError("a message came to a producer")),
        closed: (error: Error) => this.#lost(error),
      };
      const connection = await Connection.open(this.#address, this.#config, events, this.#stopping.signal);
      if (this.#isStopped) {
        connection.close();
        throw new StoppedError();
      }
      this.#connection = connection;
      this.#hasAnswered = false;
      for (const pending of this.#pending.takeAll()) this.#send(connection, pending);
      connection.start();
      this.#events.emit("connection", { address: this.#address });
      return connection;
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  /** After failures it waits, so that a server that comes back is not overrun. */
  #delay(): Promise<void> {
    const { reconnectDelay, maxReconnectDelay, clock } = this.#config;
    if (this.#failures === 0) return Promise.resolve();
    const delay = retryDelay(this.#failures, reconnectDelay, maxReconnectDelay, clock.random());
    return wait(clock, delay, this.#stopping.signal);
  }

  #unreachable(cause: unknown): Error {
    if (this.#isStopped) return new StoppedError();
    this.#failures++;
    const error = new NotConnectedError(`${this.#address} could not be reached: ${messageOf(cause)}`, { cause });
    this.#events.emit("error", error);
    if (!this.#config.republish) this.#rejectAll(error);
    return error;
  }

  #send(connection: Connection, pending: Pending): void {
    this.#pending.push(pending);
    connection.send(pending.command);
  }

  /** Whoever is answered now. */
  #shift(): Pending | undefined {
    const { first } = this.#pending;
    if (first) this.#pending.shift();
    return first;
  }

  #answered(text: string): void {
    this.#failures = 0;
    this.#hasAnswered = true;
    const first = text === "OK" ? this.#shift() : undefined;
    if (first) first.resolve();
    else this.#fail(new MalformedError(`an answer came that belongs to nothing: ${text}`));
  }

  #refused(error: ProtocolError): void {
    if (error.code === "E_AUTH_FAILED") {
      this.#fail(error); // it is said of the connection, when a secret holds no more: what became of a publish is not known
      return;
    }
    const first = this.#shift();
    if (first) first.reject(error);
    else this.#events.emit("error", error);
  }

  #fail(error: Error): void {
    this.#connection?.close();
    this.#lost(error);
  }

  #lost(error: Error): void {
    this.#connection = null;
    if (!this.#hasAnswered) this.#failures++;
    this.#events.emit("disconnection", { address: this.#address, error });
    if (this.#pending.size === 0) return;
    if (this.#config.republish) void this.#connectForAll();
    else
      this.#rejectAll(
        error instanceof NotConnectedError ? error : new NotConnectedError(error.message, { cause: error }),
      );
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#pending.takeAll()) reject(error);
  }
}

function bytesOf(body: Body): Uint8Array {
  return typeof body === "string" ? utf8(body) : body;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
