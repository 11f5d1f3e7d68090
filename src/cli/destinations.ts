// Which of several destinations gets a message: go-hostpool's ways, by the names that nsq_to_http and nsq_to_nsq give them.

export const MODES = ["hostpool", "round-robin", "epsilon-greedy"] as const;
export type Mode = (typeof MODES)[number];

/** How long one that failed is left aside, ms: doubled for each further failure. */
const FIRST_PAUSE = 30_000;
const MAX_PAUSE = 15 * 60_000;
/** How often chance decides, at first, at last, and how fast it becomes rarer. */
const EPSILON = { first: 0.3, least: 0.01, decay: 0.9 };
/** How much the last answer says of how fast a destination is. */
const WEIGHT = 0.2;

interface State<T> {
  readonly destination: T;
  failures: number;
  /** Before that it is not tried, ms. */
  retryAt: number;
  /** ms, averaged; null before the first answer. */
  took: number | null;
}

/** A destination, and what is to be told of how it went. */
export interface Choice<T> {
  readonly destination: T;
  mark(isGood: boolean): void;
}

export class Destinations<T> {
  readonly #mode: Mode;
  readonly #states: State<T>[];
  readonly #now: () => number;
  readonly #random: () => number;
  #next = 0;
  #epsilon = EPSILON.first;

  /** @param now ms */
  constructor(destinations: readonly T[], mode: Mode, now: () => number, random: () => number) {
    this.#states = destinations.map((destination) => ({ destination, failures: 0, retryAt: 0, took: null }));
    this.#mode = mode;
    this.#now = now;
    this.#random = random;
  }

  choose(): Choice<T> {
    const state = this.#pick();
    const startedAt = this.#now();
    return {
      destination: state.destination,
      mark: (isGood) => {
        const now = this.#now();
        if (isGood) {
          const took = now - startedAt;
          state.took = state.took === null ? took : (1 - WEIGHT) * state.took + WEIGHT * took;
          state.failures = 0;
          state.retryAt = 0;
        } else {
          state.retryAt = now + Math.min(FIRST_PAUSE * 2 ** state.failures++, MAX_PAUSE);
        }
      },
    };
  }

  #pick(): State<T> {
    const now = this.#now();
    const isUsable = ({ retryAt }: State<T>) => this.#mode === "round-robin" || retryAt <= now;
    // When none is known to be well, all are tried again.
    const usable = this.#states.some(isUsable) ? this.#states.filter(isUsable) : this.#states;
    return this.#mode === "epsilon-greedy" ? this.#greedy(usable) : this.#inTurn(usable);
  }

  #inTurn(usable: readonly State<T>[]): State<T> {
    for (;;) {
      const state = this.#states[this.#next++ % this.#states.length] as State<T>;
      if (usable.includes(state)) return state;
    }
  }

  /** The fastest, but for a chance that others get to show that they are faster. */
  #greedy(states: readonly State<T>[]): State<T> {
    const explores = this.#random() < this.#epsilon;
    this.#epsilon = Math.max(EPSILON.least, this.#epsilon * EPSILON.decay);
    const unknown = states.find(({ took, failures }) => took === null && failures === 0);
    if (unknown) return unknown;
    if (explores) return states[Math.floor(this.#random() * states.length)] as State<T>;
    const tookOf = ({ took }: State<T>) => took ?? Number.POSITIVE_INFINITY; // it failed whenever it was tried
    return states.reduce((best, state) => (tookOf(state) < tookOf(best) ? state : best));
  }
}
