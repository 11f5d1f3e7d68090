// Bodies of messages as people read them: what a body seems to be, a line of it for a table, and hexadecimal. The bytes are
// anybody's: nothing here trusts them to be text.

import { isJson } from "./json-tokens.ts";

export type BodyKind = "json" | "text" | "hex";

/** Anything that no text editor writes; newlines and tabs are text. */
const ODD = /[^\P{Cc}\t\n\r]/u;
/** Also what turns the direction of the text around it. */
const UNREADABLE = /[\p{Cc}\ufffd\u202a-\u202e\u2066-\u2069]/gu;
const HEX_LINE = 16;

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The text of a body; null when it is not UTF-8. One that goes on behind these bytes may be cut within a character. */
export function utf8(bytes: Uint8Array, isWhole: boolean): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !isWhole });
  } catch {
    return null; // that is how it says so
  }
}

/** As `utf8`, with U+FFFD for what is not. */
export function looseText(bytes: Uint8Array, isWhole: boolean): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: !isWhole });
}

/** How a body is best shown. A JSON scalar looks the same as text. */
export function guessKind(bytes: Uint8Array, isWhole: boolean): BodyKind {
  const text = utf8(bytes, isWhole);
  if (text === null || ODD.test(text)) return "hex";
  return /^\s*[[{]/.test(text) && isJson(text) ? "json" : "text";
}

/** The beginning of a body in one line, with a dot for all that has no look of its own. */
export function oneLine(bytes: Uint8Array, isWhole: boolean): string {
  return looseText(bytes, isWhole).replace(UNREADABLE, "·");
}

/** Offset, 16 bytes, and those again as ASCII: as `hexdump -C` has it. */
export function hexDump(bytes: Uint8Array, end = bytes.length): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(end, bytes.length); at += HEX_LINE) {
    const line = [...bytes.subarray(at, Math.min(at + HEX_LINE, end))];
    const pairs = line.map((byte, index) => `${index === HEX_LINE / 2 ? " " : ""}${hex(byte, 2)}`).join(" ");
    const ascii = line.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${hex(at, 8)}  ${pairs.padEnd(HEX_LINE * 3)}  ${ascii}`);
  }
  return lines.join("\n");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
