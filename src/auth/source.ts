// Where identities come from.

import type { Identity } from "../identity/identity.ts";

/** Letters of a secret; a longer one is nobody's. */
export const MAX_SECRET = 4_096;

/** Who calls, as far as an auth server is told. */
export interface Peer {
  /** Empty when it is not known. */
  readonly remoteIp: string;
  readonly isTls: boolean;
}

/** Somebody, nobody whom the source knows, or that it could not be asked. Why, nobody is told. */
export type Verdict = Identity | "unknown" | "unavailable";
