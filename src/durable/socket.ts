// One hibernating WebSocket of an object and the session on it.

import type { IdentityData } from "../identity/identity-data.ts";
import { concat } from "../protocol/bytes.ts";
import { HEARTBEAT_FRAME } from "../protocol/frame.ts";
import type { IdleState } from "../queue/channel-state.ts";
import type { ConsumerState } from "../queue/consumer.ts";
import type { Connection } from "../session/connection.ts";
import { Heartbeat, type HeartbeatState } from "../session/heartbeat.ts";
import { ARE_YOU_THERE, parseLinkControl } from "../session/link-control.ts";
import type { Session, SessionState } from "../session/session.ts";

/** A socket whose attachment has another version is closed: its client connects anew. */
export const ATTACHMENT_VERSION = 3;

/** What a socket carries while its object sleeps (16 KiB at most, platform notes A1). */
export interface Attachment {
  readonly version: typeof ATTACHMENT_VERSION;
  readonly connection: Connection;
  readonly isLink: boolean;
  readonly tellsTaken: boolean;
  readonly identity: IdentityData | null;
  readonly session: SessionState;
  readonly consumer: ConsumerState | null;
  /** How far its channel is: an ephemeral channel is not saved anywhere else. */
  readonly channel: IdleState | null;
  readonly heartbeat: HeartbeatState;
  /** Bytes sent to its consumer until it was last heard of. */
  readonly sentWhenHeard: number;
}

/** WebSocket close codes (RFC 6455 7.4.1). */
const UNSUPPORTED_DATA = 1003;
const POLICY_VIOLATION = 1008;
/** A peer that has not taken this much gets nothing more for now, bytes. */
const MAX_UNTAKEN = 4 * 2 ** 20;
/** The same where nobody can tell what a peer has taken: then it is what it has not answered, nor anything sent after it. */
const MAX_UNANSWERED = 16 * 2 ** 20;
/** There, who is sent so much and says nothing at all meanwhile is given up: what times out would be sent again and again. */
const MAX_UNHEARD = 64 * 2 ** 20;

export interface SocketKind {
  /** Whether the gateway is at the other end: it keeps heartbeats. */
  readonly isLink: boolean;
  /** Whether it tells what its client has taken. */
  readonly tellsTaken: boolean;
  /** Who the client is; null where nobody is asked. */
  readonly identity: IdentityData | null;
}

export class Socket {
  readonly webSocket: WebSocket;
  readonly session: Session;
  readonly isLink: boolean;
  readonly tellsTaken: boolean;
  readonly #identity: IdentityData | null;
  readonly heartbeat: Heartbeat;
  /** For a link that tells: what was sent and not taken. */
  #untaken = 0;
  /** Bytes sent to its consumer until it was last heard of. */
  #sentWhenHeard = 0;
  /** To be sent with the next flush. */
  #collected: Uint8Array[] = [];

  constructor(webSocket: WebSocket, session: Session, kind: SocketKind, now: number) {
    this.webSocket = webSocket;
    this.session = session;
    this.isLink = kind.isLink;
    this.tellsTaken = kind.tellsTaken;
    this.#identity = kind.identity;
    this.heartbeat = new Heartbeat(now);
  }

  /** Takes input; a heartbeat interval that it settles counts from now. */
  receive(bytes: Uint8Array, now: number): void {
    this.heartbeat.heard(now);
    if (this.session.isConsumer) {
      const { consumer } = this.session;
      consumer.heard(now);
      this.#sentWhenHeard = consumer.sentBytes;
    }
    this.session.receive(bytes, now);
    this.#restartHeartbeat(now);
    this.measure();
  }

  /** Goes on after a sleep. */
  restore({ heartbeat, sentWhenHeard }: Attachment): void {
    this.heartbeat.restore(heartbeat);
    this.#sentWhenHeard = sentWhenHeard;
  }

  /** When it was last heard of, ms. */
  get heardAt(): number {
    return this.heartbeat.heardAt;
  }

