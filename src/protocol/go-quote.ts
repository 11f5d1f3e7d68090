// Go's %q verb, with which nsqd quotes names in its error texts.

import { fromByteString, fromUtf8, toByteString, utf8 } from "./bytes.ts";

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
// Go prints letters, marks, numbers, punctuation, symbols and the ASCII space (unicode.IsPrint).
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Quotes a byte string (one char per byte, UTF-8 or not); the result is a byte string, too. */
export function quote(text: string): string {
  let quoted = '"';
  let at = 0;
  while (at < text.length) {
    const length = runeLength(text, at);
    if (length === 0) {
      quoted += hexEscape("x", text.charCodeAt(at), 2);
      at += 1;
    } else {
      const bytes = text.slice(at, at + length);
      quoted += quoteRune(fromUtf8(fromByteString(bytes)));
      at += length;
    }
  }
  return `${quoted}"`;
}

function quoteRune(rune: string): string {
  const short = SHORT_ESCAPES[rune];
  if (short !== undefined) return short;
  if (PRINTABLE.test(rune)) return toByteString(utf8(rune));
  const code = rune.codePointAt(0) ?? 0;
  if (code < 0x80) return hexEscape("x", code, 2);
  return code < 0x10000 ? hexEscape("u", code, 4) : hexEscape("U", code, 8);
}

function hexEscape(kind: string, code: number, digits: number): string {
  return `\\${kind}${code.toString(16).padStart(digits, "0")}`;
}

/** How many bytes the UTF-8 sequence at `at` has, or 0 when it is malformed. */
function runeLength(text: string, at: number): number {
  const lead = text.charCodeAt(at);
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length < 2) return length;
  const bytes = fromByteString(text.slice(at, at + length));
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return bytes.length === length ? length : 0;
  } catch {
    return 0; // truncated, overlong or a surrogate: Go escapes its first byte alone
  }
}
