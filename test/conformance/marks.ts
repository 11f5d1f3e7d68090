import type { Timing } from "./step.ts";

const RECV_WITHIN_MS = 8_000;

/** Moments that a scenario has named, to measure from. */
export class Marks {
  readonly #times = new Map<string, number>();

  set(name: string, time: number): void {
    this.#times.set(name, time);
  }

  /** Until when a receiving step waits. */
  deadline({ window, since, within = RECV_WITHIN_MS }: Timing): number {
    return window === undefined ? performance.now() + within : this.#since(since) + window[1];
  }

  /** Says when an arrival lies outside the step's window; null when all is well. */
  violation({ window, since }: Timing, times: readonly number[]): string | null {
    if (window === undefined) return null;
    const [min, max] = window;
    const elapsed = times.map((time) => Math.round(time - this.#since(since)));
    const bad = elapsed.find((ms) => ms < min || ms > max);
    return bad === undefined ? null : `came after ${bad} ms, not within ${min}..${max} ms`;
  }

  #since(name = ""): number {
    const time = this.#times.get(name);
    if (time === undefined) throw new Error(`no mark ${name}`);
    return time;
  }
}
