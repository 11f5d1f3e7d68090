// The backoff of a consumer: after a failure it pauses, then tries one message, whose result moves the level (spec 8.4, go-nsq consumer.go).

export interface BackoffConfig {
  readonly backoffStrategy: "exponential" | "full_jitter";
  readonly backoffMultiplier: number;
  readonly maxBackoffDuration: number;
}

/** What a message's result says: `continue` is a requeue that is no failure. */
export type Signal = "success" | "failure" | "continue";

/** What follows from a signal: to pause for so many ms, to go on as usual, or nothing. */
export type BackoffStep = { readonly pauseMs: number } | "over" | "nothing";

export class Backoff {
  readonly #config: BackoffConfig;
  readonly #random: () => number;
  #level = 0;
  #isPausing = false;

  constructor(config: BackoffConfig, random: () => number) {
    this.#config = config;
    this.#random = random;
  }

  /** 0 when all is well. */
  get level(): number {
    return this.#level;
  }

  /** Whether nothing is received until the pause is over. */
  get isPausing(): boolean {
    return this.#isPausing;
  }

  /** Signals during a pause change nothing: there is one step a pause at most. */
  signal(signal: Signal): BackoffStep {
    const { maxBackoffDuration } = this.#config;
    if (maxBackoffDuration === 0 || this.#isPausing) return "nothing";
    const before = this.#level;
    if (signal === "success" && before > 0) this.#level--;
    if (signal === "failure" && this.#duration(before + 1) <= maxBackoffDuration) this.#level++;
    if (this.#level === 0) return before > 0 ? "over" : "nothing";
    this.#isPausing = true;
    return { pauseMs: Math.min(this.#duration(this.#level), maxBackoffDuration) };
  }

  /** A pause is over: one message is to be tried. */
  resume(): void {
    this.#isPausing = false;
  }

  /** ms. */
  #duration(level: number): number {
    const { backoffStrategy, backoffMultiplier } = this.#config;
    const most = backoffMultiplier * 2 ** level;
    return backoffStrategy === "exponential" ? most : Math.floor(most * this.#random());
  }
}
