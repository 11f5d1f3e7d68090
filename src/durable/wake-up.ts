// Wakes an object when something is due: with a timer when that is soon, else with the alarm, so that the object can sleep.

import type { AlarmClock } from "./alarm-clock.ts";

/** Sleeping for less than this saves nothing, ms. */
const SOON_MS = 1_000;

export class WakeUp {
  readonly #alarm: AlarmClock;
  readonly #call: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(alarm: AlarmClock, call: () => void) {
    this.#alarm = alarm;
    this.#call = call;
  }

  /**
   * Calls at `at`, ms, or before; Infinity is no wish. Until `awakeUntil` the object is awake anyway, and asks again then; null
   * when it may sleep.
   */
  arrange(at: number, now: number, awakeUntil: number | null): void {
    if (at - now > SOON_MS && at > (awakeUntil ?? now)) {
      if (awakeUntil === null) this.#alarm.setBy(at);
    } else if (at < this.#timerAt) {
      this.cancel();
      this.#timerAt = at;
      this.#timer = setTimeout(() => this.#ring(), Math.max(0, at - now));
    }
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #ring(): void {
    this.cancel();
    this.#call();
  }
}
