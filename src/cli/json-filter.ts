// Which messages nsq_to_nsq passes on, and what of them (spec 7, apps/nsq_to_nsq).

export interface JsonFilter {
  /** Only these fields are passed on; all when empty. */
  readonly whitelist: readonly string[];
  /** Messages must have it. */
  readonly requiredField: string | null;
  /** And in it this value: as text, or as a number. */
  readonly requiredValue: string | null;
}

/** Undecodable: it is not a JSON object. Missing: it lacks the field whose value is wanted, which is taken for a failure. */
export type Filtered = { readonly body: Uint8Array } | "dropped" | "undecodable" | "missing";

export function filtered(message: Uint8Array, { whitelist, requiredField, requiredValue }: JsonFilter): Filtered {
  if (whitelist.length === 0 && requiredField === null) return { body: message };
  const fields = fieldsOf(message);
  if (fields === null) return "undecodable";
  if (requiredField !== null) {
    if (!fields.has(requiredField)) return requiredValue === null ? "dropped" : "missing";
    if (requiredValue !== null && !isEqual(fields.get(requiredField), requiredValue)) return "dropped";
  }
  return { body: whitelist.length === 0 ? message : reencoded(fields, whitelist) };
}

/** Of a JSON object; `null` is one without fields, as it is for Go. */
function fieldsOf(message: Uint8Array): ReadonlyMap<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(message));
    if (typeof value !== "object" || Array.isArray(value)) return null;
    return new Map(Object.entries(value ?? {}));
  } catch {
    return null;
  }
}

function isEqual(value: unknown, wanted: string): boolean {
  if (typeof value === "string") return value === wanted;
  return typeof value === "number" && wanted.trim() !== "" && value === Number(wanted);
}

/** Fields are sorted, and what HTML would take for its own is escaped, as Go's encoder does. */
function reencoded(fields: ReadonlyMap<string, unknown>, whitelist: readonly string[]): Uint8Array {
  const kept = [...new Set(whitelist)].sort().filter((name) => fields.has(name));
  const members = kept.map((name) => `${JSON.stringify(name)}:${JSON.stringify(fields.get(name))}`);
  const escaped = `{${members.join(",")}}`.replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new TextEncoder().encode(escaped);
}
