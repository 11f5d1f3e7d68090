// What is asked of POST /auth/token, and what comes of it: an identity that may do no more than the one that asks.

import { type Authorization, parseAuthorizations } from "../identity/authorization.ts";
import { allows, type Identity } from "../identity/identity.ts";

/** `ttl` is in seconds; `identity` is put behind the name of who asks. */
interface MintRequest {
  readonly authorizations: readonly Authorization[];
  readonly ttl: number;
  readonly identity: string;
}

const DEFAULT_TTL = 600;
const LABEL = /^[\w.@-]{1,64}$/;
const PLAIN_NAME = /^[\w-]+$/;

/** What is wrong with it, as the code of an error, or what it says. */
export function parseMintRequest(body: Readonly<Record<string, unknown>>): MintRequest | string {
  const { authorizations, ttl = DEFAULT_TTL, identity = "" } = body;
  const list = parseAuthorizations(authorizations, "whole");
  if (list === null || list.length === 0) return "INVALID_AUTHORIZATIONS";
  if (typeof ttl !== "number" || !Number.isSafeInteger(ttl) || ttl <= 0) return "INVALID_TTL";
  if (typeof identity !== "string" || (identity !== "" && !LABEL.test(identity))) return "INVALID_IDENTITY";
  return { authorizations: list, ttl, identity };
}

/**
 * Null when plain names are asked for with which the identity may not do this itself. Patterns need no such check: whatever they say,
 * the new identity is bound by the old one, too.
 */
export function mint(parent: Identity, request: MintRequest, maxTtlMs: number, now: number): Identity | null {
  if (!request.authorizations.every((entry) => isWithin(parent, entry))) return null;
  const endsAt = Math.min(now + Math.min(request.ttl * 1000, maxTtlMs), parent.endsAt, parent.checkedUntil);
  return {
    ...parent,
    name: request.identity === "" ? parent.name : `${parent.name}/${request.identity}`,
    authorizations: [...parent.authorizations, request.authorizations],
    checkedUntil: endsAt,
    endsAt,
  };
}

function isWithin(parent: Identity, { topic, channels, permissions }: Authorization): boolean {
  if (!PLAIN_NAME.test(topic.text)) return true;
  return permissions.every((permission) =>
    permission === "publish"
      ? allows(parent, permission, topic.text, "")
      : channels.every(({ text }) => !PLAIN_NAME.test(text) || allows(parent, permission, topic.text, text)),
  );
}
