// One client of the gateway: a V2 session that holds no queue. Publishes go to the objects of their topics, pipelined, over a
// socket each; with SUB the connection becomes a consumer of a channel's object, and from then on its bytes are passed on.

import type { Doorkeeper } from "../auth/doorkeeper.ts";
import type { Names } from "../auth/need.ts";
import type { SocketIntroduction } from "../durable/introduction.ts";
import { channelObject, FIRST_NODE, topicObject } from "../durable/object-names.ts";
import { identityData } from "../identity/identity-data.ts";
import { gatewayDefaults, gatewayLimits } from "../limits.ts";
import type { Options } from "../options.ts";
import { concat } from "../protocol/bytes.ts";
import { clientError } from "../protocol/errors.ts";
import { errorFrame, HEARTBEAT_FRAME, OK_FRAME } from "../protocol/frame.ts";
import type { Compression } from "../protocol/identify.ts";
import { AUTH_FAILED } from "../session/access.ts";
import { type Connection, initialSettings } from "../session/connection.ts";
import { Heartbeat } from "../session/heartbeat.ts";
import { Session } from "../session/session.ts";
import type { SessionHost } from "../session/session-host.ts";
import { ClientAccess, type GatewayCaller } from "./client-access.ts";
import type { ClientEnd, OnTaken } from "./client-end.ts";
import { type Codec, createCodec } from "./compression.ts";
import { ConsumerLink } from "./consumer-link.ts";
import { TOO_MANY_REQUESTS } from "./object-link.ts";
import { ProducerLink } from "./producer-link.ts";
import { ProducerLinks } from "./producer-links.ts";

/** Published bytes without an answer from which on a client should be read no further. */
const CONGESTED = 8 * 2 ** 20;
/** A client that cannot be kept from sending is closed at this, and so is one that takes nothing of what it is sent. */
const OVERRUN = 64 * 2 ** 20;
/** The same for one who has not said who he is. */
const STRANGERS_OVERRUN = 2 ** 18;

/** Compressed bytes that are decoded at a time, of which each may become a thousand. */
const DECODED_AT_ONCE = 16_384;
const STRANGERS_DECODED_AT_ONCE = 256;

const TOO_MANY_TOPICS = clientError("E_PUB_FAILED", "PUB failed too many new topics and channels");
const TOO_MANY_CHANNELS = clientError("E_SUB_FAILED", "SUB failed too many new topics and channels");

/** What a gateway needs of the broker. */
export interface GatewayPlace {
  readonly env: Env;
  readonly options: Options;
  readonly doorkeeper: Doorkeeper;
}

export class Gateway {
  readonly #env: Env;
  readonly #access: ClientAccess;
  readonly #session: Session;
  readonly #client: ClientEnd;
  readonly #heartbeat: Heartbeat;
  readonly #producers = new ProducerLinks((topic) => this.#openProducer(topic));
  #consumer: ConsumerLink | null = null;
  #codec: Codec | null = null;
  /** With compression each direction has its queue: pieces are coded one after the other. */
  #decoding: Promise<void> = Promise.resolve();
  #encoding: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Compressed bytes that came and were not looked at. */
  #undecoded = 0;
  #isInputOver = false;
  #isClosed = false;
  #progressed: (() => void)[] = [];

  constructor(
    { env, options, doorkeeper }: GatewayPlace,
    connection: Connection,
    caller: GatewayCaller,
    createEnd: (onTaken: OnTaken) => ClientEnd,
  ) {
    this.#env = env;
    this.#access = new ClientAccess(doorkeeper, caller, () => this.#endAccess());
    const settings = initialSettings(connection, gatewayDefaults(options));
    const limits = this.#access.limits(gatewayLimits(options, this.#access.isAuthRequired));
    this.#session = new Session(connection, settings, limits, this.#host, this.#access.session, true);
    this.#client = createEnd((bytes) => this.#consumer?.taken(bytes));
    this.#heartbeat = new Heartbeat(Date.now());
    this.#access.endInTime();
  }

