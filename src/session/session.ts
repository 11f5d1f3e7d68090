// One V2 connection: what it may say, in which order it is answered, and when it ends (spec 1, nsqd/protocol_v2.go IOLoop).
// It decodes, checks and answers; what takes other parts of the broker is asked of the host.

import type { Identity } from "../identity/identity.ts";
import { EMPTY } from "../protocol/bytes.ts";
import { isCommandName } from "../protocol/command.ts";
import type { BodyLimits } from "../protocol/command-decoder.ts";
import { type ClientError, clientError, isFatal } from "../protocol/errors.ts";
import { errorFrame, OK_FRAME } from "../protocol/frame.ts";
import type { ClientSettings, NegotiationLimits } from "../protocol/identify.ts";
import { messageId, NOT_AN_ID } from "../protocol/message-id.ts";
import type { ChannelQueue } from "../queue/channel-queue.ts";
import type { Consumer } from "../queue/consumer.ts";
import { type Access, AUTH_FAILED } from "./access.ts";
import { ClientState } from "./client-state.ts";
import { answerFailed } from "./commands/answer.ts";
import { type Command, invalid } from "./commands/command.ts";
import { commands } from "./commands/index.ts";
import type { Connection } from "./connection.ts";
import { Input } from "./input.ts";
import { Publishing } from "./publishing.ts";
import { type Receipt, ReplyQueue } from "./reply-queue.ts";
import type { SessionHost } from "./session-host.ts";

export interface SessionLimits extends BodyLimits, NegotiationLimits {
  readonly maxReqTimeoutMs: number;
}

/** What a session is besides its connection: enough to go on with it after its host slept. */
export interface SessionState {
  readonly hasMagic: boolean;
  readonly state: ClientState;
  readonly settings: ClientSettings;
  readonly pubCounts: Readonly<Record<string, number>>;
  /** Bytes of a command that is not yet complete; null when they are too many to be kept. */
  readonly partial: Uint8Array | null;
}

/** Replies that a client may leave unread, bytes. */
const MAX_UNHEARD = 64 * 2 ** 20;

export class Session {
  readonly connection: Connection;
  readonly limits: SessionLimits;
  readonly host: SessionHost;
  readonly access: Access;
  readonly replies = new ReplyQueue();
  settings: ClientSettings;
  /** Whether SUB needs heartbeats; where the socket itself is watched it does not. */
  readonly needsHeartbeats: boolean;
  /** The time of the event that is being handled, ms since the epoch. */
  now = 0;
  #state: ClientState = ClientState.init;
  #queue: ChannelQueue | null = null;
  #consumer: Consumer | null = null;
  readonly #input: Input;
  /** Bytes of replies that the client may not have read: it has not said anything since that would show it. */
  #unheard = 0;
  #command: Command | null = null;
  #isBlocked = false;
  #awaitsReplies = false;
  #isInputOver = false;
  #isEnded = false;
  readonly publishing: Publishing;

  constructor(
    connection: Connection,
    settings: ClientSettings,
    limits: SessionLimits,
    host: SessionHost,
    access: Access,
    needsHeartbeats: boolean,
  ) {
    this.connection = connection;
    this.settings = settings;
    this.limits = limits;
    this.host = host;
    this.access = access;
    this.needsHeartbeats = needsHeartbeats;
    this.#input = new Input(limits);
    this.publishing = new Publishing(limits, access);
  }

  /** Goes on with a session as it was; a consumer follows by `attach`. False when it cannot: its input is not known. */
  restore(state: SessionState): boolean {
    if (state.partial === null) return false;
    this.#state = state.state;
    this.settings = state.settings;
    for (const [topic, count] of Object.entries(state.pubCounts)) this.pubCounts.set(topic, count);
    this.#input.restore(state.hasMagic, state.partial);
    return true;
  }

  /** What `restore` needs; only of use while nothing is waited for. */
  get snapshot(): SessionState {
    return {
      hasMagic: this.hasMagic,
      state: this.#state,
      settings: this.settings,
      pubCounts: Object.fromEntries(this.pubCounts),
      partial: this.#input.partial,
    };
  }

  /** Messages published by topic. */
  get pubCounts(): Map<string, number> {
    return this.publishing.counts;
  }

  get state(): ClientState {
    return this.#state;
  }

