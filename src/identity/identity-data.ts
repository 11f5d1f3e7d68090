// An identity as data: what tells it to an object, keeps it over a sleep, and puts it into a token.

import { type Authorization, type AuthorizationData, parseAuthorizations } from "./authorization.ts";
import type { Identity } from "./identity.ts";
import type { Reach } from "./pattern.ts";

export interface AuthorizationList {
  readonly reach: Reach;
  readonly entries: readonly AuthorizationData[];
}

export interface IdentityData {
  readonly name: string;
  readonly url: string;
  readonly authorizations: readonly AuthorizationList[];
  /** ms since the epoch; null for never */
  readonly checkedUntil: number | null;
  /** ms since the epoch; null for never */
  readonly endsAt: number | null;
}

export function identityData({ name, url, authorizations, checkedUntil, endsAt }: Identity): IdentityData {
  return {
    name,
    url,
    authorizations: authorizations.map(listData),
    checkedUntil: Number.isFinite(checkedUntil) ? checkedUntil : null,
    endsAt: Number.isFinite(endsAt) ? endsAt : null,
  };
}

/** Null when it is not what `identityData` made. */
export function identityOf({ name, url, authorizations, checkedUntil, endsAt }: IdentityData): Identity | null {
  const lists = authorizations.map(({ entries, reach }) => parseAuthorizations(entries, reach));
  if (!lists.every((list) => list !== null)) return null;
  return {
    name,
    url,
    origin: "",
    ids: [],
    authorizations: lists,
    checkedUntil: checkedUntil ?? Number.POSITIVE_INFINITY,
    endsAt: endsAt ?? Number.POSITIVE_INFINITY,
  };
}

/** The entries of a list come from one source, so they all have the same reach. */
export function listData(list: readonly Authorization[]): AuthorizationList {
  return { reach: list[0]?.topic.reach ?? "whole", entries: list.map(({ data }) => data) };
}
