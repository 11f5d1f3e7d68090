// Tokens that the broker hands out and signs itself, with `auth-secret`: to whoever may do more, for somebody who shall do less and not
// for long, and to its own pages.

import { SignJWT } from "jose";
import type { Identity } from "../identity/identity.ts";
import { type AuthorizationList, identityOf, listData } from "../identity/identity-data.ts";
import { idsOf, secretKey, verified } from "./signed-token.ts";
import type { StaticTokens } from "./static-tokens.ts";

/** What one is good for: one that was minted opens the doors, a session only the pages. */
export type Use = "token" | "session";

/** What one says besides its standard claims. */
interface Issued {
  readonly url: string;
  readonly origin: string;
  /** None in those of an earlier version. */
  readonly ids?: readonly string[];
  readonly lists: readonly AuthorizationList[];
}

export const ISSUER = "nsq-edge";
const ALGORITHM = "HS256";

export class IssuedTokens {
  readonly #key: Uint8Array | null;
  readonly #origins: StaticTokens;

  /** @throws {Error} when the secret is too short */
  constructor(authSecret: string, origins: StaticTokens) {
    this.#key = secretKey("auth-secret", authSecret);
    this.#origins = origins;
  }

  /** A token for an identity until it ends. Null when nothing can be signed. */
  async issue(use: Use, identity: Identity, now: number): Promise<string | null> {
    if (this.#key === null) return null;
    const { name, url, origin, ids, authorizations, endsAt } = identity;
    // What one of the broker's own tokens allows is looked up when it is used, and so is whether it is still there.
    const lists = origin === "" ? authorizations : authorizations.slice(1);
    return new SignJWT({ url, origin, ids, lists: lists.map(listData) })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(ISSUER)
      .setAudience(use)
      .setSubject(name)
      .setJti(crypto.randomUUID())
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.floor(endsAt / 1000))
      .sign(this.#key);
  }

  async authenticate(use: Use, token: string, now: number): Promise<Identity | "unknown"> {
    if (this.#key === null) return "unknown";
    const claims = { issuer: ISSUER, audience: use, clockTolerance: 0, now };
    const payload = await verified(token, this.#key, [ALGORITHM], claims);
    if (typeof payload === "string") return "unknown";
    // Nobody else has signed it, so it has the form that `issue` gave it.
    const { url, origin, ids = [], lists } = payload as unknown as Issued;
    const endsAt = payload.exp * 1000;
    const data = { name: payload.sub ?? "", url, authorizations: lists, checkedUntil: endsAt, endsAt };
    const own = identityOf(data);
    const first = origin === "" ? null : this.#origins.byOrigin(origin, now);
    if (own === null || (origin !== "" && first === null)) return "unknown";
    return {
      ...own,
      origin,
      ids: [...ids, ...idsOf(payload)],
      authorizations: [...(first?.authorizations ?? []), ...own.authorizations],
    };
  }
}