  #restartHeartbeat(now: number): void {
    const { heartbeatIntervalMs } = this.session.settings;
    if (!this.isLink && heartbeatIntervalMs !== this.heartbeat.intervalMs)
      this.heartbeat.start(heartbeatIntervalMs, now);
  }

  /** When `beat` is to be called next, ms; Infinity for never. */
  get nextBeatAt(): number {
    const { access, isEnded } = this.session;
    return isEnded ? this.heartbeat.nextAt : Math.min(this.heartbeat.nextAt, access.endsAt);
  }

  /** Sends a heartbeat when one is owed; ends the connection when it was silent for too long, or when its client is nobody any more. */
  beat(now: number): void {
    if (now >= this.session.access.endsAt) this.session.endAccess();
    if (this.heartbeat.beat(now)) this.#send([HEARTBEAT_FRAME]);
    if (this.heartbeat.isTooSilent(now)) this.close();
  }

  /** What the gateway says beside the stream; from anybody else a text is a mistake. */
  control(text: string, now: number): void {
    const order = this.isLink ? parseLinkControl(text) : null;
    if (order === null) this.close(UNSUPPORTED_DATA, "binary messages only");
    else {
      if (this.session.isConsumer) this.session.consumer.heard(now);
      if (order.kind === "taken") this.#untaken = Math.max(0, this.#untaken - order.bytes);
      else if (order.kind === "end") this.session.endOfInput(now);
    }
    this.measure();
  }

  /** Messages of its consumer timed out: closes the connection when there is nobody any more. */
  doubt(): void {
    if (this.session.consumer.isVanished) this.close(POLICY_VIOLATION, "messages timed out and nothing was heard");
    else if (this.isLink && this.isOpen) this.webSocket.send(ARE_YOU_THERE);
  }

  /** Takes what the session has to say, to be sent with the next flush; that may carry out commands which waited for it. */
  collect(): void {
    const output = this.session.takeOutput();
    if (output.length > 0) this.#collected = this.#collected.concat(output);
  }

  /** Sends what the session and its channel have for the peer, and closes when that was the last. */
  flush(): void {
    const { session } = this;
    this.collect();
    let output = this.#collected;
    this.#collected = [];
    if (session.isConsumer) {
      const { consumer } = session;
      output = output.concat(consumer.outbox);
      consumer.outbox.length = 0;
    }
    if (output.length > 0) this.#send(output);
    this.measure();
    if (session.isDone) this.close();
  }

  /** Whether the peer takes nothing for now, and nobody will tell when it does again. */
  get mustBeWatched(): boolean {
    return this.#buffered !== undefined && this.session.isConsumer && this.session.consumer.isBlocked;
  }

  /** Finds out whether the peer must take something before it is sent more messages. */
  measure(): void {
    if (!this.session.isConsumer) return;
    const { consumer } = this.session;
    const untaken = this.tellsTaken ? this.#untaken : this.#buffered;
    consumer.isBlocked = untaken !== undefined && untaken > MAX_UNTAKEN;
    if (untaken !== undefined) return;
    consumer.maxUnreadBytes = MAX_UNANSWERED;
    if (consumer.sentBytes - this.#sentWhenHeard > MAX_UNHEARD) this.close(POLICY_VIOLATION, "nothing was answered");
  }

  /** Bytes that the runtime has not sent yet; undefined where it does not tell. */
  get #buffered(): number | undefined {
    if (this.isLink) return undefined; // the gateway takes all at once, whatever its client does
    return (this.webSocket as { bufferedAmount?: number }).bufferedAmount;
  }

  /** Keeps what a sleep would forget. */
  keep(): void {
    const { session } = this;
    const { isConsumer } = session;
    const attachment: Attachment = {
      version: ATTACHMENT_VERSION,
      connection: session.connection,
      isLink: this.isLink,
      tellsTaken: this.tellsTaken,
      identity: this.#identity,
      session: session.snapshot,
      consumer: isConsumer ? session.consumer.state : null,
      channel: isConsumer ? session.queue.idleState : null,
      heartbeat: this.heartbeat.state,
      sentWhenHeard: this.#sentWhenHeard,
    };
    this.webSocket.serializeAttachment(attachment);
  }

  get isOpen(): boolean {
    return this.webSocket.readyState === WebSocket.OPEN;
  }

  /** Closes the connection; a socket that closes carries nothing, so that it is not taken for a live one after a sleep. */
  close(code = 1000, reason = ""): void {
    if (!this.isOpen) return;
    this.webSocket.serializeAttachment(null);
    this.webSocket.close(code, reason);
  }

  #send(chunks: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    const bytes = concat(chunks);
    this.#untaken += bytes.length;
    this.webSocket.send(bytes);
  }
}
