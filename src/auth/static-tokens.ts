// Tokens that the operator hands out himself: their SHA-256 sums are in a secret of the Worker, `auth-tokens`:
//
//   [{ "identity": "orders", "sha256": ["<64 hex digits>"], "expires": "2027-01-31T00:00:00Z",
//      "authorizations": [{ "topic": "orders", "channels": [".*"], "permissions": ["publish"] }] }]
//
// Several sums of one entry all hold, so that a token can be replaced without a moment in which none does.

import { type Authorization, parseAuthorizations } from "../identity/authorization.ts";
import type { Identity } from "../identity/identity.ts";
import type { Digest } from "./digest.ts";
import { MAX_NAME } from "./source.ts";

const KEYS = ["identity", "sha256", "expires", "authorizations"];
/** Letters of a sum that name it: enough to tell it from all others, and of no use to find the token. */
const ORIGIN_LENGTH = 16;

interface StaticToken {
  readonly origin: string;
  readonly sum: Uint8Array;
  readonly identity: Identity;
}

export class StaticTokens {
  readonly #tokens: readonly StaticToken[];

  /** @throws {Error} that says where it is wrong, and quotes nothing of it */
  constructor(json: string) {
    this.#tokens = json === "" ? [] : parseEntries(json).flatMap(parseEntry);
    // What was minted with one could not tell whose it was.
    const origins = new Set(this.#tokens.map(({ origin }) => origin));
    if (origins.size < this.#tokens.length) throw new Error("--auth-tokens has the same sha256 twice");
  }

  get size(): number {
    return this.#tokens.length;
  }

  /** Looks at all of them, in a time that does not depend on which it is. Null when it is none. */
  find(digest: Digest, now: number): Identity | null {
    let found: Identity | null = null;
    for (const { sum, identity } of this.#tokens) if (digest.equals(sum)) found = identity;
    return found !== null && now < found.endsAt ? found : null;
  }

  /** The one that something was issued for; null when it is there no more. */
  byOrigin(origin: string, now: number): Identity | null {
    const found = this.#tokens.find((token) => token.origin === origin)?.identity ?? null;
    return found !== null && now < found.endsAt ? found : null;
  }
}

function parseEntries(json: string): unknown[] {
  let entries: unknown;
  try {
    entries = JSON.parse(json);
  } catch {
    entries = null; // the parser's own words would quote the secret
  }
  if (Array.isArray(entries)) return entries;
  throw new Error("--auth-tokens must be a JSON list");
}

function parseEntry(value: unknown, index: number): StaticToken[] {
  const wrong = (what: string) => new Error(`--auth-tokens: entry ${index}: ${what}`);
  if (typeof value !== "object" || value === null) throw wrong("must be an object");
  const { identity: name, sha256, expires, authorizations } = value as Record<string, unknown>;
  if (Object.keys(value).some((key) => !KEYS.includes(key))) throw wrong(`has another key than ${KEYS.join(", ")}`);
  if (typeof name !== "string" || name === "" || name.length > MAX_NAME)
    throw wrong(`identity must be a text of up to ${MAX_NAME} letters`);
  const lists: Authorization[] | null = parseAuthorizations(authorizations, "whole");
  if (lists === null) throw wrong("authorizations are not valid");
  const endsAt = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(String(expires));
  if (Number.isNaN(endsAt)) throw wrong("expires must be a time like 2027-01-31T00:00:00Z");
  const sums = Array.isArray(sha256) ? (sha256 as unknown[]) : [sha256];
  return sums.map((sum) => {
    if (typeof sum !== "string" || !/^[0-9a-f]{64}$/i.test(sum)) throw wrong("sha256 must be 64 hex digits, or a list");
    const origin = sum.slice(0, ORIGIN_LENGTH).toLowerCase();
    const identity = { name, url: "", origin, ids: [], authorizations: [lists], checkedUntil: endsAt, endsAt };
    return { origin, sum: bytesOfHex(sum), identity };
  });
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}
