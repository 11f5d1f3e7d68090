// One connection of a producer that registers its topics: nsqlookupd's V1 protocol (spec 5.2, nsqlookupd/lookup_protocol_v1.go).
// Lines as in V2, but trimmed; replies are a size and data, without a frame type; every error ends the connection.

import { concat, EMPTY, fromByteString, readInt32, toByteString, utf8, writeInt32 } from "../protocol/bytes.ts";
import { isValidName } from "../protocol/names.ts";
import { decodePeerInfo, type PeerInfo } from "./peer-info.ts";

/** What a producer does to the registrations. */
export interface V1Host {
  /** The producer is known from now on. Returns who answers it, as JSON. */
  identified(): string;
  /** Without a channel the topic alone. */
  register(topic: string, channel: string | null): void;
  unregister(topic: string, channel: string | null): void;
}

/** What a session is besides its connection: enough to go on with it after its host slept. */
export interface V1State {
  readonly hasMagic: boolean;
  /** Whether the body of IDENTIFY comes next. */
  readonly isIdentifying: boolean;
  readonly info: PeerInfo | null;
  readonly lastUpdate: number;
  /** Bytes of a command that is not yet complete. */
  readonly partial: Uint8Array;
}

const MAGIC = "  V1";
const LF = 10;
const SIZE = 4;
/** nsqlookupd takes any length; no nsqd says more than some hundred bytes at a time. */
const MAX_LINE = 1_024;
const MAX_BODY = 4_096;
/** What Go trims, as far as it is one byte. */
const SPACE_AROUND = /^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g;

type Reply = { readonly text: string; readonly isFatal: boolean };

export class V1Session {
  readonly #remoteAddress: string;
  readonly #host: V1Host;
  #input: Uint8Array = EMPTY;
  #hasMagic = false;
  #isIdentifying = false;
  #info: PeerInfo | null = null;
  #lastUpdate = 0;
  #isEnded = false;
  #output: Uint8Array[] = [];

  /** `remoteAddress` is `host:port`. */
  constructor(remoteAddress: string, host: V1Host) {
    this.#remoteAddress = remoteAddress;
    this.#host = host;
  }

  restore({ hasMagic, isIdentifying, info, lastUpdate, partial }: V1State): void {
    this.#hasMagic = hasMagic;
    this.#isIdentifying = isIdentifying;
    this.#info = info;
    this.#lastUpdate = lastUpdate;
    this.#input = partial;
  }

  get state(): V1State {
    return {
      hasMagic: this.#hasMagic,
      isIdentifying: this.#isIdentifying,
      info: this.#info,
      lastUpdate: this.#lastUpdate,
      partial: this.#input.slice(),
    };
  }

  /** Null before IDENTIFY. */
  get info(): PeerInfo | null {
    return this.#info;
  }

  /** When it was last heard of, ms: only IDENTIFY and PING count. */
  get lastUpdate(): number {
    return this.#lastUpdate;
  }

  /** Whether everything is said that will be. */
  get isDone(): boolean {
    return this.#isEnded;
  }

