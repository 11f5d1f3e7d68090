// Identities for tests.

import { type AuthorizationData, parseAuthorizations } from "../../src/identity/authorization.ts";
import type { Identity } from "../../src/identity/identity.ts";
import type { Reach } from "../../src/identity/pattern.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** An identity with these authorizations, which must be valid. */
export function identityWith(
  entries: readonly AuthorizationData[],
  changes: Partial<Identity> = {},
  reach: Reach = "whole",
) {
  const list = parseAuthorizations(entries, reach);
  if (list === null) throw new Error("not valid");
  const identity: Identity = {
    name: "alice",
    url: "",
    origin: "",
    ids: [],
    authorizations: [list],
    checkedUntil: NEVER,
    endsAt: NEVER,
    ...changes,
  };
  return identity;
}

export function entry(topic: string, channels: readonly string[], ...permissions: AuthorizationData["permissions"]) {
  return { topic, channels, permissions };
}
