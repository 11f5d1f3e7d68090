// One V2 connection: greeting, heartbeats, frames in, commands out (spec 8.2).

import { concat, fromByteString, fromUtf8, toByteString, utf8 } from "../protocol/bytes.ts";
import { FrameDecoder, FrameType } from "../protocol/frame.ts";
import { line, MAGIC, withBody } from "./commands.ts";
import { MalformedError, NotConnectedError, NsqError, ProtocolError, StoppedError } from "./errors.ts";
import { type ConnectionConfig, secretOf } from "./options.ts";
import type { Link } from "./transport.ts";

/** What the server said of itself. */
export interface ServerSettings {
  readonly maxRdyCount: number;
  /** ms. */
  readonly msgTimeout: number;
  /** ms. */
  readonly maxMsgTimeout: number;
}

/** Of a server that does not negotiate. */
const OLD_SERVER: ServerSettings = { maxRdyCount: 2_500, msgTimeout: 60_000, maxMsgTimeout: 15 * 60_000 };

export interface ConnectionEvents {
  response(text: string): void;
  error(error: ProtocolError): void;
  /** The data of a message frame, valid for good. */
  message(data: Uint8Array): void;
  /** It is over, and nothing follows. Not called after `close`. */
  closed(error: Error): void;
}

interface Awaited {
  resolve(text: string): void;
  reject(error: Error): void;
}

/** What the stream may be turned into, in this order. */
const FORMS = [
  ["tls_v1", "tls"],
  ["deflate", "deflate"],
] as const;
const HEARTBEAT = "_heartbeat_";
const HTTP = fromByteString("HTTP");
/** A message frame begins with timestamp, attempts and id. */
const MESSAGE_HEADER = 26;
/** Bytes of one piece that a transport is given, about. */
const MAX_PIECE = 2 ** 20;

export class Connection {
  readonly address: string;
  readonly #config: ConnectionConfig;
  readonly #events: ConnectionEvents;
  readonly #decoder = new FrameDecoder();
  #link: Link | null = null;
  #settings = OLD_SERVER;
  /** Asked for when it is first shown. */
  #secret: Promise<string> | null = null;
  /** Who waits for a frame of the greeting. */
  #awaited: Awaited | null = null;
  /** Rejected when the connection is lost before it is started. */
  readonly #greeting = Promise.withResolvers<never>();
  #isStarted = false;
  #isClosed = false;
  #outbox: Uint8Array[] = [];
  #heardAt: number;
  #isFirst = true;
  #cancelWatch: () => void = () => {};

  private constructor(address: string, config: ConnectionConfig, events: ConnectionEvents) {
    this.address = address;
    this.#config = config;
    this.#events = events;
    this.#heardAt = config.clock.now();
    this.#greeting.promise.catch(() => {}); // whoever waits for something looks at it
  }

  /**
   * Connects and greets; `start` is to follow. Rejects with what went wrong: then nothing is open.
   * @param signal gives it up
   */
  static async open(
    address: string,
    config: ConnectionConfig,
    events: ConnectionEvents,
    signal: AbortSignal,
  ): Promise<Connection> {
    const connection = new Connection(address, config, events);
    const abort = new AbortController();
    const giveUp = (error: Error) => {
      connection.#lost(error);
      abort.abort(error);
    };
    const stopped = () => giveUp(new StoppedError());
    signal.addEventListener("abort", stopped);
    const cancel = config.clock.after(config.dialTimeout, () =>
      giveUp(new NotConnectedError(`${address} did not answer within ${config.dialTimeout} ms`)),
    );
    try {
      if (signal.aborted) stopped();
      await connection.#open(abort.signal);
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      cancel();
      signal.removeEventListener("abort", stopped);
    }
    return connection;
  }

  get settings(): ServerSettings {
    return this.#settings;
  }

  /** From now on its events are told, also that it was lost in between. */
  start(): void {
    this.#isStarted = true;
    if (this.#isClosed) {
      this.#greeting.promise.catch((error: Error) => this.#events.closed(error));
      return;
    }
    const { maxMsgSize } = this.#config;
    if (maxMsgSize > 0) this.#decoder.maxSize = maxMsgSize + MESSAGE_HEADER + 4;
    this.#watch();
    this.#decode();
  }

  /** Sends a command; those of one turn go out together. */
  send(command: Uint8Array): void {
    if (this.#outbox.push(command) === 1) queueMicrotask(() => this.#flush());
  }

  /** What was sent before still goes out. */
  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#end();
    this.#link?.close();
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { transport, tls } = this.#config;
    const takeSecret = () => this.#takeSecret();
    const data = (bytes: Uint8Array) => this.#receive(bytes);
    const closed = (error: unknown) => this.#lost(lostError(this.address, error));
    const opening = transport.open(this.address, { data, closed }, signal, takeSecret).then((opened) => {
      this.#link = opened;
      if (this.#isClosed) opened.close(); // it came too late
      return opened;
    });
    const link = await this.#unlessLost(opening);
    this.send(MAGIC);
    const answer = await this.#ask(withBody(["IDENTIFY"], utf8(JSON.stringify(this.#identity))));
    const features = answer.startsWith("{") ? (JSON.parse(answer) as Record<string, unknown>) : {};
    this.#settings = settingsOf(features);
    if (tls && !(features.tls_v1 === true && link.upgrade)) {
      throw new NsqError(`${this.address} does not encrypt, as the option tls asks`);
    }
    for (const [feature, form] of FORMS) {
      if (features[feature] !== true || !link.upgrade) continue;
      const rest = this.#decoder.takeRest();
      await this.#unlessLost(Promise.all([this.#next(), link.upgrade(form, rest, this.#config)]));
    }
    if (features.auth_required === true) {
      const secret = await this.#unlessLost(takeSecret());
      if (secret === "") throw new ProtocolError("E_AUTH_FIRST a secret is required: option authSecret");
      await this.#ask(withBody(["AUTH"], utf8(secret)));
    }
  }

  /** The same one with the upgrade and in AUTH: whoever supplies it may have to fetch it. */
  #takeSecret(): Promise<string> {
    this.#secret ??= secretOf(this.#config.authSecret);
    return this.#secret;
  }

