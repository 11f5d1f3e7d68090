// The messages of the log that a channel took before their turn, because an operator dealt with them: they are passed by when it comes.

export interface TakenAhead {
  readonly seq: number;
  /** When it falls due, as the log says, ms; 0 for at once. */
  readonly due: number;
}

/** Each takes up to 14 bytes of the state's row (platform notes A1). */
const MAX_AHEAD = 5_000;

export class Ahead {
  /** By seq. */
  #messages: TakenAhead[];

  constructor(messages: readonly TakenAhead[] = []) {
    this.#messages = [...messages];
  }

  get size(): number {
    return this.#messages.length;
  }

  get isFull(): boolean {
    return this.size >= MAX_AHEAD;
  }

  /** The first seq; Infinity when there is none. */
  get first(): number {
    return this.#messages[0]?.seq ?? Number.POSITIVE_INFINITY;
  }

  has(seq: number): boolean {
    return this.#messages.some((message) => message.seq === seq);
  }

  /** Takes note of a message that is none of them yet. */
  add(message: TakenAhead): void {
    const index = this.#messages.findIndex(({ seq }) => seq > message.seq);
    this.#messages.splice(index < 0 ? this.size : index, 0, message);
  }

  /** The cursor has come to `cursor`: those before it need not be known any more. */
  passed(cursor: number): void {
    if (this.first < cursor) this.#messages = this.#messages.filter(({ seq }) => seq >= cursor);
  }

  /** How many of them the log defers to a time after `now`. */
  countDeferred(now: number): number {
    return this.#messages.filter(({ due }) => due > now).length;
  }

  /** The first seq from `cursor` on that is none of them. */
  firstOther(cursor: number): number {
    let other = cursor;
    for (const { seq } of this.#messages) if (seq === other) other++;
    return other;
  }

  [Symbol.iterator](): Iterator<TakenAhead> {
    return this.#messages.values();
  }
}
