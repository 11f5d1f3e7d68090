// Parsed JSON, and the ways in which scenarios look into it.

export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value at a path such as "a.b.0.c"; undefined where there is none. `*` goes over a list, joins what it finds and
 * sorts it. A key that contains dots itself is tried first.
 */
export function at(value: Json | undefined, path: string): Json | undefined {
  if (path === "") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const members = value as JsonObject;
  if (Object.hasOwn(members, path)) return members[path];
  const [head, rest] = splitOnce(path, ".");
  if (head === "*") return sorted(Object.values(members).flatMap((item) => at(item, rest) ?? []));
  return at(members[head], rest);
}

/** A copy with every list in a canonical order. */
export function sorted(value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map(sorted).map((item) => ({ item, key: JSON.stringify(item) }));
    return items.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);
  }
  if (!isObject(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => compare(a, b));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

/** A copy in which the list or object at `path` keeps only the members chosen; null counts as an empty list there. */
export function filtered(value: Json, path: string, chosen: (member: Json) => boolean): Json {
  if (path === "") {
    if (value === null) return [];
    if (Array.isArray(value)) return value.filter(chosen);
    return isObject(value) ? Object.fromEntries(Object.entries(value).filter((member) => chosen(member))) : value;
  }
  const [head, rest] = splitOnce(path, ".");
  if (head === "*" && Array.isArray(value)) return value.map((item) => filtered(item, rest, chosen));
  const member = isObject(value) ? value[head] : undefined;
  if (!isObject(value) || member === undefined) return value;
  return { ...value, [head]: filtered(member, rest, chosen) };
}

/** The text before and after the first separator. */
export function splitOnce(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + separator.length)];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
