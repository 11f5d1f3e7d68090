// What a client sends, as byte strings (one char per byte).

import { fromByteString, toByteString, utf8, writeInt32 } from "../../src/protocol/bytes.ts";

export const MAGIC = "  V2";

/** A command line, and the body with its size if there is one. */
export function command(line: string, body?: string): string {
  return body === undefined ? `${line}\n` : `${line}\n${sized(body)}`;
}

/** IDENTIFY with a JSON body. */
export function identify(request: object = {}): string {
  return command("IDENTIFY", toByteString(utf8(JSON.stringify(request))));
}

export function mpub(topic: string, messages: readonly string[]): string {
  return command(`MPUB ${topic}`, mpubBody(messages));
}

export function mpubBody(messages: readonly string[]): string {
  return int32(messages.length) + messages.map(sized).join("");
}

/** Bytes behind their size. */
export function sized(body: string): string {
  return int32(body.length) + body;
}

export function int32(value: number): string {
  const buffer = new Uint8Array(4);
  writeInt32(buffer, 0, value);
  return toByteString(buffer);
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export { fromByteString as bytesOf, toByteString as textOf };
