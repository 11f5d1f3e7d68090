// A message id is 16 lower-case hex digits of a 64 bit number that holds where its message lies: no look-up is needed to
// find the message of a FIN, and ids of a topic rise (spec 2.10 gives the form; the content is ours).
//
//    63      54 53                                                     0
//   +----------+-------------------------------------------------------+
//   |   node   |  seq: the message's place in the log of that node     |
//   +----------+-------------------------------------------------------+

import { byte } from "./bytes.ts";

export const MESSAGE_ID_LENGTH = 16;
export const MAX_NODE = 1023;
/** What `parseMessageId` answers for 16 bytes that are no id of this node. */
export const NOT_AN_ID = -1;

const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
/** Value of each hex digit by its character code; 255 for all other bytes, upper case too. */
const VALUES = new Uint8Array(256).fill(255);
DIGITS.forEach((code, value) => {
  VALUES[code] = value;
});

/** The two digits of each byte, as 16 bits. */
const PAIRS = Uint16Array.from(
  { length: 256 },
  (_, i) => ((DIGITS[i >>> 4] as number) << 8) | (DIGITS[i & 15] as number),
);

const TWO_32 = 2 ** 32;
const HIGH_SEQ_BITS = 22;

/** Writes the id of a message; `node` 0 to 1023, `seq` a safe integer. */
export function writeMessageId(view: DataView, at: number, node: number, seq: number): void {
  const low = seq >>> 0;
  writeHex(view, at, (node << HIGH_SEQ_BITS) | ((seq - low) / TWO_32));
  writeHex(view, at + 8, low);
}

function writeHex(view: DataView, at: number, value: number): void {
  view.setUint16(at, PAIRS[value >>> 24] as number);
  view.setUint16(at + 2, PAIRS[(value >>> 16) & 255] as number);
  view.setUint16(at + 4, PAIRS[(value >>> 8) & 255] as number);
  view.setUint16(at + 6, PAIRS[value & 255] as number);
}

/** The seq of an id of this node, or NOT_AN_ID: any other 16 bytes name no message here. */
export function parseMessageId(buffer: Uint8Array, at: number, node: number): number {
  let high = 0;
  let low = 0;
  let all = 0;
  for (let i = 0; i < 8; i++) {
    const a = VALUES[byte(buffer, at + i)] as number;
    const b = VALUES[byte(buffer, at + 8 + i)] as number;
    all |= a | b;
    high = (high << 4) | a;
    low = (low << 4) | b;
  }
  if (all > 15 || high >>> HIGH_SEQ_BITS !== node) return NOT_AN_ID;
  const seq = (high & ((1 << HIGH_SEQ_BITS) - 1)) * TWO_32 + (low >>> 0);
  return Number.isSafeInteger(seq) ? seq : NOT_AN_ID;
}

/** The id as text, for logs, statistics and people. */
export function messageId(node: number, seq: number): string {
  const buffer = new Uint8Array(MESSAGE_ID_LENGTH);
  writeMessageId(new DataView(buffer.buffer), 0, node, seq);
  return String.fromCharCode(...buffer);
}
