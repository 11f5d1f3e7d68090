// The clock of the objects and the Worker, as tests move it. Timers go by it, too: so what happens once a second or once a day
// happens as often as it would, however fast or slow the machine is.

import { vi } from "vitest";
import { soon } from "./patience.ts";

/** Later than any run of the tests: alarms that the runtime itself rings would ring too early else. */
const START = 4_000_000_000_000;
const LOOK_AGAIN_MS = 1;

interface Timer {
  readonly ms: number;
  readonly dueAt: number;
  /** The runtime's timer that looks whether it is due. */
  handle: ReturnType<typeof setTimeout>;
}

export class MovedClock {
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  readonly #timers = new Map<number, Timer>();
  #lastId = 0;

  constructor() {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, ms = 0) => this.#start(callback, ms),
      clearTimeout: (id?: number) => this.#clear(id),
    });
  }

  /** Time goes by itself again. */
  stop(): void {
    Object.assign(globalThis, { setTimeout: this.#setTimeout, clearTimeout: this.#clearTimeout });
    vi.useRealTimers();
  }

  /** When the next timer rings, ms; Infinity when none is running. */
  get nextTimerAt(): number {
    return Math.min(...[...this.#timers.values()].map(({ dueAt }) => dueAt));
  }

  /** Whether a timer of so many ms is running. */
  hasTimer(ms: number): boolean {
    return [...this.#timers.values()].some((timer) => timer.ms === ms);
  }

  /** Moves on to an instant, ms. Resolves when the timers that are due by then have rung. */
  async moveTo(at: number): Promise<void> {
    vi.setSystemTime(at);
    await soon("a timer rings", () => this.nextTimerAt > at);
  }

  #start(callback: () => void, ms: number): number {
    const id = ++this.#lastId;
    const dueAt = Date.now() + ms;
    const look = () => {
      if (Date.now() < dueAt) timer.handle = this.#setTimeout(look, LOOK_AGAIN_MS);
      else {
        this.#timers.delete(id);
        callback();
      }
    };
    // A timer must ring where it was set, or it could not do anything there: so it is there that it waits for the clock.
    const timer: Timer = { ms, dueAt, handle: this.#setTimeout(look, LOOK_AGAIN_MS) };
    this.#timers.set(id, timer);
    return id;
  }

  #clear(id?: number): void {
    const timer = id === undefined ? undefined : this.#timers.get(id);
    if (id === undefined || !timer) return;
    this.#timers.delete(id);
    this.#clearTimeout(timer.handle);
  }
}
