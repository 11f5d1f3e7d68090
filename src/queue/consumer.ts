// A connection as its channel sees it (spec 1.10, nsqd/client_v2.go).

/** What a consumer negotiated that matters to delivery. */
export interface ConsumerSettings {
  readonly msgTimeoutMs: number;
  readonly sampleRate: number;
}

/** What is kept of a consumer while its channel sleeps. */
export interface ConsumerState {
  readonly rdy: number;
  readonly isClosing: boolean;
  readonly messageCount: number;
  readonly finishCount: number;
  readonly requeueCount: number;
  readonly sentBytes: number;
  readonly readBytes: number;
}

export class Consumer {
  /** Unique among all connections there ever were. */
  readonly id: string;
  readonly settings: ConsumerSettings;
  /** How many messages it may have in flight: a ceiling, not a credit. */
  rdy = 0;
  inFlight = 0;
  /** After CLS nothing is sent any more. */
  isClosing = false;
  /** Its socket takes nothing more for now. */
  isBlocked = false;
  messageCount = 0;
  finishCount = 0;
  requeueCount = 0;
  /** Bytes of all message frames that were sent to it. */
  sentBytes = 0;
  /** Where what is still in flight begins, or it answered last, in the stream of message frames, bytes from its start. */
  readBytes = 0;
  /** How many bytes may be unread: where nobody tells what its socket takes, that is all there is to go by. */
  maxUnreadBytes = Number.POSITIVE_INFINITY;
  /** Frames to be sent, in order. */
  readonly outbox: Uint8Array[] = [];

  constructor(id: string, settings: ConsumerSettings) {
    this.id = id;
    this.settings = settings;
  }

  /** How many more messages it may be sent. */
  get room(): number {
    const isStuck = this.isClosing || this.isBlocked || this.unreadBytes > this.maxUnreadBytes;
    return isStuck ? 0 : Math.max(0, this.rdy - this.inFlight);
  }

  /** Bytes in flight that it may not have read yet. */
  get unreadBytes(): number {
    return this.sentBytes - this.readBytes;
  }

  /** A message is no longer in flight to it. */
  landed(): void {
    this.inFlight--;
    if (this.inFlight === 0) this.readBytes = this.sentBytes;
  }

  landedAll(): void {
    this.inFlight = 0;
    this.readBytes = this.sentBytes;
  }

  /** It answered the message that ends at `position` of the stream. */
  hasRead(position: number): void {
    if (position > this.readBytes) this.readBytes = position;
  }

  get state(): ConsumerState {
    const { rdy, isClosing, messageCount, finishCount, requeueCount, sentBytes, readBytes } = this;
    return { rdy, isClosing, messageCount, finishCount, requeueCount, sentBytes, readBytes };
  }

  restore(state: ConsumerState): void {
    this.rdy = state.rdy;
    this.isClosing = state.isClosing;
    this.messageCount = state.messageCount;
    this.finishCount = state.finishCount;
    this.requeueCount = state.requeueCount;
    this.sentBytes = state.sentBytes;
    this.readBytes = state.readBytes;
  }
}
