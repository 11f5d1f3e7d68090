// The one alarm of an object. Setting it is billed as a row, so it is set only to ring earlier than it would anyway; who is
// woken looks what is due.

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #ringsAt = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Learns what was set in an earlier life; to be awaited before anything else. */
  async load(): Promise<void> {
    this.#ringsAt = (await this.#storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
  }

  /** Sees to it that the alarm rings at `at`, ms, or before; Infinity is no wish. */
  setBy(at: number): void {
    if (at >= this.#ringsAt) return;
    this.#ringsAt = at;
    // The write is part of the current turn's transaction; a failure resets the object, so there is nothing to catch.
    void this.#storage.setAlarm(at);
  }

  /** The alarm rang. */
  rang(): void {
    this.#ringsAt = Number.POSITIVE_INFINITY;
  }
}
