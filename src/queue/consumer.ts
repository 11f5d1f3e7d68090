// A connection as its channel sees it (spec 1.10, nsqd/client_v2.go).

/** What a consumer negotiated that matters to delivery. */
export interface ConsumerSettings {
  readonly msgTimeoutMs: number;
  readonly sampleRate: number;
  /** 0 when it wants no output buffer, and nothing is to be held back. */
  readonly outputBufferTimeoutMs: number;
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
  readonly heardAt: number;
  readonly timedOutAt: number;
  readonly unheardTimeouts: number;
}

/** A send is worth it when so much of its RDY is free. */
const WORTH_A_SEND = 1 / 16;
/** So often in a row must what it was sent time out, */
const MAX_UNHEARD_TIMEOUTS = 3;
/** and for so long must it be silent, ms (nsqd's client timeout), before a consumer counts as vanished. */
const MAX_SILENCE_MS = 60_000;

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
  /** When it was last heard of, ms; Infinity where nobody listens. */
  #heardAt = Number.POSITIVE_INFINITY;
  /** When something that it was sent timed out last, ms. */
  #timedOutAt = 0;
  /** How often that happened since it was last heard of; what times out together counts once. */
  #unheardTimeouts = 0;
  /** Frames to be sent, in order. */
  readonly outbox: Uint8Array[] = [];

  constructor(id: string, settings: ConsumerSettings) {
    this.id = id;
    this.settings = settings;
  }

  /** How many more messages it may be sent. */
  get room(): number {
    const isStuck = this.isClosing || this.isBlocked || this.isVanished || this.unreadBytes > this.maxUnreadBytes;
    return isStuck ? 0 : Math.max(0, this.rdy - this.inFlight);
  }

  /**
   * Whether it has room; who is patient waits until there is so much that a send is worth it. Who finishes messages piece by piece, as they
   * arrive, would else be sent ever smaller pieces, and answer each of them (the silly window of TCP, RFC 1122 4.2.3.4).
   */
  canBeServed(isPatient: boolean): boolean {
    const { room } = this;
    const isEnough = !isPatient || room >= this.rdy * WORTH_A_SEND || this.settings.outputBufferTimeoutMs === 0;
    return room > 0 && isEnough;
  }

  /** Bytes in flight that it may not have read yet. */
  get unreadBytes(): number {
    return this.sentBytes - this.readBytes;
  }

  /** It is sent messages, as frames back to back. */
  sent(frames: readonly Uint8Array[], count: number): void {
    for (const piece of frames) {
      this.outbox.push(piece);
      this.sentBytes += piece.length;
    }
    this.inFlight += count;
    this.messageCount += count;
  }

  /** A message is no longer in flight to it. */
  landed(): void {
    this.inFlight--;
    if (this.inFlight === 0) this.readBytes = this.sentBytes;
  }

  /** It said something, be it only that it is there. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#unheardTimeouts = 0;
  }

  /** A message that was sent to it at `deliveredAt` timed out, and is no longer in flight to it. */
  timedOut(deliveredAt: number, now: number): void {
    this.landed();
    if (deliveredAt < this.#timedOutAt) return; // sent in the same round as one that timed out before
    this.#timedOutAt = now;
    this.#unheardTimeouts++;
  }

  /** Whether its connection is but the shadow of one: what it is sent times out, and nothing is heard of it. */
  get isVanished(): boolean {
    return this.#unheardTimeouts >= MAX_UNHEARD_TIMEOUTS && this.#timedOutAt - this.#heardAt >= MAX_SILENCE_MS;
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
    const silence = { heardAt: this.#heardAt, timedOutAt: this.#timedOutAt, unheardTimeouts: this.#unheardTimeouts };
    return { rdy, isClosing, messageCount, finishCount, requeueCount, sentBytes, readBytes, ...silence };
  }

  restore(state: ConsumerState): void {
    this.rdy = state.rdy;
    this.isClosing = state.isClosing;
    this.messageCount = state.messageCount;
    this.finishCount = state.finishCount;
    this.requeueCount = state.requeueCount;
    this.sentBytes = state.sentBytes;
    this.readBytes = state.readBytes;
    this.#heardAt = state.heardAt;
    this.#timedOutAt = state.timedOutAt;
    this.#unheardTimeouts = state.unheardTimeouts;
  }
}
