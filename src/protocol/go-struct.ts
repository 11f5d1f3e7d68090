// Decoding JSON as Go decodes it into a struct: keys match without regard to case, a null leaves the zero value, unknown
// keys are ignored, integers must be written as integers, and any value of another type makes the whole body invalid.
// Go also looks at every one of several equal keys, where JSON.parse shows only the last.

import { fromUtf8 } from "./bytes.ts";

/** The fields of a struct by their JSON key. */
export type StructFields = Readonly<Record<string, FieldKind>>;
export type FieldKind = "string" | "bool" | "int" | "int32";

export type Struct<F extends StructFields> = {
  -readonly [K in keyof F]: F[K] extends "string" ? string : F[K] extends "bool" ? boolean : number;
};

const ZERO = { string: "", bool: false, int: 0, int32: 0 } as const;
/** No longer than an int64 is. */
const INTEGER = /^-?\d{1,20}$/;
/** No client says so much of itself: in a longer text it is not looked at how numbers are written, which would take very long. */
const MAX_LITERALS = 65_536;
const BITS = { int: 64, int32: 32 } as const;

/** A number as it was written: `1000` is an integer for Go, `1000.0` and `1e3` are not. */
class NumberLiteral {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** The struct, or null when Go's decoder would fail. */
export function decodeStruct<F extends StructFields>(body: Uint8Array, fields: F): Struct<F> | null {
  const json = parse(fromUtf8(body));
  if (json === undefined) return null;
  const struct: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(fields)) struct[key] = ZERO[kind];
  if (json === null) return struct as Struct<F>;
  if (!isObject(json)) return null;
  for (const [key, value] of Object.entries(json)) {
    const field = key.toLowerCase();
    const kind = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (kind === undefined || value === null) continue;
    const decoded = decodeField(kind, value);
    if (decoded === undefined) return null;
    struct[field] = decoded;
  }
  return struct as Struct<F>;
}

function decodeField(kind: FieldKind, value: unknown): string | boolean | number | undefined {
  if (kind === "string") return typeof value === "string" ? value.toWellFormed() : undefined;
  if (kind === "bool") return typeof value === "boolean" ? value : undefined;
  const source = typeof value === "number" ? String(value) : value instanceof NumberLiteral ? value.source : "";
  if (!INTEGER.test(source)) return undefined;
  const number = BigInt(source);
  return BigInt.asIntN(BITS[kind], number) === number ? Number(number) : undefined;
}

/** Undefined when the text is no JSON value. */
function parse(text: string): unknown {
  const keepLiteral = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" ? new NumberLiteral(context?.source ?? String(value)) : value;
  try {
    return text.length > MAX_LITERALS ? JSON.parse(text) : JSON.parse(text, keepLiteral);
  } catch {
    return undefined; // a client's mistake, not ours: the caller words the error
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral);
}
