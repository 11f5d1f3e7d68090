// The replies that a connection is owed, in the order of its commands: clients match replies to commands first in, first out,
// though a publish is answered only when it is stored and others may be ready before it.

/** The place of the replies to some publishes in a row that are stored together. */
export interface Receipt {
  /** Who will settle it. */
  readonly owner: object;
  expected: number;
  settled: number;
  /** Replies that came and could not yet go out. */
  frames: Uint8Array[];
}

export class ReplyQueue {
  #entries: (Receipt | Uint8Array)[] = [];

  /** Whether no reply is owed and none waits to be taken. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Adds a reply that is known at once. */
  push(frame: Uint8Array): void {
    this.#entries.push(frame);
  }

  /** Reserves the place of one reply. Places in a row with the same owner share a receipt. */
  expect(owner: object): Receipt {
    const last = this.#entries.at(-1);
    if (last !== undefined && !(last instanceof Uint8Array) && last.owner === owner) {
      last.expected++;
      return last;
    }
    const receipt: Receipt = { owner, expected: 1, settled: 0, frames: [] };
    this.#entries.push(receipt);
    return receipt;
  }

  /** Adds the last reply there will be: it takes the first open place of a receipt, and all behind is dropped. */
  endWith(receipt: Receipt, frame: Uint8Array): void {
    const index = this.#entries.indexOf(receipt);
    if (index < 0) return; // dropped by an earlier one
    settle(receipt, frame, 1);
    receipt.expected = receipt.settled;
    this.#entries.splice(index + 1);
  }

  /** Adds the replies whose turn it is to `out`, and takes them away here. */
  take(out: Uint8Array[]): void {
    let done = 0;
    for (const entry of this.#entries) {
      if (entry instanceof Uint8Array) {
        out.push(entry);
      } else {
        for (const frames of entry.frames) out.push(frames);
        entry.frames = [];
        if (entry.settled < entry.expected) break;
      }
      done++;
    }
    if (done > 0) this.#entries.splice(0, done);
  }
}

/** Adds `count` replies, as frames back to back, to a receipt. */
export function settle(receipt: Receipt, frames: Uint8Array, count: number): void {
  receipt.frames.push(frames);
  receipt.settled += count;
}
