// What an operator does with single messages of a channel, wherever they are: looks at them, which moves nothing and asks for nothing,
// drops one, or puts one at the tail of the queue.

import type { Backlog } from "./backlog.ts";
import type { HeldKey } from "./channel-store.ts";
import type { InFlight } from "./in-flight.ts";
import type { LookedAt, LookPlace, MessageList } from "./look.ts";
import type { Unfinished } from "./unfinished.ts";

export type Intervention = "finish" | "requeue";

/** What became of that; "too-many" when consumers must catch up first. */
export type Intervened = "done" | "no-message" | "too-many";

/** A message, and where it may lie besides in memory. */
export interface Addressed {
  readonly seq: number;
  /** When it falls due, ms, as an operator was told; null when it was not deferred. */
  readonly due: number | null;
  /** When it falls due as the topic's log has it, 0 for at once; null when the log does not have it. */
  readonly dueInLog: number | null;
}

/** A page ends when the frames in it, of which the first is there in any case, are longer, bytes. */
const MAX_FRAMES = 2 * 2 ** 20;

export class Operator {
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

  /** The frame of a message that the channel holds itself; `due` is when it falls due, null when it is not deferred. */
  heldFrame(seq: number, due: number | null): Uint8Array | null {
    for (const messages of [this.#inFlight.messages, this.#backlog.waiting, this.#backlog.deferred]) {
      for (const message of messages) if (message.seq === seq) return this.#frame(message);
    }
    return due === null ? null : this.#backlog.held.frameBehind({ due, seq });
  }

  /** To be saved before anything else happens to the channel, when it is done. */
  intervene(intervention: Intervention, message: Addressed, now: number): Intervened {
    if (intervention === "requeue" && this.#backlog.isCrowded) return "too-many";
    const found = this.#takeOut(message, now);
    if (typeof found === "string") return found;
    if (intervention === "finish") this.#backlog.finish(found);
    else this.#backlog.requeue(found);
    return "done";
  }

  #takeOut({ seq, due, dueInLog }: Addressed, now: number): Unfinished | Exclude<Intervened, "done"> {
    const inFlight = this.#inFlight.get(seq);
    if (inFlight) {
      this.#inFlight.remove(inFlight);
      inFlight.owner?.landed();
      inFlight.owner = null;
      return inFlight;
    }
    const found = this.#backlog.take(seq) ?? (due === null ? null : this.#backlog.held.take({ due, seq }, now));
    if (found) return found;
    return dueInLog === null ? "no-message" : this.#backlog.takeAhead(seq, dueInLog, now);
  }

  #behind(list: MessageList, after: LookPlace | null, limit: number): Unfinished[] {
    const { order = 0, seq = 0 } = after ?? {};
    switch (list) {
      case "in_flight":
        return this.#inFlight.look(seq, limit);
      case "deferred":
        return this.#deferredBehind({ due: order, seq }, limit);
      case "waiting":
        return [...this.#backlog.waiting].filter(({ isLost, turn }) => !isLost && turn > order).slice(0, limit);
      case "latest":
        return [];
    }
  }

  #deferredBehind(after: HeldKey, limit: number): Unfinished[] {
    const isBehind = ({ at, seq }: Unfinished) => at > after.due || (at === after.due && seq > after.seq);
    const all = [...[...this.#backlog.deferred].filter(isBehind), ...this.#backlog.held.look(after, limit)];
    return all.sort((a, b) => a.at - b.at || a.seq - b.seq).slice(0, limit);
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
      frame: heldDue === null ? null : this.#frame(message),
    };
  }

  #frame(message: Unfinished): Uint8Array | null {
    return message.frame ?? this.#backlog.held.frame(message);
  }
}
