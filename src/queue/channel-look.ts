// Looks at the messages that a channel has taken, or holds, a page at a time: nothing is moved, and nothing is asked for.

import type { Backlog } from "./backlog.ts";
import type { InFlight } from "./in-flight.ts";
import type { LookedAt, LookPlace, MessageList } from "./look.ts";
import type { Unfinished } from "./unfinished.ts";

/** A page ends when the frames in it, of which the first is there in any case, are longer, bytes. */
const MAX_FRAMES = 2 * 2 ** 20;

export class ChannelLooker {
  readonly #backlog: Backlog;
  readonly #inFlight: InFlight;

  constructor(backlog: Backlog, inFlight: InFlight) {
    this.#backlog = backlog;
    this.#inFlight = inFlight;
  }

  /** Up to `limit` messages behind `after`, from the beginning when it is null; and where the next page begins, null at the end. */
  look(list: MessageList, after: LookPlace | null, limit: number): { messages: LookedAt[]; next: LookPlace | null } {
    const messages: LookedAt[] = [];
    let bytes = 0;
    let last = after;
    for (const message of this.#behind(list, after, limit + 1)) {
      if (messages.length === limit || (bytes > MAX_FRAMES && messages.length > 0)) return { messages, next: last };
      const looked = this.#lookedAt(list, message);
      bytes += looked.frame?.length ?? 0;
      messages.push(looked);
      last = looked.place;
    }
    return { messages, next: null };
  }

  #behind(list: MessageList, after: LookPlace | null, limit: number): Unfinished[] {
    if (list === "deferred") return this.#backlog.lookDeferred({ due: after?.order ?? 0, seq: after?.seq ?? 0 }, limit);
    if (list === "in_flight") return this.#inFlight.look(after?.seq ?? 0, limit);
    if (list === "latest") return [];
    const last = after?.order ?? 0;
    return [...this.#backlog.waiting].filter(({ isLost, turn }) => !isLost && turn > last).slice(0, limit);
  }

  #lookedAt(list: MessageList, message: Unfinished): LookedAt {
    const { seq, attempts, at, deliveredAt, owner, heldDue, turn } = message;
    const isInFlight = list === "in_flight";
    return {
      place: { section: "channel", order: list === "deferred" ? at : turn, seq },
      seq,
      attempts,
      due: list === "deferred" ? at : null,
      deliveredAt: isInFlight ? deliveredAt : null,
      deadline: isInFlight ? at : null,
      owner: owner?.id ?? null,
      frame: heldDue === null ? null : this.#backlog.lookAt(message),
    };
  }
}
