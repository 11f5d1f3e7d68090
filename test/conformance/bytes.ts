// The notation in which scenarios write request bytes.

import type { Json } from "./json.ts";

/** Text is sent as UTF-8; a list is joined. */
export type BytesSpec =
  | string
  | BytesSpec[]
  | { hex: string }
  | { text: string; times?: number }
  | { json: Json }
  | { int32: number }
  | { mpub: MpubEntry[]; count?: number };

/** `size` is the declared length, where it should not be the true one. */
type MpubEntry = BytesSpec | { size: number; bytes?: BytesSpec } | { size?: number; bytes: BytesSpec };

/**
 * A string is a line (LF is added); a `line` is followed by a size and a body when either is given, where `size` and
 * `eol` override the true ones; anything else is sent as it is.
 */
export type CommandSpec = BytesSpec | LineCommand;

interface LineCommand {
  line: BytesSpec;
  eol?: string;
  body?: BytesSpec;
  size?: number;
}

/** @throws when the value is none of the notation's forms: scenarios are data, which no compiler has seen. */
export function bytes(spec: BytesSpec): Buffer {
  if (typeof spec === "string") return Buffer.from(spec);
  if (Array.isArray(spec)) return Buffer.concat(spec.map(bytes));
  if ("hex" in spec) return Buffer.from(spec.hex.replaceAll(" ", ""), "hex");
  if ("text" in spec) return Buffer.from(spec.text.repeat(spec.times ?? 1));
  if ("json" in spec) return Buffer.from(JSON.stringify(spec.json));
  if ("int32" in spec) return int32(spec.int32);
  if ("mpub" in spec) return Buffer.concat([int32(spec.count ?? spec.mpub.length), ...spec.mpub.map(mpubEntry)]);
  throw new Error(`not in the bytes notation: ${JSON.stringify(spec)}`);
}

export function command(spec: CommandSpec): Buffer {
  if (typeof spec === "string") return bytes(`${spec}\n`);
  if (!("line" in spec)) return bytes(spec);
  const line = [bytes(spec.line), bytes(spec.eol ?? "\n")];
  if (spec.body === undefined && spec.size === undefined) return Buffer.concat(line);
  return Buffer.concat([...line, sized(bytes(spec.body ?? ""), spec.size)]);
}

export function commands(specs: CommandSpec | CommandSpec[]): Buffer {
  return Array.isArray(specs) ? Buffer.concat(specs.map(command)) : command(specs);
}

function mpubEntry(entry: MpubEntry): Buffer {
  if (typeof entry === "object" && ("size" in entry || "bytes" in entry)) {
    return sized(bytes(entry.bytes ?? ""), entry.size);
  }
  return sized(bytes(entry));
}

function sized(body: Buffer, size = body.length): Buffer {
  return Buffer.concat([int32(size), body]);
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}
