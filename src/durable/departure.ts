// An ephemeral channel is removed when its last consumer is gone (spec 2.12), also when that was lost in a crash, and also when its
// topic cannot be told at once. What is written down is that the channel has had a consumer, and in which life.

import { fromByteString, toByteString } from "../protocol/bytes.ts";
import type { SqliteChannelStore } from "../storage/sqlite-channel-store.ts";

const RETRY_MS = 5_000;

export interface DepartureHost {
  /** Whether nobody consumes, or is about to. */
  isDeserted(): boolean;
  /** Tells the topic that nobody consumes from this life of the channel any more. */
  leave(life: number): Promise<void>;
  failed(error: unknown): void;
  /** Sees to it that `check` is called at `at`, ms, or before. */
  wakeBy(at: number): void;
}

export class Departure {
  readonly #store: SqliteChannelStore;
  readonly #host: DepartureHost;
  /** Null when the channel has had no consumer yet. */
  #life: number | null = null;
  #isLeaving = false;
  /** The last consumer may have gone while the topic was told of an earlier one. */
  #isLeavingAgain = false;

  constructor(store: SqliteChannelStore, host: DepartureHost) {
    this.#store = store;
    this.#host = host;
  }

  /** Learns what was written down before a sleep. */
  load(): void {
    const bytes = this.#store.load();
    this.#life = bytes && Number(toByteString(bytes));
  }

  /** A consumer came. */
  arrive(life: number): void {
    if (this.#life === life) return;
    this.#life = life;
    this.#store.save(() => fromByteString(String(life)));
  }

  /** The channel is removed. */
  forget(): void {
    this.#life = null;
  }

  /** To be called whenever the last consumer may be gone. */
  check(): void {
    if (this.#life === null || !this.#host.isDeserted()) return;
    this.#isLeavingAgain = this.#isLeaving;
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    void this.#leave(this.#life);
  }

  async #leave(life: number): Promise<void> {
    try {
      await this.#host.leave(life);
    } catch (error) {
      this.#host.failed(error);
      this.#host.wakeBy(Date.now() + RETRY_MS);
    }
    this.#isLeaving = false;
    if (this.#isLeavingAgain) this.check();
  }
}
