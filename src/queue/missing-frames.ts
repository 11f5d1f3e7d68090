// The messages of a channel whose frames must come from the topic before they can be delivered or held.

import type { Unfinished } from "./unfinished.ts";

/** Frames that are asked for at a time. */
export const MISSING_AT_ONCE = 64;

export class MissingFrames {
  readonly #messages = new Map<number, Unfinished>();
  #suppliedBytes = 0;

  get size(): number {
    return this.#messages.size;
  }

  /** Those to ask for next. */
  get seqs(): number[] {
    const seqs: number[] = [];
    for (const seq of this.#messages.keys()) {
      if (seqs.length === MISSING_AT_ONCE) break;
      seqs.push(seq);
    }
    return seqs;
  }

  /** Bytes of frames that came since the last save. */
  get suppliedBytes(): number {
    return this.#suppliedBytes;
  }

  add(message: Unfinished): void {
    this.#messages.set(message.seq, message);
  }

  delete(seq: number): void {
    this.#messages.delete(seq);
  }

  clear(): void {
    this.#messages.clear();
  }

  /** The state is saved. */
  saved(): void {
    this.#suppliedBytes = 0;
  }

  /**
   * Takes frames for the first of some seqs; null for a message that the topic no longer has. Returns the seqs of these: they
   * are lost.
   */
  supply(seqs: readonly number[], frames: readonly (Uint8Array | null)[]): number[] {
    const lost: number[] = [];
    frames.forEach((frame, index) => {
      const seq = seqs[index] as number;
      const message = this.#messages.get(seq);
      if (!message) return;
      this.#messages.delete(seq);
      message.frame = frame;
      message.isLost = frame === null;
      this.#suppliedBytes += frame?.length ?? 0;
      if (message.isLost) lost.push(seq);
    });
    return lost;
  }
}
