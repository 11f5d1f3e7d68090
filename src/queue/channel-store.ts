// Where a channel's state lies, and the messages it holds itself. There are two: SQLite for channels, memory for ephemeral
// ones (src/storage).

/** The order of held messages. */
export interface HeldKey {
  /** When the message falls due, ms; 0 when it already had its turn. */
  readonly due: number;
  readonly seq: number;
}

export function isBehind(a: HeldKey, b: HeldKey): boolean {
  return a.due > b.due || (a.due === b.due && a.seq > b.seq);
}

/** For sorting. */
export function inOrder(a: HeldKey, b: HeldKey): number {
  return a.due - b.due || a.seq - b.seq;
}

/** Behind every message that already had its turn, before every one that is yet to fall due. */
export const NOTHING_DUE: HeldKey = { due: 0, seq: Number.MAX_SAFE_INTEGER };

/** A message whose frame moved from the topic's log to the channel, so that it holds back no log. */
export interface HeldMessage extends HeldKey {
  readonly attempts: number;
}

export interface HeldFrame extends HeldMessage {
  readonly frame: Uint8Array;
}

/** Messages that lie together, in order: that is what is stored and goes as one. */
export interface HeldPage {
  readonly messages: readonly HeldMessage[];
}

export interface HeldStore {
  /** Adds messages, of which none is there. */
  put(messages: readonly HeldFrame[]): void;
  /** The page that has a message; null when there is none. */
  page(key: HeldKey): HeldPage | null;
  /** Leaves of a page only some messages; when they are none it goes. */
  keep(page: HeldPage, messages: readonly HeldMessage[]): void;
  frame(key: HeldKey): Uint8Array | null;
  /** Messages behind `after` that are due at `now`, in order, at most `limit`. */
  due(after: HeldKey, now: number, limit: number): HeldMessage[];
  /** How many messages there are behind `after`, all of them or those due at `now`. */
  count(after: HeldKey, now?: number): number;
  clear(): void;
}

export interface ChannelStore {
  readonly held: HeldStore;
  /** The state as saved last, or null for a new channel. */
  load(): Uint8Array | null;
  /** Saves the state that `write` returns, together with what it does to the held messages: all of it, or nothing. */
  save(write: () => Uint8Array): void;
}
