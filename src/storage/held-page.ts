// Held messages that share a row, as its bytes: how many there are, of each what is known of it, and then their frames.

import { type HeldFrame, type HeldKey, type HeldMessage, inOrder } from "../queue/channel-store.ts";
import { VarintReader, VarintWriter } from "../queue/varint.ts";

/** In the order of their keys. */
export interface PagedMessages {
  readonly messages: readonly HeldMessage[];
  readonly frames: readonly Uint8Array[];
}

/** Those of a page fall due within the same span of so many ms: who looks for what is due next need not look into many. */
const SPAN_MS = 2 ** 13;
/** A page is full with so many messages, or bytes of frames. */
const MAX_MESSAGES = 128;
const MAX_BYTES = 2 ** 17;
/** So many are enough for one that ends with an instant: pages of very many that fall due at few instants then do not overlap. */
const ENOUGH = 32;

/** From when on a message falls due, ms, to when the last one may that shares a page with it. */
export function pageSpan(due: number): { readonly from: number; readonly to: number } {
  const from = Math.floor(due / SPAN_MS) * SPAN_MS;
  return { from, to: from + SPAN_MS - 1 };
}

/** Shares messages out among pages, in the order of their keys. */
export function cutPages(messages: readonly HeldFrame[]): HeldFrame[][] {
  const pages: HeldFrame[][] = [];
  let page: HeldFrame[] = [];
  let bytes = 0;
  for (const message of messages.toSorted(inOrder)) {
    const last = page.at(-1);
    const isFull = bytes + message.frame.length > MAX_BYTES || page.length === MAX_MESSAGES;
    const isEnough = page.length >= ENOUGH && message.due !== last?.due;
    if (last === undefined || isFull || isEnough || message.due > pageSpan(last.due).to) {
      page = [];
      bytes = 0;
      pages.push(page);
    }
    page.push(message);
    bytes += message.frame.length;
  }
  return pages;
}

export function encodePage({ messages, frames }: PagedMessages): Uint8Array {
  const out = new VarintWriter();
  let previous: HeldKey = { due: 0, seq: messages[0]?.seq ?? 0 };
  out.unsigned(messages.length);
  out.unsigned(previous.seq);
  messages.forEach(({ due, seq, attempts }, index) => {
    out.unsigned(due - previous.due);
    out.signed(seq - previous.seq);
    out.unsigned(attempts);
    out.unsigned((frames[index] as Uint8Array).length);
    previous = { due, seq };
  });
  const head = out.finish();
  const bytes = new Uint8Array(frames.reduce((sum, { length }) => sum + length, head.length));
  bytes.set(head);
  let at = head.length;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

/** @throws {Error} when it is damaged */
export function decodePage(bytes: Uint8Array): PagedMessages {
  const input = new VarintReader(bytes);
  const count = input.unsigned();
  let previous: HeldKey = { due: 0, seq: input.unsigned() };
  const entries = Array.from({ length: count }, () => {
    const due = previous.due + input.unsigned();
    const message = { due, seq: previous.seq + input.signed(), attempts: input.unsigned() };
    previous = message;
    return { message, size: input.unsigned() };
  });
  let end = bytes.length;
  const frames: Uint8Array[] = new Array(entries.length);
  for (let i = entries.length - 1; i >= 0; i--) {
    const { size } = entries[i] as (typeof entries)[0];
    frames[i] = bytes.subarray(end - size, end);
    end -= size;
  }
  return { messages: entries.map(({ message }) => message), frames };
}
