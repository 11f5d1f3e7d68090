// JSON laid out in lines, as tokens to be coloured. It is the source text that is laid out, not what was parsed: numbers of 64 bits,
// escapes and double keys stay what they are.

export interface JsonToken {
  readonly kind: "key" | "string" | "number" | "word" | "mark";
  readonly text: string;
}

export interface JsonLayout {
  readonly tokens: JsonToken[];
  /** There was more than the limit let through. */
  readonly isCut: boolean;
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // that is how it says so
  }
}

/** The first characters of the layout of what is valid JSON. */
export function layOutJson(text: string, limit: number): JsonLayout {
  const tokens: JsonToken[] = [];
  let rest = limit;
  for (const token of layout(text)) {
    if (rest === 0) return { tokens, isCut: true };
    const shown = token.text.slice(0, rest);
    rest -= shown.length;
    const last = tokens.at(-1);
    // Marks need no colour: one text for all that follow each other.
    if (token.kind === "mark" && last?.kind === "mark") tokens[tokens.length - 1] = mark(last.text + shown);
    else tokens.push({ kind: token.kind, text: shown });
    if (shown.length < token.text.length) return { tokens, isCut: true };
  }
  return { tokens, isCut: false };
}

function* layout(text: string): Generator<JsonToken> {
  const source = /\s*("[^"\\]*(?:\\.[^"\\]*)*"|[^\s"[\]{},:]+|[[\]{},:])\s*/y;
  let depth = 0;
  let before = "";
  for (let match = source.exec(text); match !== null; match = source.exec(text)) {
    const part = match[1] ?? "";
    const next = text[source.lastIndex] ?? "";
    if (part === "}" || part === "]") depth--;
    // Empty objects and arrays stay on their line.
    const isFirst = before === "{" || before === "[";
    const isEmpty = isFirst && (part === "}" || part === "]");
    if (!isEmpty && (isFirst || before === "," || part === "}" || part === "]")) yield mark(`\n${"  ".repeat(depth)}`);
    if (part === "{" || part === "[") depth++;
    yield part === ":" ? mark(": ") : { kind: kindOf(part, next), text: part };
    before = part;
  }
}

function kindOf(part: string, next: string): JsonToken["kind"] {
  const first = part.charAt(0);
  if (first === '"') return next === ":" ? "key" : "string";
  if (/[-\d]/.test(first)) return "number";
  return /[a-z]/.test(first) ? "word" : "mark";
}

function mark(text: string): JsonToken {
  return { kind: "mark", text };
}
