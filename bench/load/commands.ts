// What producers send, as bytes.

import { BODY_AT, MESSAGE, TYPE_AT } from "./frames.ts";
import type { CommandSpec } from "./task.ts";

const FILL = "x";

/** One command. */
export function commandBytes(spec: CommandSpec): Buffer {
  switch (spec.kind) {
    case "pub":
      return withSize(`PUB ${spec.topic}\n`, Buffer.alloc(spec.size, FILL));
    case "mpub":
      return withSize(`MPUB ${spec.topic}\n`, mpubBody(spec.count, spec.size));
    case "message":
      return messageFrame(spec.size);
  }
}

/** How many messages a command has. */
export function messagesOf(spec: CommandSpec): number {
  return spec.kind === "mpub" ? spec.count : 1;
}

export function withSize(line: string, body: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([Buffer.from(line, "latin1"), size, body]);
}

function mpubBody(count: number, size: number): Buffer {
  const body = Buffer.alloc(4 + count * (4 + size), FILL);
  body.writeInt32BE(count);
  for (let at = 4; at < body.length; at += 4 + size) body.writeInt32BE(size, at);
  return body;
}

/** As long as the broker's, with an id of no meaning. */
function messageFrame(size: number): Buffer {
  const frame = Buffer.alloc(BODY_AT + size, FILL);
  frame.writeInt32BE(frame.length - 4);
  frame.writeInt32BE(MESSAGE, TYPE_AT);
  return frame;
}
