// Looking at messages without disturbing them: what is asked, and what is told of each.

import { fromUtf8 } from "../protocol/bytes.ts";
import { BODY_OFFSET, publishedAt } from "../protocol/message.ts";

export const MESSAGE_LISTS = ["waiting", "in_flight", "deferred", "latest"] as const;
/** `in_flight` only of channels, `latest` (what was published last, newest last, whatever became of it) only of topics. */
export type MessageList = (typeof MESSAGE_LISTS)[number];

/** So much of a body is told unasked, bytes. */
export const PREVIEW_BYTES = 512;

/** Where a page begins: behind a message of the channel's own, or in the topic's log at `seq`. */
export interface LookPlace {
  readonly section: "channel" | "log";
  /** What that message is ordered by before its seq: when it falls due, or its turn. */
  readonly order: number;
  readonly seq: number;
}

/** A message that a channel has taken, or holds. Instants are ms, and null where they mean nothing. */
export interface LookedAt {
  readonly place: LookPlace;
  readonly seq: number;
  readonly attempts: number;
  readonly due: number | null;
  readonly deliveredAt: number | null;
  readonly deadline: number | null;
  /** The connection that it is in flight to. */
  readonly owner: string | null;
  /** When only the channel has it. */
  readonly frame: Uint8Array | null;
}

/** What a channel has in a list behind a place. */
export interface ChannelLook {
  readonly messages: LookedAt[];
  /** Where the next page begins; null when there is no more of its own. */
  readonly next: LookPlace | null;
  /** The log from here on, */
  readonly cursor: number;
  /** but for these, is not yet taken. */
  readonly ahead: number[];
}

/** What is shown of a message's content. */
export interface Content {
  /** ms */
  readonly timestamp: number;
  /** Of the body, bytes. */
  readonly size: number;
  readonly preview: Uint8Array;
  readonly isMatch: boolean;
}

/** `search` is looked for in the whole body, as text in any case; every body has the empty one. */
export function contentOf(frame: Uint8Array, search: string): Content {
  const body = frame.subarray(BODY_OFFSET);
  return {
    timestamp: publishedAt(frame),
    size: body.length,
    preview: body.slice(0, PREVIEW_BYTES),
    isMatch: search === "" || fromUtf8(body).toLowerCase().includes(search.toLowerCase()),
  };
}
