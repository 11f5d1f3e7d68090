// A message that left the log for a channel and is not finished: in flight, waiting for another delivery, or deferred.

import type { Consumer } from "./consumer.ts";

export interface Unfinished {
  readonly seq: number;
  /** Deliveries so far. */
  attempts: number;
  /** When the channel took it, ms: what stays for long moves to the held store, so that it holds back no log. */
  readonly takenAt: number;
  /** The frame for the next delivery, when it is at hand. */
  frame: Uint8Array | null;
  /** The due time under which the held store has its frame; null when the topic's log has it. */
  heldDue: number | null;
  /** In flight: whose it is. */
  owner: Consumer | null;
  /** In flight: where its frame ends in the stream of its owner's messages, bytes. */
  position: number;
  /** In flight: when it was sent, ms. */
  deliveredAt: number;
  /** In flight: when it was published, ms; 0 where nobody measures how long it takes. */
  publishedAt: number;
  /** In flight: when it times out. Deferred: when it falls due. ms */
  at: number;
  /** Its frame is nowhere any more: it is dropped when its turn comes. */
  isLost: boolean;
  /** Waiting: its turn comes when the channel has taken all below this seq. */
  after: number;
  /** Waiting: rises from one to the next in the queue. */
  turn: number;
}

export function unfinished(seq: number, takenAt: number): Unfinished {
  return {
    seq,
    attempts: 0,
    takenAt,
    frame: null,
    heldDue: null,
    owner: null,
    position: 0,
    deliveredAt: 0,
    publishedAt: 0,
    at: 0,
    isLost: false,
    after: 0,
    turn: 0,
  };
}
