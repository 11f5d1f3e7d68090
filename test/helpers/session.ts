// A session with everything around it in memory, and a client that talks to it.

import { toByteString } from "../../src/protocol/bytes.ts";
import { type ClientError, clientError, isFatal } from "../../src/protocol/errors.ts";
import { FRAME_HEADER, FrameDecoder, FrameType, OK_FRAME } from "../../src/protocol/frame.ts";
import type { Compression } from "../../src/protocol/identify.ts";
import { ATTEMPTS_OFFSET, BODY_OFFSET, ID_OFFSET } from "../../src/protocol/message.ts";
import { messageId, parseMessageId } from "../../src/protocol/message-id.ts";
import { mpubMessages } from "../../src/protocol/mpub-body.ts";
import { ChannelQueue } from "../../src/queue/channel-queue.ts";
import { Consumer } from "../../src/queue/consumer.ts";
import { Access } from "../../src/session/access.ts";
import { type Connection, initialSettings } from "../../src/session/connection.ts";
import { type Receipt, settle } from "../../src/session/reply-queue.ts";
import { Session, type SessionLimits, type SessionState } from "../../src/session/session.ts";
import type { Publication, SessionHost } from "../../src/session/session-host.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { channelLimits } from "./channel.ts";
import { bytesOf, MAGIC } from "./commands.ts";
import { batchOf, NODE, T0 } from "./records.ts";

export const CONNECTION: Connection = { id: "c1", remoteAddress: "192.0.2.7:40123", connectedAt: T0 + 500 };

/** nsqd's defaults, with small bodies. */
export function sessionLimits(overrides: Partial<SessionLimits> = {}): SessionLimits {
  return {
    maxMsgSize: 1000,
    maxBodySize: 5000,
    maxReqTimeoutMs: 3_600_000,
    version: "1.3.0",
    maxRdyCount: 2500,
    maxMsgTimeoutMs: 900_000,
    maxHeartbeatIntervalMs: 60_000,
    maxOutputBufferSize: 65_536,
    minOutputBufferTimeoutMs: 25,
    maxOutputBufferTimeoutMs: 30_000,
    maxDeflateLevel: 6,
    deflate: true,
    snappy: true,
    authRequired: false,
    topologyRegion: "",
    topologyZone: "",
    ...overrides,
  };
}

export const DEFAULT_SETTINGS = { heartbeatIntervalMs: 30_000, outputBufferTimeoutMs: 250, msgTimeoutMs: 60_000 };

/** A channel that is stored nowhere. */
export function memoryChannel(): ChannelQueue {
  return ChannelQueue.create({ id: 1, start: 0 }, new MemoryChannelStore(), channelLimits(), () => 0);
}

/** Publishes to a channel what its topic would send it. */
export function fill(queue: ChannelQueue, first: number, bodies: readonly string[]): void {
  queue.offer([batchOf(first, bodies)], first + bodies.length);
}

/** The id of a message of `memoryChannel`. */
export function idOf(seq: number): string {
  return messageId(NODE, seq);
}

/** A publication, copied out of the session's buffer. */
export interface Published {
  readonly command: Publication["command"];
  readonly topic: string;
  readonly deferMs: number;
  readonly messages: readonly string[];
  /** The whole command. */
  readonly raw: string;
}

export class FakeHost implements SessionHost {
  readonly published: Published[] = [];
  readonly createdTopics: string[] = [];
  readonly subscriptions: string[] = [];
  readonly compressions: Compression[] = [];
  /** What AUTH said, and "again" for each time that was asked about once more; `session.authenticated` is to follow. */
  readonly secrets: string[] = [];
  /** Receipts of publishes that are not answered yet; a publisher of its own for each topic, as in the gateway. */
  readonly owed: { readonly receipt: Receipt; readonly command: Publication["command"]; readonly topic: string }[] = [];
  readonly channel = memoryChannel();
  /** Whether publishes are answered only by `settle`. */
  holdsPublishes = false;
  /** Whether SUB is answered only by `subscribeNow`. */
  holdsSubscribes = false;
  publishError: ClientError | null = null;
  subscribeError: ClientError | null = null;
  readonly #owners = new Map<string, object>();

