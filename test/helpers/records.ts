// Messages as they are published, as they lie in a log, and as a consumer receives them.

import { fromByteString, toByteString } from "../../src/protocol/bytes.ts";
import { MESSAGE_ID_LENGTH, parseMessageId } from "../../src/protocol/message-id.ts";
import type { Batch, StoredBatch } from "../../src/queue/log-store.ts";
import { dueAt, frameOf, recordLength, stamp } from "../../src/queue/record.ts";
import { RecordWriter, type Segment } from "../../src/queue/record-writer.ts";

/** The node in all ids of the queue tests: its highest bit is set, which a sign error would show. */
export const NODE = 777;
/** The instant at which the queue tests begin, ms. */
export const T0 = 1_700_000_000_000;

/** A message to be published: its body as a byte string or as bytes; `due` 0 means at once. */
export interface Draft {
  readonly body: string | Uint8Array;
  readonly due: number;
}

/** A deferred message, or one with a body of bytes; others are just strings. */
export function draft(body: Draft["body"], due = 0): Draft {
  return { body, due };
}

export function segmentsOf(drafts: readonly (string | Draft)[]): Segment[] {
  const writer = new RecordWriter();
  for (const item of drafts) {
    const { body, due } = typeof item === "string" ? draft(item) : item;
    const bytes = typeof body === "string" ? fromByteString(body) : body;
    writer.add(bytes, 0, bytes.length, due);
  }
  return writer.take();
}

/** A batch as a topic stores it; all of it must fit into one row. */
export function batchOf(first: number, drafts: readonly (string | Draft)[], totalBytes = 0): StoredBatch {
  const [segment] = segmentsOf(drafts);
  if (!segment) throw new Error("a batch has messages");
  stamp(segment.bytes, NODE, first, T0);
  const { bytes, count, deferred, bodyBytes } = segment;
  return { first, count, bytes, deferred, totalBytes: totalBytes + bodyBytes };
}

/** What a message frame says. */
export interface Received {
  readonly seq: number;
  readonly attempts: number;
  readonly publishedAt: number;
  readonly body: Uint8Array;
}

/** Decodes the message frames that lie back to back in some chunks. */
export function framesIn(chunks: Iterable<Uint8Array>): Received[] {
  const received: Received[] = [];
  for (const chunk of chunks) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < chunk.length; ) {
      const end = at + 4 + view.getInt32(at);
      const type = view.getInt32(at + 4);
      if (type !== 2 || end > chunk.length) throw new Error(`no message frame at ${at}`);
      received.push({
        publishedAt: Number(view.getBigInt64(at + 8) / 1_000_000n),
        attempts: view.getUint16(at + 16),
        seq: parseMessageId(chunk, at + 18, NODE),
        body: chunk.subarray(at + 18 + MESSAGE_ID_LENGTH, end),
      });
      at = end;
    }
  }
  return received;
}

/** Frames as `seq body` texts, with `xN` behind the body for a further delivery: short enough to compare lists of them. */
export function textsOf(chunks: Iterable<Uint8Array>): string[] {
  return framesIn(chunks).map(({ seq, attempts, body }) => {
    const text = `${seq} ${toByteString(body)}`;
    return attempts === 1 ? text : `${text} x${attempts}`;
  });
}

/** What batches of a log hold, as `textsOf`; `+n` for records deferred to T0 + n, `a-b` for messages that were dropped. */
export function contentOf(batches: Iterable<Batch>): string[] {
  const content: string[] = [];
  for (const { first, count, bytes } of batches) {
    if (bytes.length === 0) content.push(`${first}-${first + count - 1}`);
    for (let at = 0; at < bytes.length; at += recordLength(bytes, at)) {
      const due = dueAt(bytes, at);
      content.push(`${textsOf([frameOf(bytes, at)])}${due === 0 ? "" : ` +${due - T0}`}`);
    }
  }
  return content;
}
