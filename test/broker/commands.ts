// What a client sends to the broker, as bytes.

import { command, MAGIC as MAGIC_TEXT } from "../helpers/commands.ts";

export const MAGIC = Buffer.from(MAGIC_TEXT);

export function pub(topic: string, message: string | Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(message.length);
  return Buffer.concat([Buffer.from(`PUB ${topic}\n`), size, Buffer.from(message)]);
}

/** Messages of one size. */
export function mpub(topic: string, count: number, size: number): Buffer {
  const body = mpubBody(count, size);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([Buffer.from(`MPUB ${topic}\n`), length, body]);
}

/** Messages of one size as MPUB and /mpub?binary=true take them. */
export function mpubBody(count: number, size: number): Buffer<ArrayBuffer> {
  const body = Buffer.alloc(4 + count * (4 + size), "x");
  body.writeInt32BE(count, 0);
  for (let i = 0; i < count; i++) body.writeInt32BE(size, 4 + i * (4 + size));
  return body;
}

export function identify(request: object = {}): Buffer {
  return Buffer.from(command("IDENTIFY", JSON.stringify(request)), "latin1");
}

/** So many of the same in a row. */
export function times(count: number, command: Buffer): Buffer {
  return Buffer.concat(Array(count).fill(command));
}