  publish(publication: Publication, session: Session): ClientError | null {
    if (this.publishError) return this.publishError;
    this.published.push(copyOf(publication));
    const { command, topic } = publication;
    const receipt = session.replies.expect(this.#owner(topic));
    if (this.holdsPublishes) this.owed.push({ receipt, command, topic });
    else settle(receipt, OK_FRAME, 1);
    return null;
  }

  createTopic(topic: string): void {
    this.createdTopics.push(topic);
  }

  subscribe(topic: string, channel: string, session: Session): void {
    this.subscriptions.push(`${topic}:${channel}`);
    if (!this.holdsSubscribes) this.subscribeNow(session);
  }

  authenticate(secret: string): void {
    this.secrets.push(secret);
  }

  authenticateAgain(): void {
    this.secrets.push("again");
  }

  compress(compression: Compression): void {
    this.compressions.push(compression);
  }

  /** Answers the SUB that was held, or that has just come. */
  subscribeNow(session: Session): void {
    if (this.subscribeError) {
      session.resume(session.now, this.subscribeError);
      return;
    }
    const consumer = new Consumer(session.connection.id, session.settings);
    this.channel.connect(consumer);
    session.subscribed(this.channel, consumer, session.now);
  }

  /** Answers `count` publishes to a topic with OK, the oldest first; all of them without a count. */
  settle(topic?: string, count = Number.POSITIVE_INFINITY): void {
    for (let left = count; left > 0; left--) {
      const owed = this.#takeOwed(topic);
      if (!owed) return;
      settle(owed.receipt, OK_FRAME, 1);
    }
  }

  /** Answers the oldest publish to a topic with an error. */
  fail(topic: string, session: Session): void {
    const owed = this.#takeOwed(topic);
    if (!owed) throw new Error(`nothing is owed for ${topic}`);
    const { receipt, command } = owed;
    session.failPublish(receipt, clientError(`E_${command}_FAILED`, `${command} failed exiting`));
  }

  #takeOwed(topic?: string) {
    const index = this.owed.findIndex((owed) => topic === undefined || owed.topic === topic);
    return index < 0 ? undefined : this.owed.splice(index, 1)[0];
  }

  #owner(topic: string): object {
    const owner = this.#owners.get(topic) ?? {};
    this.#owners.set(topic, owner);
    return owner;
  }
}

export interface ClientOptions {
  readonly limits?: Partial<SessionLimits>;
  readonly host?: FakeHost;
  readonly connection?: Connection;
  /** Whether SUB needs heartbeats. */
  readonly needsHeartbeats?: boolean;
  /** Whether the magic was sent already. */
  readonly hasMagic?: boolean;
  /** Who it is, and whether that is asked; nobody is asked by default. */
  readonly access?: Access;
}

/** A client right after its magic, unless something else is asked for. */
export function connect(options: ClientOptions = {}): Client {
  const { limits, host = new FakeHost(), connection = CONNECTION, needsHeartbeats = true, hasMagic = true } = options;
  const { access = Access.open() } = options;
  const settings = initialSettings(connection, DEFAULT_SETTINGS);
  const client = new Client(
    new Session(connection, settings, sessionLimits(limits), host, access, needsHeartbeats),
    host,
  );
  if (hasMagic) client.send(MAGIC);
  return client;
}

/** A client that has subscribed to `t`, `ch`. */
export function connectConsumer(options: ClientOptions = {}): Client {
  const client = connect(options);
  const replies = client.send("SUB t ch\n");
  if (replies.join() !== "OK") throw new Error(`SUB was answered ${replies}`);
  return client;
}

