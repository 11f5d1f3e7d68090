// Time and chance, as the client needs them: tests give their own.

export interface Clock {
  /** ms since the epoch. */
  now(): number;
  /** Returns what cancels it. */
  after(ms: number, act: () => void): () => void;
  /** At least 0, less than 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
