// One connection of a consumer: SUB, its RDY, and its messages in flight.

import { line } from "./commands.ts";
import { Connection, type ConnectionEvents } from "./connection.ts";
import type { ProtocolError } from "./errors.ts";
import { type Answered, Message, type Responder, type Response } from "./message.ts";
import type { ConnectionConfig } from "./options.ts";
import type { Receiver } from "./rdy.ts";

export interface SourceEvents {
  message(message: Message, source: Source): void;
  error(error: ProtocolError): void;
  /** The server has taken the subscription. */
  subscribed(source: Source): void;
  timedOut(message: Message): void;
  /** It is over; its messages in flight will come again. */
  closed(source: Source, error: Error): void;
  /** A message is answered: what must be told before the answer goes out is to be told now. */
  answering(response: Response): void;
  /** How long a requeued message waits, ms. */
  requeueDelay(message: Message, response: Response & { kind: "requeue" }): number;
}

interface Times {
  timeoutAt: number;
  readonly latestAt: number;
}

export class Source implements Receiver, Responder {
  readonly address: string;
  rdy = 0;
  lastMessageAt: number;
  lastRdyAt = 0;
  readonly #config: ConnectionConfig;
  readonly #events: SourceEvents;
  #connection: Connection | null = null;
  readonly #inFlight = new Map<Message, Times>();
  readonly #expired = new WeakSet<Message>();
  #isSubscribed = false;
  #isClosing = false;
  /** The server has said that no message comes any more. */
  #isWaited = false;
  #hasClosed: (() => void) | null = null;

  private constructor(address: string, config: ConnectionConfig, events: SourceEvents) {
    this.address = address;
    this.#config = config;
    this.#events = events;
    this.lastMessageAt = config.clock.now();
  }

  /** Connects; `subscribe` is to follow. Rejects with what went wrong. */
  static async open(
    address: string,
    config: ConnectionConfig,
    events: SourceEvents,
    signal: AbortSignal,
  ): Promise<Source> {
    const source = new Source(address, config, events);
    source.#connection = await Connection.open(address, config, source.#connectionEvents, signal);
    return source;
  }

  /** RDY may follow at once. */
  subscribe(topic: string, channel: string): void {
    this.#connection?.send(line("SUB", topic, channel));
    this.#connection?.start();
  }

  /** Whether the server has taken the subscription. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  get maxRdyCount(): number {
    return this.#connection?.settings.maxRdyCount ?? 0;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  tell(rdy: number): void {
    this.rdy = rdy;
    this.lastRdyAt = this.#config.clock.now();
    if (!this.#isClosing) this.#connection?.send(line("RDY", rdy));
  }

  /** When the time of a message runs out, and when it does so whatever is touched, ms; null when it is not in flight any more. */
  timesOf(message: Message): { readonly timeoutAt: number; readonly latestAt: number } | null {
    return this.#inFlight.get(message) ?? null;
  }

  /** Whether a message can still be answered. */
  holds(message: Message): boolean {
    return this.#problem(message) === null;
  }

  /** Lets go of what timed out. */
  expire(now: number): void {
    for (const [message, { timeoutAt }] of this.#inFlight) {
      if (now >= timeoutAt) this.#expire(message);
    }
    this.#closeWhenDone();
  }

  #expire(message: Message): void {
    this.#inFlight.delete(message);
    this.#expired.add(message);
    this.#events.timedOut(message);
  }

  respond(message: Message, response: Response): Answered {
    const problem = this.#problem(message);
    if (problem) return problem;
    this.#inFlight.delete(message);
    this.#events.answering(response);
    const command =
      response.kind === "finish"
        ? line("FIN", message.id)
        : line("REQ", message.id, Math.round(this.#events.requeueDelay(message, response)));
    this.#connection?.send(command);
    this.#closeWhenDone();
    return "sent";
  }

  touch(message: Message): Answered {
    const problem = this.#problem(message);
    if (problem || !this.#connection) return problem ?? "not connected";
    const { msgTimeout } = this.#connection.settings;
    const times = this.#inFlight.get(message) as Times;
    times.timeoutAt = Math.min(this.#config.clock.now() + msgTimeout, times.latestAt);
    this.#connection.send(line("TOUCH", message.id));
    return "sent";
  }

  /** Asks for no more messages. Resolves when those in flight are answered and the connection is closed. */
  stop(): Promise<void> {
    this.#isClosing = true;
    this.#connection?.send(line("CLS"));
    return new Promise((resolve) => {
      this.#hasClosed = resolve;
      if (!this.#connection) resolve();
    });
  }

  /** At once. */
  close(): void {
    this.#connection?.close();
    this.#gone();
  }

  readonly #connectionEvents: ConnectionEvents = {
    response: (text) => {
      if (text !== "CLOSE_WAIT") {
        this.#isSubscribed = true;
        this.#events.subscribed(this);
        return;
      }
      this.#isWaited = true;
      this.#closeWhenDone();
    },
    error: (error) => this.#events.error(error),
    message: (data) => {
      const { msgTimeout, maxMsgTimeout } = (this.#connection as Connection).settings;
      const now = this.#config.clock.now();
      this.lastMessageAt = now;
      const message = new Message(data, this.address, this);
      this.#inFlight.set(message, { timeoutAt: now + msgTimeout, latestAt: now + maxMsgTimeout });
      this.#events.message(message, this);
    },
    closed: (error) => {
      this.#gone();
      this.#events.closed(this, error);
    },
  };

  /** Why a message cannot be answered; null when it can. */
  #problem(message: Message): Exclude<Answered, "sent"> | null {
    const times = this.#inFlight.get(message);
    if (!this.#connection) return "not connected";
    if (!times) return this.#expired.has(message) ? "timed out" : "already answered";
    if (this.#config.clock.now() < times.timeoutAt) return null;
    this.#expire(message);
    this.#closeWhenDone();
    return "timed out";
  }

  #closeWhenDone(): void {
    if (!this.#isWaited || this.#inFlight.size > 0) return;
    this.close();
    this.#events.closed(this, new Error("stopped"));
  }

  #gone(): void {
    this.#connection = null;
    this.#inFlight.clear();
    this.#hasClosed?.();
  }
}
