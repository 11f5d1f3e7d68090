// How max in flight is shared out to connections by RDY (spec 8.4, go-nsq consumer.go). What is taken from one is taken before it is
// given to another, so that the sum never exceeds it.

/** A connection, as far as its RDY goes. */
export interface Receiver {
  /** What it was told last. */
  readonly rdy: number;
  readonly maxRdyCount: number;
  /** ms. */
  readonly lastMessageAt: number;
  /** When it was told, ms. */
  readonly lastRdyAt: number;
  tell(rdy: number): void;
}

export interface RdyTimeouts {
  readonly lowRdyIdleTimeout: number;
  readonly lowRdyTimeout: number;
}

export class Rdy<R extends Receiver> {
  readonly #receivers = new Set<R>();
  readonly #timeouts: RdyTimeouts;
  readonly #random: () => number;
  #maxInFlight: number;

  constructor(maxInFlight: number, timeouts: RdyTimeouts, random: () => number) {
    this.#maxInFlight = maxInFlight;
    this.#timeouts = timeouts;
    this.#random = random;
  }

  /** The first thing that a receiver hears is its share, once the others were told theirs. */
  add(receiver: R): void {
    this.#receivers.add(receiver);
  }

  remove(receiver: R): void {
    this.#receivers.delete(receiver);
  }

  get maxInFlight(): number {
    return this.#maxInFlight;
  }

  change(maxInFlight: number): void {
    this.#maxInFlight = maxInFlight;
  }

  get total(): number {
    let total = 0;
    for (const { rdy } of this.#receivers) total += rdy;
    return total;
  }

  /** What each may have when all are served alike. */
  get share(): number {
    const even = Math.floor(this.#maxInFlight / Math.max(1, this.#receivers.size));
    return Math.min(Math.max(1, even), this.#maxInFlight);
  }

  /** Gives each its share, as far as it reaches. */
  spread(): void {
    const { share } = this;
    for (const receiver of this.#receivers) if (receiver.rdy > share) receiver.tell(share);
    for (const receiver of this.#receivers) this.#give(receiver, share);
  }

  /** Nobody gets anything. */
  pause(): void {
    for (const receiver of this.#receivers) this.#give(receiver, 0);
  }

  /** One gets one message, unless somebody has one already, or nobody may. */
  tryOne(): void {
    if (this.#maxInFlight === 0) this.pause();
    else if (this.total === 0) this.#giveByChance([...this.#receivers]);
  }

  /** Where there is not one for each, takes it from those who do not use it or had it for long, and gives it to others by chance. */
  redistribute(now: number, isBackingOff: boolean): void {
    if (this.#receivers.size <= (isBackingOff ? 1 : this.#maxInFlight)) {
      if (!isBackingOff) this.spread();
      return;
    }
    const { lowRdyIdleTimeout, lowRdyTimeout } = this.#timeouts;
    for (const receiver of this.#receivers) {
      const isIdle = now - receiver.lastMessageAt > lowRdyIdleTimeout;
      const hadItsTime = now - receiver.lastRdyAt > lowRdyTimeout;
      if (receiver.rdy > 0 && (isIdle || hadItsTime)) this.#give(receiver, 0);
    }
    const possible = [...this.#receivers].filter(({ rdy }) => rdy === 0);
    for (let free = (isBackingOff ? 1 : this.#maxInFlight) - this.total; free > 0; free--) this.#giveByChance(possible);
  }

  /** Gives one to one of these, which is taken out of them. */
  #giveByChance(receivers: R[]): void {
    const [chosen] = receivers.splice(Math.floor(this.#random() * receivers.length), 1);
    if (chosen) this.#give(chosen, 1);
  }

  #give(receiver: R, count: number): void {
    const free = this.#maxInFlight - this.total + receiver.rdy;
    const rdy = Math.max(0, Math.min(count, receiver.maxRdyCount, free));
    if (rdy !== receiver.rdy) receiver.tell(rdy);
  }
}