  /** The channel it consumes from; it must be subscribed. */
  get queue(): ChannelQueue {
    if (!this.#queue) throw new Error("session has no channel");
    return this.#queue;
  }

  /** Its side of the channel; it must be subscribed. */
  get consumer(): Consumer {
    if (!this.#consumer) throw new Error("session is no consumer");
    return this.#consumer;
  }

  get isConsumer(): boolean {
    return this.#consumer !== null;
  }

  /** Whether input is kept until something else has happened. */
  get isBlocked(): boolean {
    return this.#isBlocked || this.#awaitsReplies;
  }

  /** Whether nothing more is carried out. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Bytes that came and were not looked at yet. */
  get unread(): number {
    return this.#input.unread;
  }

  /** Whether it has begun: before the magic nothing is said to a client. */
  get hasMagic(): boolean {
    return this.#input.hasMagic;
  }

  /** Whether a command is under way that is too long to be kept in a snapshot. */
  get hasLongPartial(): boolean {
    return this.#input.hasLongPartial;
  }

  /** Whether everything is said that will be: the connection is to be closed then. */
  get isDone(): boolean {
    return this.#isEnded && this.replies.isEmpty;
  }

  /** The magic is not expected: the peer is another part of the broker. */
  skipMagic(): void {
    this.#input.skipMagic();
  }

  /** Takes input and carries out the commands in it; `takeOutput` then has what is to be sent. */
  receive(chunk: Uint8Array, now: number): void {
    this.now = now;
    if (this.#isEnded || chunk.length === 0) return;
    this.#input.add(chunk);
    this.#run();
  }

  /** Takes note that no more input comes: what came is still carried out and answered. */
  endOfInput(now: number): void {
    this.now = now;
    this.#isInputOver = true;
    this.#run();
  }

  /** The replies that may go out now, in order. */
  takeOutput(): Uint8Array[] {
    const output: Uint8Array[] = [];
    this.replies.take(output);
    while (this.#awaitsReplies && !this.#isEnded && this.replies.isEmpty) {
      this.#awaitsReplies = false;
      this.#carryOutLine();
      this.#run();
      this.replies.take(output);
    }
    return output;
  }

  /** Goes on after the host did what it was asked, or answers with the error it met. */
  resume(now: number, error: ClientError | null = null): void {
    this.now = now;
    this.#isBlocked = false;
    if (error) this.#fail(error);
    this.#run();
  }

  /** Answers the first publish of a receipt that is still owed a reply with an error; nothing behind it is answered. */
  failPublish(receipt: Receipt, error: ClientError): void {
    this.endWith(receipt, errorFrame(error));
  }

  /** The same with the whole error frame, as another part of the broker worded it. */
  endWith(receipt: Receipt, frame: Uint8Array): void {
    this.replies.endWith(receipt, frame);
    this.#isEnded = true;
  }

  /** The host found out who the client is; null when it could not, or when he is nobody. */
  authenticated(identity: Identity | null, now: number): void {
    const answer = this.access.admit(identity);
    if (answer instanceof Uint8Array) this.reply(answer);
    this.resume(now, answer instanceof Uint8Array ? null : answer);
  }

  /** The same, before a command that waits for it. */
  authenticatedAgain(identity: Identity | null, now: number): void {
    if (identity === null) {
      this.resume(now, AUTH_FAILED);
      return;
    }
    this.access.identity = identity;
    this.publishing.checkAgain();
    this.now = now;
    this.#isBlocked = false;
    this.#carryOut();
    this.#run();
  }

  /** Ends the connection of somebody who is nobody any more; what was answered before still goes out. */
  endAccess(): void {
    if (!this.#isEnded) this.#fail(AUTH_FAILED);
  }

  /** The host made it a consumer. */
  subscribed(queue: ChannelQueue, consumer: Consumer, now: number): void {
    this.attach(queue, consumer);
    this.#state = ClientState.subscribed;
    this.replies.push(OK_FRAME);
    this.resume(now);
  }

  attach(queue: ChannelQueue, consumer: Consumer): void {
    this.#queue = queue;
    this.#consumer = consumer;
  }

  /** Gives the connection away: whatever input is left is the caller's, and this session is over. */
  detach(): Uint8Array {
    this.#isEnded = true;
    return this.takeRest();
  }

  /** Takes back the input that was not looked at yet. */
  takeRest(): Uint8Array {
    return this.#input.takeRest();
  }

  // For the commands.

  /** Answers with a frame that may be longer than its command: one who reads nothing and asks on must not fill the memory. */
  reply(frame: Uint8Array): void {
    this.replies.push(frame);
    this.#unheard += frame.length;
    if (this.#unheard > MAX_UNHEARD) this.#isEnded = true;
  }

  /** The client has answered something that it was sent: it reads. */
  hasHeard(): void {
    this.#unheard = 0;
  }

  startAuth(secret: string): void {
    this.#isBlocked = true;
    this.host.authenticate(secret, this);
  }

  startSubscribe(topic: string, channel: string): void {
    this.#isBlocked = true;
    this.host.subscribe(topic, channel, this);
  }

  startCompression(): void {
    this.#isBlocked = true;
    this.host.compress(this.settings.compression, this);
  }

  startClosing(): void {
    this.#state = ClientState.closing;
    this.consumer.rdy = 0;
    this.consumer.isClosing = true;
  }

  /** Publishes what the decoder has just completed. */
  publish(command: "PUB" | "DPUB" | "MPUB", bodyStart: number, bodyEnd: number, count: number): ClientError | null {
    const { topic, deferMs } = this.publishing;
    if (topic === null) throw new Error("publish without a topic");
    const { buffer, commandStart: start } = this.#input.decoder;
    const error = this.host.publish({ command, topic, deferMs, buffer, start, bodyStart, bodyEnd }, this);
    if (error === null) this.publishing.count(topic, count);
    return error;
  }

  #run(): void {
    while (!this.isBlocked && !this.#isEnded) {
      if (this.#queue && this.#consumer) this.#finishAll(this.#queue, this.#consumer);
      const decoded = this.#input.next();
      if (decoded === "line") this.#beginLine();
      else if (decoded === "body") this.#carryOutBody();
      else if (decoded !== "incomplete") this.#refuse(decoded);
      else if (!this.#input.readOn()) {
        this.#lookAhead();
        break;
      } else if (this.#input.isForeign) this.#fail(clientError("E_BAD_PROTOCOL", ""));
    }
    if (this.#isInputOver && !this.isBlocked && !this.#isEnded) this.#cutOff();
  }

  /** Carries out the FINs that come next. */
  #finishAll(queue: ChannelQueue, consumer: Consumer): void {
    const { node } = queue;
    while (!this.#isEnded) {
      const seq = this.#input.decoder.nextFinish(node);
      if (seq === NOT_AN_ID) return;
      const outcome = queue.finish(consumer, seq, this.now);
      if (outcome === "done") this.hasHeard();
      else this.#fail(answerFailed("FIN", messageId(node, seq), outcome));
    }
  }

  #beginLine(): void {
    const { line, isRepeated } = this.#input.decoder;
    if (!isRepeated) this.#command = isCommandName(line.name) ? commands[line.name] : null;
    if (this.#command === null) this.#fail(invalid(`invalid command ${line.name}`));
    else if (this.#command.isBarrier && !this.replies.isEmpty) this.#awaitsReplies = true;
    else this.#carryOutLine();
  }

  #carryOutLine(): void {
    if (this.#command?.isGuarded && this.access.isStale(this.now)) {
      this.#isBlocked = true;
      this.host.authenticateAgain(this);
    } else this.#carryOut();
  }

  #carryOut(): void {
    const error = this.#command?.run(this, this.#input.decoder.line);
    if (error) this.#fail(error);
  }

  #carryOutBody(): void {
    const { buffer, bodyStart, bodyEnd } = this.#input.decoder;
    const error = this.#command?.body?.run(this, buffer, bodyStart, bodyEnd);
    if (error) this.#fail(error);
  }

  /** What is wrong with a body is said before all of it has come. */
  #lookAhead(): void {
    if (this.#input.decoder.interrupted !== "body") return;
    const { buffer, bodyStart, end } = this.#input.decoder;
    const error = this.#command?.body?.arriving?.(this, buffer, bodyStart, end);
    if (error) this.#fail(error);
  }

  #refuse(decoded: "bad-size" | "overlong-line"): void {
    const body = this.#command?.body;
    if (decoded === "bad-size" && body) this.#fail(body.badSize(this, this.#input.decoder.size));
    else this.#isEnded = true; // nsqd closes without a word when its read buffer is full
  }

  /** The input ended: in the middle of a body that is an error. */
  #cutOff(): void {
    const where = this.#input.decoder.interrupted;
    const body = this.#command?.body;
    if (body && (where === "size" || where === "body")) {
      const part = where === "body" ? this.#input.decoder.rest : EMPTY;
      this.#fail(body.cutOff(this, where, part));
    }
    this.#isEnded = true;
  }

  #fail(error: ClientError): void {
    this.reply(errorFrame(error));
    if (isFatal(error)) this.#isEnded = true;
  }
}
