// The commands that a client sends, as bytes (spec 1.2).

import { concat, fromByteString, utf8, writeInt32 } from "../protocol/bytes.ts";

export const MAGIC = fromByteString("  V2");

export function line(...words: (string | number)[]): Uint8Array {
  return utf8(`${words.join(" ")}\n`);
}

/** A line, and a body behind its size. */
export function withBody(words: (string | number)[], body: Uint8Array): Uint8Array {
  return concat([line(...words), sized(body)]);
}

export function multiPublish(topic: string, bodies: readonly Uint8Array[]): Uint8Array {
  return withBody(["MPUB", topic], multiBody(bodies));
}

/** What MPUB has behind its size, and a binary /mpub (spec 3.3). */
export function multiBody(bodies: readonly Uint8Array[]): Uint8Array {
  const count = new Uint8Array(4);
  writeInt32(count, 0, bodies.length);
  return concat([count, ...bodies.map(sized)]);
}

function sized(body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(4 + body.length);
  writeInt32(whole, 0, body.length);
  whole.set(body, 4);
  return whole;
}
