// When a heartbeat is owed, and when a client has been silent for too long (spec 1.15, nsqd/protocol_v2.go messagePump).

/** What is kept of it while its host sleeps. */
export interface HeartbeatState {
  readonly intervalMs: number;
  /** ms; null for never */
  readonly beatAt: number | null;
  readonly heardAt: number;
}

export class Heartbeat {
  #intervalMs = 0;
  #beatAt = Number.POSITIVE_INFINITY;
  #heardAt: number;

  constructor(now: number) {
    this.#heardAt = now;
  }

  /** Begins anew with an interval; 0 turns heartbeats and the limit on silence off. */
  start(intervalMs: number, now: number): void {
    this.#intervalMs = intervalMs;
    this.#beatAt = intervalMs === 0 ? Number.POSITIVE_INFINITY : now + intervalMs;
    this.#heardAt = now;
  }

  get state(): HeartbeatState {
    const beatAt = this.#intervalMs === 0 ? null : this.#beatAt;
    return { intervalMs: this.#intervalMs, beatAt, heardAt: this.#heardAt };
  }

  restore({ intervalMs, beatAt, heardAt }: HeartbeatState): void {
    this.#intervalMs = intervalMs;
    this.#beatAt = beatAt ?? Number.POSITIVE_INFINITY;
    this.#heardAt = heardAt;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** The client said something. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** Two intervals of silence end a connection. */
  isTooSilent(now: number): boolean {
    return this.#intervalMs > 0 && now - this.#heardAt >= 2 * this.#intervalMs;
  }

  /** Whether a heartbeat is to be sent now; the next one is owed an interval later. */
  beat(now: number): boolean {
    if (now < this.#beatAt) return false;
    this.#beatAt = now + this.#intervalMs;
    return true;
  }

  /** When there is something to do next, ms; Infinity when heartbeats are off. */
  get nextAt(): number {
    if (this.#intervalMs === 0) return Number.POSITIVE_INFINITY;
    return Math.min(this.#beatAt, this.#heardAt + 2 * this.#intervalMs);
  }
}
