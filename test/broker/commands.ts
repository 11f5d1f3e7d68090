// What a client sends to the broker, as bytes.

import { command, MAGIC as MAGIC_TEXT } from "../helpers/commands.ts";

export const MAGIC = Buffer.from(MAGIC_TEXT);

export function pub(topic: string, message: string | Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(message.length);
  return Buffer.concat([Buffer.from(`PUB ${topic}\n`), size, Buffer.from(message)]);
}

export function identify(request: object = {}): Buffer {
  return Buffer.from(command("IDENTIFY", JSON.stringify(request)), "latin1");
}

/** So many of the same in a row. */
export function times(count: number, command: Buffer): Buffer {
  return Buffer.concat(Array(count).fill(command));
}
