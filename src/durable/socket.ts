// One hibernating WebSocket of an object and the session on it.

import { concat } from "../protocol/bytes.ts";
import { HEARTBEAT_FRAME } from "../protocol/frame.ts";
import type { ConsumerState } from "../queue/consumer.ts";
import type { Connection } from "../session/connection.ts";
import { Heartbeat } from "../session/heartbeat.ts";
import { parseLinkControl } from "../session/link-control.ts";
import type { Session, SessionState } from "../session/session.ts";

/** What a socket carries while its object sleeps (16 KiB at most, platform notes A1). */
export interface Attachment {
  readonly version: 1;
  readonly connection: Connection;
  readonly isLink: boolean;
  readonly session: SessionState;
  readonly consumer: ConsumerState | null;
  /** Where its channel begins and how far it is: an ephemeral channel is not saved anywhere else. */
  readonly channel: { readonly start: number; readonly cursor: number } | null;
}

/** WebSocket close code (RFC 6455 7.4.1). */
const UNSUPPORTED_DATA = 1003;
/** A peer that has not taken this much gets nothing more for now, bytes. */
const MAX_UNREAD = 4 * 2 ** 20;
/** The same where the runtime cannot tell: then it is what was sent since the peer last said something. */
const MAX_UNHEARD = 16 * 2 ** 20;

export class Socket {
  readonly webSocket: WebSocket;
  readonly session: Session;
  /** Whether the gateway is at the other end: it keeps heartbeats, and tells what its client has taken. */
  readonly isLink: boolean;
  readonly heartbeat: Heartbeat;
  #unread = 0;

  constructor(webSocket: WebSocket, session: Session, isLink: boolean, now: number) {
    this.webSocket = webSocket;
    this.session = session;
    this.isLink = isLink;
    this.heartbeat = new Heartbeat(now);
  }

  /** Takes input; a heartbeat interval that it settles counts from now. */
  receive(bytes: Uint8Array, now: number): void {
    if (!this.isLink) this.#unread = 0;
    this.heartbeat.heard(now);
    this.session.receive(bytes, now);
    this.restartHeartbeat(now);
    this.#measure();
  }

  /** When it was last heard of, ms. */
  get heardAt(): number {
    return this.heartbeat.heardAt;
  }

  restartHeartbeat(now: number): void {
    const { heartbeatIntervalMs } = this.session.settings;
    if (!this.isLink && heartbeatIntervalMs !== this.heartbeat.intervalMs)
      this.heartbeat.start(heartbeatIntervalMs, now);
  }

  /** Sends a heartbeat when one is owed; closes the connection when it was silent for too long. Returns whether it did. */
  beat(now: number): boolean {
    if (this.heartbeat.beat(now)) this.#send([HEARTBEAT_FRAME]);
    if (!this.heartbeat.isTooSilent(now)) return false;
    this.close();
    return true;
  }

  /** What the gateway says beside the stream; from anybody else a text is a mistake. */
  control(text: string, now: number): void {
    const order = this.isLink ? parseLinkControl(text) : null;
    if (order === null) this.close(UNSUPPORTED_DATA, "binary messages only");
    else if (order.kind === "taken") this.#unread = Math.max(0, this.#unread - order.bytes);
    else this.session.endOfInput(now);
    this.#measure();
  }

  /** Sends what the session and its channel have for the peer, and closes when that was the last. */
  flush(): void {
    const { session } = this;
    const output = session.takeOutput();
    if (session.isConsumer) {
      const { consumer } = session;
      output.push(...consumer.outbox);
      consumer.outbox.length = 0;
    }
    if (output.length > 0) this.#send(output);
    this.#measure();
    if (session.isDone) this.close();
  }

  /** Whether the peer takes nothing for now, and nobody will tell when it does again. */
  get mustBeWatched(): boolean {
    return !this.isLink && this.#buffered !== undefined && this.session.isConsumer && this.session.consumer.isBlocked;
  }

  /** Finds out whether the peer must take something before it is sent more messages. */
  #measure(): void {
    if (!this.session.isConsumer) return;
    const buffered = this.isLink ? this.#unread : this.#buffered;
    this.session.consumer.isBlocked = buffered === undefined ? this.#unread > MAX_UNHEARD : buffered > MAX_UNREAD;
  }

  /** Bytes that the runtime has not sent yet; undefined where it does not tell. */
  get #buffered(): number | undefined {
    return (this.webSocket as { bufferedAmount?: number }).bufferedAmount;
  }

  /** Keeps what a sleep would forget. */
  keep(): void {
    const { session } = this;
    const { isConsumer } = session;
    const attachment: Attachment = {
      version: 1,
      connection: session.connection,
      isLink: this.isLink,
      session: session.snapshot,
      consumer: isConsumer ? session.consumer.state : null,
      channel: isConsumer ? { start: session.queue.start, cursor: session.queue.cursor } : null,
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
    this.#unread += bytes.length;
    this.webSocket.send(bytes);
  }
}
