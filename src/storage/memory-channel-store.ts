// The state of an ephemeral channel: it lives as long as the object stays in memory.

import {
  type ChannelStore,
  type HeldFrame,
  type HeldKey,
  type HeldMessage,
  type HeldPage,
  type HeldStore,
  isBehind,
} from "../queue/channel-store.ts";

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

/** Each message is a page. */
class MemoryHeldStore implements HeldStore {
  /** In the order of their keys. */
  #messages: HeldFrame[] = [];

  put(messages: readonly HeldFrame[]): void {
    for (const message of messages) this.#messages.splice(this.#firstAfter(message), 0, message);
  }

  page(key: HeldKey): HeldPage | null {
    const message = this.#messages[this.#indexOf(key)];
    return message ? { messages: [message] } : null;
  }

  keep({ messages: [message] }: HeldPage, messages: readonly HeldMessage[]): void {
    if (message && messages.length === 0) this.#messages.splice(this.#indexOf(message), 1);
  }

  frame(key: HeldKey): Uint8Array | null {
    return this.#messages[this.#indexOf(key)]?.frame ?? null;
  }

  due(after: HeldKey, now: number, limit: number): HeldMessage[] {
    const from = this.#firstAfter(after);
    const to = Math.min(from + limit, this.#firstAfter({ due: now, seq: Number.POSITIVE_INFINITY }));
    return this.#messages.slice(from, to).map(({ due, seq, attempts }) => ({ due, seq, attempts }));
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
  #firstAfter(key: HeldKey): number {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBehind(this.#messages[middle] as HeldFrame, key)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
