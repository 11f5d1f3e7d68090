import type { Json, JsonObject } from "./json.ts";

const MAX_SHOWN = 1_000;

/** The first difference as a short text, or null. The order of an object's keys does not matter. */
export function difference(expected: Json, got: Json, path = ""): string | null {
  if (Object.is(expected, got)) return null;
  if (!isNested(expected) || !isNested(got) || Array.isArray(expected) !== Array.isArray(got)) {
    return `${path || "value"}: expected ${shown(expected)}, got ${shown(got)}`;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
    const found = memberDifference(expected[key], got[key], memberPath(path, key, Array.isArray(expected)));
    if (found !== null) return found;
  }
  return null;
}

/** JSON, cut to a length that fits on a line. */
export function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

function memberDifference(expected: Json | undefined, got: Json | undefined, path: string): string | null {
  if (expected === undefined) return got === undefined ? null : `${path}: expected nothing, got ${shown(got)}`;
  if (got === undefined) return `${path}: expected ${shown(expected)}, got nothing`;
  return difference(expected, got, path);
}

function memberPath(path: string, key: string, isItem: boolean): string {
  if (isItem) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Lists are told apart from objects by the caller; both are looked into by key. */
function isNested(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null;
}
