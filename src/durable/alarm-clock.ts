// The one alarm of an object. Setting it is billed as a row, so it is set only to ring earlier than it would anyway; who is
// woken looks what is due.

import type { Usage } from "./usage.ts";

/** The platform takes no date after 2189 (platform notes A3); whoever wants to be woken then has time to ask again. */
const FARTHEST = Date.UTC(2189, 0);

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #failed: (error: unknown) => void;
  readonly #usage: Usage;
  #ringsAt = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage, usage: Usage, failed: (error: unknown) => void) {
    this.#storage = storage;
    this.#usage = usage;
    this.#failed = failed;
  }

  /** Learns what was set in an earlier life; to be awaited before anything else. */
  async load(): Promise<void> {
    this.#ringsAt = (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
  }

  /** Sees to it that the alarm rings at `at`, ms, or before; Infinity is no wish. */
  setBy(at: number): void {
    if (at >= Math.min(this.#ringsAt, FARTHEST)) return;
    this.#ringsAt = at;
    this.#usage.alarmSet();
    // Whoever relies on the alarm must not go on without it. The write is part of the current turn's transaction.
    this.#storage.setAlarm(at).catch(this.#failed);
  }

  /** The alarm rang. */
  rang(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }
}