/** A session that goes on where another was kept, as after a sleep of its host. */
export function wake(before: Client, options: ClientOptions = {}): Client {
  const { session, host } = before;
  const { connection } = session;
  const state: SessionState = structuredClone(session.snapshot);
  const { limits, needsHeartbeats = true, access = Access.open() } = options;
  const initial = initialSettings(connection, DEFAULT_SETTINGS);
  const woken = new Session(connection, initial, sessionLimits(limits), host, access, needsHeartbeats);
  if (!woken.restore(state)) throw new Error("session could not be restored");
  if (session.isConsumer) woken.attach(session.queue, session.consumer);
  const client = new Client(woken, host);
  client.now = before.now;
  return client;
}

export class Client {
  readonly session: Session;
  readonly host: FakeHost;
  now = T0;

  constructor(session: Session, host: FakeHost) {
    this.session = session;
    this.host = host;
  }

  /** Sends a byte string and returns the replies. */
  send(stream: string): string[] {
    return this.sendBytes(bytesOf(stream));
  }

  sendBytes(stream: Uint8Array): string[] {
    this.session.receive(stream, this.now);
    return this.replies();
  }

  /** Sends pieces one after the other and returns all replies. */
  sendPieces(pieces: readonly Uint8Array[]): string[] {
    return pieces.flatMap((piece) => this.sendBytes(piece));
  }

  /** Ends the input and returns the replies. */
  end(): string[] {
    this.session.endOfInput(this.now);
    return this.replies();
  }

  /** What may go out now. */
  replies(): string[] {
    return framesOf(this.session.takeOutput());
  }

  /** Has its channel deliver what it can, and returns what came. */
  deliver(): string[] {
    const { consumer } = this.session;
    this.session.queue.dispatch(this.now);
    return framesOf(consumer.outbox.splice(0));
  }
}

/** An error as it stands among the replies. */
export function errorOf(text: string): string {
  return `error: ${text}`;
}

/** Whether the connection is closed after a reply; for errors alone. */
export function isFatalReply(reply: string): boolean {
  const code = /^error: (E_[A-Z_]+)/.exec(reply)?.[1];
  return code !== undefined && isFatal({ code: code as ClientError["code"], text: "" });
}

/** A message as it stands among the frames that were delivered. */
export function messageOf(seq: number, body: string, attempts = 1): string {
  return `message ${seq}, attempts ${attempts}: ${body}`;
}

/** Frames in a readable form: responses as their text, errors as `errorOf`, messages as `messageOf`. */
export function framesOf(chunks: readonly Uint8Array[]): string[] {
  const decoder = new FrameDecoder();
  const frames: string[] = [];
  let missing = 0;
  for (const chunk of chunks) {
    decoder.push(chunk);
    missing += chunk.length;
    for (let frame = decoder.next(); frame !== null; frame = decoder.next()) {
      if (frame === "malformed") throw new Error("malformed frame");
      frames.push(readable(frame.type, frame.data));
      missing -= FRAME_HEADER + frame.data.length;
    }
  }
  if (missing > 0) throw new Error("the output ends inside a frame");
  return frames;
}

function readable(type: number, data: Uint8Array): string {
  if (type === FrameType.response) return toByteString(data);
  if (type === FrameType.error) return errorOf(toByteString(data));
  if (type !== FrameType.message) throw new Error(`frame of type ${type}`);
  const at = (offset: number) => offset - FRAME_HEADER;
  const attempts = new DataView(data.buffer, data.byteOffset).getUint16(at(ATTEMPTS_OFFSET));
  const seq = parseMessageId(data, at(ID_OFFSET), NODE);
  return messageOf(seq, toByteString(data, at(BODY_OFFSET)), attempts);
}

function copyOf(publication: Publication): Published {
  const { command, topic, deferMs, buffer, start, bodyStart, bodyEnd } = publication;
  const messages: string[] = [];
  if (command !== "MPUB") messages.push(toByteString(buffer, bodyStart, bodyEnd));
  else for (const { from, to } of mpubMessages(buffer, bodyStart)) messages.push(toByteString(buffer, from, to));
  return { command, topic, deferMs, messages, raw: toByteString(buffer, start, bodyEnd) };
}
