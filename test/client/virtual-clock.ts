import type { Clock } from "../../src/client/clock.ts";

/** More timers in one go are an endless loop. */
const TOO_MANY = 10_000;

/** Time that passes when a test says so. */
export class VirtualClock implements Clock {
  #now = 1_700_000_000_000;
  #timers = new Set<{ at: number; act: () => void }>();
  readonly #random: () => number;

  constructor(random: () => number = () => 0.5) {
    this.#random = random;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.#random();
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + ms, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass; what follows from each timer is done before the next one. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    let fired = 0;
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      if (++fired > TOO_MANY) throw new Error(`${fired} timers in ${ms} ms`);
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.act();
      await settled();
    }
    this.#now = end;
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  #next() {
    return [...this.#timers].sort((a, b) => a.at - b.at)[0];
  }
}

/** Everything that follows without time is done. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}
