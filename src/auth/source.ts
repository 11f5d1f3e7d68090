// Where identities come from.

import type { Identity } from "../identity/identity.ts";

/** Letters of a secret; a longer one is nobody's. */
export const MAX_SECRET = 4_096;

/** Letters that are kept of a name, or of the URL of a page about somebody. */
export const MAX_NAME = 256;

/** Who calls, as far as an auth server is told. */
export interface Peer {
  /** Empty when it is not known. */
  readonly remoteIp: string;
  readonly isTls: boolean;
}

/** Somebody, nobody whom the source knows, or that it could not be asked. Why, nobody is told. */
export type Verdict = Identity | "unknown" | "unavailable";
