// Byte forms that several layouts share. Text on the wire is kept as "byte strings" (one char per byte, 0 to 255), so
// that what a client sent can be quoted back to it byte for byte.

export const EMPTY: Uint8Array = new Uint8Array(0);

/** Signed, as NSQ's sizes are. */
export function readInt32(buffer: Uint8Array, at: number): number {
  return (byte(buffer, at) << 24) | (byte(buffer, at + 1) << 16) | (byte(buffer, at + 2) << 8) | byte(buffer, at + 3);
}

export function writeInt32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

/** The byte at an index that is known to be inside. */
export function byte(buffer: Uint8Array, at: number): number {
  return buffer[at] as number;
}

/** Whether `prefix` lies in `buffer` at `at`. */
export function startsWith(buffer: Uint8Array, at: number, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (buffer[at + i] !== prefix[i]) return false;
  return true;
}

export function toByteString(buffer: Uint8Array, start = 0, end = buffer.length): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(byte(buffer, i));
  return text;
}

export function fromByteString(text: string): Uint8Array {
  const buffer = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) buffer[i] = text.charCodeAt(i);
  return buffer;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Malformed sequences become U+FFFD, as in Go's JSON decoder. */
export function fromUtf8(buffer: Uint8Array): string {
  return decoder.decode(buffer);
}

/** One buffer with the content of all; the only one itself when there is just one. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const first = chunks[0];
  if (first === undefined) return EMPTY;
  if (chunks.length === 1) return first;
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