  /** Takes input and carries out the commands in it; `takeOutput` then has the replies. */
  receive(chunk: Uint8Array, now: number): void {
    if (this.#isEnded) return;
    this.#input = concat(this.#input.length > 0 ? [this.#input, chunk] : [chunk]);
    while (!this.#isEnded && this.#step(now));
  }

  /** No more input comes: in the middle of a body that is an error. */
  endOfInput(): void {
    if (!this.#isEnded && this.#isIdentifying) {
      const what = this.#input.length < SIZE ? "body size" : "body";
      this.#reply(fatal(`E_BAD_BODY IDENTIFY failed to read ${what}`));
    }
    this.#isEnded = true;
  }

  takeOutput(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  /** Carries out what comes next. False when it must be waited for. */
  #step(now: number): boolean {
    if (!this.#hasMagic) return this.#takeMagic();
    return this.#isIdentifying ? this.#takeBody(now) : this.#takeLine(now);
  }

  #takeMagic(): boolean {
    if (this.#input.length < MAGIC.length) return false;
    this.#hasMagic = toByteString(this.#input, 0, MAGIC.length) === MAGIC;
    this.#input = this.#input.subarray(MAGIC.length);
    if (!this.#hasMagic) this.#reply(fatal("E_BAD_PROTOCOL"));
    return true;
  }

  #takeLine(now: number): boolean {
    const lf = this.#input.indexOf(LF);
    const length = lf < 0 ? this.#input.length : lf;
    if (length > MAX_LINE) {
      this.#isEnded = true;
      return false;
    }
    if (lf < 0) return false;
    const [name, ...params] = toByteString(this.#input, 0, lf).replace(SPACE_AROUND, "").split(" ");
    this.#input = this.#input.subarray(lf + 1);
    const reply = this.#carryOut(name as string, params, now);
    if (reply) this.#reply(reply);
    return true;
  }

  #carryOut(name: string, params: readonly string[], now: number): Reply | null {
    switch (name) {
      case "PING":
        if (this.#info) this.#lastUpdate = now;
        return OK;
      case "IDENTIFY":
        if (this.#info) return fatal("E_INVALID cannot IDENTIFY again");
        this.#isIdentifying = true;
        return null;
      case "REGISTER":
      case "UNREGISTER":
        return this.#registration(name, params);
      default:
        return fatal(`E_INVALID invalid command ${name}`);
    }
  }

  #registration(name: "REGISTER" | "UNREGISTER", params: readonly string[]): Reply {
    if (this.#info === null) return fatal("E_INVALID client must IDENTIFY");
    const [topic, channel = ""] = params;
    if (topic === undefined) return fatal(`E_INVALID ${name} insufficient number of params`);
    if (!isValidName(topic)) return fatal(`E_BAD_TOPIC ${name} topic name '${topic}' is not valid`);
    if (channel !== "" && !isValidName(channel)) {
      return fatal(`E_BAD_CHANNEL ${name} channel name '${channel}' is not valid`);
    }
    const place = channel === "" ? null : channel;
    if (name === "REGISTER") this.#host.register(topic, place);
    else this.#host.unregister(topic, place);
    return OK;
  }

  #takeBody(now: number): boolean {
    if (this.#input.length < SIZE) return false;
    const size = readInt32(this.#input, 0);
    if (size < 0 || size > MAX_BODY) {
      this.#reply(fatal("E_BAD_BODY IDENTIFY failed to read body"));
      return false;
    }
    if (this.#input.length < SIZE + size) return false;
    const info = decodePeerInfo(this.#input.subarray(SIZE, SIZE + size), this.#remoteAddress);
    this.#input = this.#input.subarray(SIZE + size);
    this.#isIdentifying = false;
    this.#reply(this.#identify(info, now));
    return true;
  }

  #identify(info: ReturnType<typeof decodePeerInfo>, now: number): Reply {
    if (info === "undecodable") return fatal("E_BAD_BODY IDENTIFY failed to decode JSON body");
    if (info === "incomplete") return fatal("E_BAD_BODY IDENTIFY missing fields");
    this.#info = info;
    this.#lastUpdate = now;
    return { text: this.#host.identified(), isFatal: false };
  }

  #reply({ text, isFatal }: Reply): void {
    // Errors quote the bytes that came; what the host says is JSON, and may hold any letter.
    const data = isFatal ? fromByteString(text) : utf8(text);
    const frame = new Uint8Array(SIZE + data.length);
    writeInt32(frame, 0, data.length);
    frame.set(data, SIZE);
    this.#output.push(frame);
    if (isFatal) this.#isEnded = true;
  }
}

const OK: Reply = { text: "OK", isFatal: false };

function fatal(text: string): Reply {
  return { text, isFatal: true };
}
