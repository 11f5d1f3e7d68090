// The state of an ephemeral channel: it lives as long as the object stays in memory.

import type { ChannelStore, HeldKey, HeldMessage, HeldStore } from "../queue/channel-store.ts";

interface Kept extends HeldMessage {
  readonly frame: Uint8Array;
}

export class MemoryChannelStore implements ChannelStore {
  readonly held: HeldStore = new MemoryHeldStore();
  #state: Uint8Array | null = null;

  load(): Uint8Array | null {
    return this.#state;
  }

  save(write: () => Uint8Array): void {
    this.#state = write();
  }
}

class MemoryHeldStore implements HeldStore {
  /** In the order of their keys. */
  #messages: Kept[] = [];

  put(message: HeldMessage, frame: Uint8Array): void {
    this.remove(message);
    this.#messages.splice(this.#firstAfter(message), 0, { ...message, frame });
  }

  remove(key: HeldKey): void {
    const index = this.#indexOf(key);
    if (index >= 0) this.#messages.splice(index, 1);
  }

  frame(key: HeldKey): Uint8Array | null {
    return this.#messages[this.#indexOf(key)]?.frame ?? null;
  }

  due(after: HeldKey, now: number, limit: number): HeldMessage[] {
    const from = this.#firstAfter(after);
    const to = Math.min(from + limit, this.#firstAfter({ due: now, seq: Number.POSITIVE_INFINITY }));
    return this.#messages.slice(from, to).map(({ due, seq, attempts }) => ({ due, seq, attempts }));
  }

  nextDue(after: HeldKey): number | null {
    return this.#messages[this.#firstAfter(after)]?.due ?? null;
  }

  count(after: HeldKey, now = Number.POSITIVE_INFINITY): number {
    return Math.max(0, this.#firstAfter({ due: now, seq: Number.POSITIVE_INFINITY }) - this.#firstAfter(after));
  }

  clear(): void {
    this.#messages = [];
  }

  #indexOf(key: HeldKey): number {
    const index = this.#firstAfter(key) - 1;
    const message = this.#messages[index];
    return message && message.due === key.due && message.seq === key.seq ? index : -1;
  }

  /** The index of the first message behind a key, by bisection. */
  #firstAfter({ due, seq }: HeldKey): number {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const message = this.#messages[middle] as Kept;
      if (message.due > due || (message.due === due && message.seq > seq)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
