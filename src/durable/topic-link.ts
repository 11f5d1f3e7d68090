// A channel's side of its topic: fetches what the queue wants, one call at a time, and tries again when a call fails.

import type { ChannelQueue } from "../queue/channel-queue.ts";
import type { Pulled } from "./Topic.ts";

export interface TopicCalls {
  pull(life: number, seq: number, low: number): Promise<Pulled | null>;
  frames(life: number, seqs: number[]): Promise<(Uint8Array | null)[] | null>;
}

const RETRY_MS = 100;
const MAX_RETRY_MS = 10_000;

export class TopicLink {
  readonly #calls: TopicCalls;
  readonly #fetched: () => void;
  readonly #removed: (queue: ChannelQueue) => void;
  readonly #failed: (error: unknown) => void;
  #isBusy = false;
  #failures = 0;

  /** `fetched` is called when something came, `removed` when the topic says that this life of the channel is over. */
  constructor(
    calls: TopicCalls,
    on: { fetched: () => void; removed: (queue: ChannelQueue) => void; failed: (error: unknown) => void },
  ) {
    this.#calls = calls;
    this.#fetched = on.fetched;
    this.#removed = on.removed;
    this.#failed = on.failed;
  }

  /** Fetches what is wanted, if anything is. */
  fetchFor(queue: ChannelQueue): void {
    if (this.#isBusy || (queue.fetch === null && queue.missing.length === 0)) return;
    this.#isBusy = true;
    void this.#fetch(queue);
  }

  async #fetch(queue: ChannelQueue): Promise<void> {
    let pause = 0;
    try {
      const isThere = (await this.#fetchMissing(queue)) && (await this.#fetchMore(queue));
      this.#failures = 0;
      if (!isThere) this.#removed(queue);
    } catch (error) {
      this.#failed(error);
      pause = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures);
      this.#failures++;
    }
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    this.#isBusy = false;
    this.#fetched();
  }

  async #fetchMissing(queue: ChannelQueue): Promise<boolean> {
    const seqs = queue.missing;
    if (seqs.length === 0) return true;
    const frames = await this.#calls.frames(queue.life.id, seqs);
    if (frames === null) return false;
    const lost = queue.supply(seqs, frames);
    if (lost.length > 0) console.error(`messages ${lost.join(", ")} are no longer in the topic's log`);
    return true;
  }

  async #fetchMore(queue: ChannelQueue): Promise<boolean> {
    const from = queue.fetch;
    if (from === null) return true;
    queue.asked();
    const pulled = await this.#calls.pull(queue.life.id, from, queue.savedLow);
    if (pulled === null) return false;
    queue.fetched(pulled.batches, pulled.end, pulled.isFollowing);
    return true;
  }
}