  #unlessLost<T>(waited: T | Promise<T>): Promise<T> {
    return Promise.race([waited, this.#greeting.promise]);
  }

  get #identity(): object {
    const config = this.#config;
    const canUpgrade = config.transport.upgrades;
    return {
      client_id: config.clientId,
      hostname: config.hostname,
      user_agent: config.userAgent,
      feature_negotiation: true,
      heartbeat_interval: config.heartbeatInterval,
      output_buffer_size: config.outputBufferSize,
      output_buffer_timeout: config.outputBufferTimeout,
      sample_rate: config.sampleRate ?? 0,
      msg_timeout: config.msgTimeout ?? 0,
      tls_v1: canUpgrade && config.tls,
      deflate: canUpgrade && config.deflate,
      deflate_level: config.deflateLevel,
      topology_region: config.topologyRegion,
      topology_zone: config.topologyZone,
    };
  }

  /** Sends a command of the greeting. Resolves with its response, rejects with its error. */
  #ask(command: Uint8Array): Promise<string> {
    this.send(command);
    return this.#unlessLost(this.#next());
  }

  #next(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#awaited = { resolve, reject };
      this.#decode();
    });
  }

  #answer(act: (awaited: Awaited) => void): void {
    const awaited = this.#awaited;
    this.#awaited = null;
    if (awaited) act(awaited);
  }

  #receive(bytes: Uint8Array): void {
    this.#heardAt = this.#config.clock.now();
    if (this.#isFirst && toByteString(bytes.subarray(0, HTTP.length)) === "HTTP") {
      this.#lost(new MalformedError(`${this.address} answers with HTTP, not with the V2 protocol`));
      return;
    }
    this.#isFirst = false;
    this.#decoder.push(bytes);
    this.#decode();
  }

  /** In the greeting one frame at a time: what follows may belong to another form of the stream. */
  #decode(): void {
    while (!this.#isClosed && (this.#isStarted || this.#awaited !== null)) {
      const frame = this.#decoder.next();
      if (frame === null) return;
      if (frame === "malformed") this.#lost(new MalformedError(`${this.address} sent a frame of an impossible size`));
      else this.#take(frame.type, frame.data);
    }
  }

  #take(type: number, data: Uint8Array): void {
    if (type === FrameType.message && this.#isStarted && data.length >= MESSAGE_HEADER) {
      this.#events.message(data.slice());
    } else if (type === FrameType.response) {
      const text = fromUtf8(data);
      if (text === HEARTBEAT) this.send(line("NOP"));
      else if (this.#isStarted) this.#events.response(text);
      else this.#answer((awaited) => awaited.resolve(text));
    } else if (type === FrameType.error) {
      const error = new ProtocolError(fromUtf8(data));
      if (this.#isStarted) this.#events.error(error);
      else this.#answer((awaited) => awaited.reject(error));
    } else {
      this.#lost(new MalformedError(`${this.address} sent a frame of type ${type} with ${data.length} bytes`));
    }
  }

  #flush(): void {
    const pieces = this.#outbox;
    this.#outbox = [];
    if (this.#isClosed || !this.#link) return;
    const bytes = concat(pieces);
    for (let at = 0; at < bytes.length; at += MAX_PIECE) this.#link.send(bytes.subarray(at, at + MAX_PIECE));
  }

  /** Gives the connection up when nothing is heard for too long. */
  #watch(): void {
    const { clock, heartbeatInterval, readTimeout } = this.#config;
    if (heartbeatInterval === -1 || this.#isClosed) return;
    const silent = clock.now() - this.#heardAt;
    if (silent >= readTimeout)
      this.#lost(new NotConnectedError(`nothing was heard of ${this.address} for ${silent} ms`));
    else this.#cancelWatch = clock.after(readTimeout - silent, () => this.#watch());
  }

  #lost(error: Error): void {
    if (this.#isClosed) return;
    this.#end();
    this.#link?.close();
    if (this.#isStarted) this.#events.closed(error);
    else this.#greeting.reject(error);
  }

  #end(): void {
    this.#isClosed = true;
    this.#outbox = [];
    this.#cancelWatch();
  }
}

function settingsOf(features: Record<string, unknown>): ServerSettings {
  const number = (name: string, byDefault: number) => {
    const value = features[name];
    return typeof value === "number" ? value : byDefault;
  };
  return {
    maxRdyCount: number("max_rdy_count", OLD_SERVER.maxRdyCount),
    msgTimeout: number("msg_timeout", OLD_SERVER.msgTimeout),
    maxMsgTimeout: number("max_msg_timeout", OLD_SERVER.maxMsgTimeout),
  };
}

function lostError(address: string, cause: unknown): NotConnectedError {
  return new NotConnectedError(`the connection to ${address} was lost`, { cause });
}
