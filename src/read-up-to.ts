// Bodies whose length somebody else decides.

import { concat } from "./protocol/bytes.ts";

/** The whole of a stream; null when it is longer, of which most is not even read then. */
export async function readUpTo(limit: number, body: ReadableStream<Uint8Array> | null): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > limit) return null;
    chunks.push(chunk);
  }
  return concat(chunks);
}