  readonly #host: SessionHost = {
    publish: (publication, session) => {
      this.#producers.to(publication.topic).publish(publication, session);
      return null;
    },
    createTopic: (topic) => {
      this.#createTopic(topic).catch((error) => console.error(`topic ${topic} could not be created:`, error));
    },
    authenticate: (secret, session) => {
      void this.#access.authenticate(secret).then((identity) => {
        if (this.#isClosed) return;
        session.authenticated(identity, Date.now());
        this.#afterAuth();
      });
    },
    authenticateAgain: (session) => {
      void this.#access.again().then((identity) => {
        if (this.#isClosed) return;
        session.authenticatedAgain(identity, Date.now());
        this.#afterAuth();
      });
    },
    subscribe: (topic, channel, session) => this.#subscribe(topic, channel, session),
    compress: (compression) => this.#compress(compression),
  };

  /** Takes what the client sent. */
  receive(bytes: Uint8Array): void {
    const now = Date.now();
    this.#heartbeat.heard(now);
    const codec = this.#codec;
    if (codec === null) this.#accept(bytes, now);
    else this.#decodeLater(codec, bytes);
    if (this.#isOverrun) this.close();
  }

  /** The client sends nothing more, but may still be waiting for replies. Resolves when all it has sent was looked at. */
  endOfInput(): Promise<void> {
    this.#decoding = this.#decoding.then(() => this.#end());
    return this.#decoding;
  }

  #end(): void {
    this.#isInputOver = true;
    if (this.#consumer) this.#consumer.endOfInput();
    else this.#session.endOfInput(Date.now());
    this.#flush();
  }

  /** Resolves when everything that was sent is carried out: after the end of input a channel closes its link then. */
  allAnswered(): Promise<void> {
    return this.#until(() => this.#unanswered === 0 && !this.#session.isBlocked && this.#consumer === null);
  }

  /** Resolves at once, or when so much was answered that the client may be read on. */
  hasRoom(): Promise<void> {
    return this.#until(() => this.#outstanding <= CONGESTED);
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#isClosed) await new Promise<void>((resolve) => this.#progressed.push(resolve));
  }

  /** Closes everything; what was sent before still goes out. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#access.stop();
    this.#producers.close();
    this.#consumer?.close();
    this.#encoding = this.#encoding.then(() => this.#client.close());
    this.#progress();
  }

  get #introduction(): SocketIntroduction {
    const { connection, settings, access } = this.#session;
    // What he may do is looked at here.
    const identity = access.identity && identityData({ ...access.identity, authorizations: [] });
    return { connection, gateway: { settings, tellsTaken: this.#client.tellsTaken }, identity };
  }

  /** Bytes that the client has sent and that are not answered. */
  get #outstanding(): number {
    return this.#undecoded + this.#unanswered;
  }

  get #isOverrun(): boolean {
    return this.#outstanding > (this.#access.isAuthRequired ? STRANGERS_OVERRUN : OVERRUN);
  }

  get #unanswered(): number {
    return this.#session.unread + this.#producers.outstanding;
  }

  #accept(bytes: Uint8Array, now: number): void {
    if (this.#isClosed) return;
    if (this.#consumer) {
      this.#consumer.receive(bytes);
      return;
    }
    this.#session.receive(bytes, now);
    this.#producers.flush();
    this.#flush();
  }

  #decodeLater(codec: Codec, bytes: Uint8Array): void {
    this.#undecoded += bytes.length;
    this.#decoding = this.#decoding.then(() => this.#decode(codec, bytes));
  }

  /** In small pieces: what one of them becomes is in memory at once. */
  async #decode(codec: Codec, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isClosed; ) {
      const size = this.#access.isAuthRequired ? STRANGERS_DECODED_AT_ONCE : DECODED_AT_ONCE;
      const piece = bytes.subarray(at, at + size);
      at += piece.length;
      const plain = await codec.decode(piece);
      this.#undecoded -= piece.length;
      if (plain === null) this.close();
      else if (plain.length > 0) this.#accept(plain, Date.now());
      if (codec.isOver) {
        this.#end(); // what is owed still goes out; what follows is nothing
        break;
      }
      if (this.#isOverrun) this.close();
      await this.#until(() => this.#unanswered <= CONGESTED || this.#session.isBlocked);
    }
    this.#progress();
  }

  /** Sends what the session has to say, and closes when that was the last. */
  #flush(): void {
    if (this.#consumer) return;
    const output = this.#session.takeOutput();
    this.#startHeartbeat(Date.now());
    // Taking the last reply may have carried out what waited for it.
    this.#producers.flush();
    if (output.length > 0) this.#send(concat(output));
    if (this.#session.isDone && !this.#consumer) this.close();
  }

  #send(bytes: Uint8Array): void {
    const codec = this.#codec;
    if (codec === null) this.#client.send(bytes, bytes.length);
    else this.#encoding = this.#encoding.then(async () => this.#client.send(await codec.encode(bytes), bytes.length));
    if (this.#client.untaken > OVERRUN) this.close();
  }

  /** What waited for AUTH was carried out. */
  #afterAuth(): void {
    this.#producers.flush();
    this.#flush();
    if (!this.#isClosed) this.#access.endInTime();
    this.#progress();
  }

  /** The client is nobody any more. */
  #endAccess(): void {
    if (this.#consumer === null) {
      this.#session.endAccess();
      this.#flush(); // closes it when what is owed before is answered
    } else {
      this.#send(errorFrame(AUTH_FAILED));
      this.close();
    }
  }

  /** The object, once what may be new with it is found not to be too much; else the connection ends, and the object is not called. */
  #within(object: Fetcher, names: Names): Pick<Fetcher, "fetch"> {
    const admission = this.#access.mayCreate(names);
    if (admission === null) return object;
    return {
      fetch: async (...request: Parameters<Fetcher["fetch"]>) => {
        if (await admission) return object.fetch(...request);
        this.#send(errorFrame(names.channel === null ? TOO_MANY_TOPICS : TOO_MANY_CHANNELS));
        this.close();
        return new Response(null, { status: TOO_MANY_REQUESTS });
      },
    };
  }

  async #createTopic(topic: string): Promise<void> {
    if ((await this.#access.mayCreate({ topic, channel: null })) === false) return;
    await this.#env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic })).create();
  }

  #openProducer(topic: string): ProducerLink {
    const stub = this.#env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic }));
    return new ProducerLink(this.#within(stub, { topic, channel: null }), this.#introduction, {
      answered: () => {
        this.#flush();
        this.#progress();
      },
      refused: (receipt, frame) => {
        this.#session.endWith(receipt, frame);
        this.#flush();
      },
      closed: (isOwed) => {
        this.#producers.lost(topic);
        // Whether the publishes that are owed an answer were stored is not known: the client must find out by itself.
        if (isOwed) this.close();
      },
    });
  }

  #subscribe(topic: string, channel: string, session: Session): void {
    const rest = session.detach();
    const stub = this.#env.CHANNEL.getByName(channelObject({ node: FIRST_NODE, topic, channel }));
    const object = this.#within(stub, { topic, channel });
    this.#consumer = new ConsumerLink(object, this.#introduction, topic, channel, {
      data: (bytes) => this.#send(bytes),
      closed: () => this.close(),
    });
    if (rest.length > 0) this.#consumer.receive(rest);
    if (this.#isInputOver) this.#consumer.endOfInput();
  }

  /** Switches to a compressed stream: what is left of the input belongs to it already. */
  #compress(compression: Compression): void {
    const { settings } = this.#session;
    if (compression === "none") return;
    queueMicrotask(() => {
      this.#flush();
      const codec = createCodec(compression, settings.deflateLevel);
      this.#codec = codec;
      this.#send(OK_FRAME);
      this.#decodeLater(codec, this.#session.takeRest());
      // Until then the end of input, if it has come, is still to come for the session.
      this.#decoding = this.#decoding.then(() => {
        this.#session.resume(Date.now());
        this.#flush();
      });
    });
  }

  /** Begins to send heartbeats at the interval that was negotiated last. */
  #startHeartbeat(now: number): void {
    if (!this.#session.hasMagic) return;
    const { heartbeatIntervalMs } = this.#session.settings;
    if (heartbeatIntervalMs === this.#heartbeat.intervalMs) return;
    this.#heartbeat.start(heartbeatIntervalMs, now);
    this.#waitForHeartbeat(now);
  }

  #waitForHeartbeat(now: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const { nextAt } = this.#heartbeat;
    if (nextAt === Number.POSITIVE_INFINITY || this.#isClosed) return;
    this.#timer = setTimeout(() => this.#beat(), Math.max(0, nextAt - now));
  }

  #beat(): void {
    const now = Date.now();
    if (this.#progressed.length > 0) this.#heartbeat.heard(now); // it is we who do not read
    if (this.#heartbeat.beat(now)) this.#send(HEARTBEAT_FRAME);
    if (this.#heartbeat.isTooSilent(now) || this.#client.isStuck(this.#heartbeat.intervalMs, now)) this.close();
    this.#waitForHeartbeat(now);
  }

  #progress(): void {
    const waiting = this.#progressed;
    this.#progressed = [];
    for (const resume of waiting) resume();
  }
}
