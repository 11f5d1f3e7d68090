// Signed tokens of somebody else's: HS256 with a shared secret, or the keys behind a JWKS URL (RFC 7519, 7517). What their bearer may
// do is in a claim.

import { parseAuthorizations } from "../identity/authorization.ts";
import { type Claims, idsOf, type Key, remoteKeys, secretKey, verified } from "./signed-token.ts";
import { MAX_NAME, type Verdict } from "./source.ts";

interface JwtOptions {
  readonly authJwtSecret: string;
  readonly authJwksUrl: string;
  /** Empty for any. */
  readonly authJwtIssuer: string;
  readonly authJwtAudience: string;
  readonly authJwtClaim: string;
  /** ms */
  readonly authClockSkew: number;
  /** ms */
  readonly httpClientRequestTimeout: number;
}

/** What only the holder of a private key can sign. */
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
/** A key, and the algorithms that may have been used with it. */
interface Signer {
  readonly key: Key;
  readonly algorithms: string[];
}

export class Jwt {
  readonly #options: JwtOptions;
  readonly #signers: readonly Signer[];

  /** @throws {Error} when an option is wrong */
  constructor(options: JwtOptions) {
    const { authJwtSecret, authJwksUrl, authJwtAudience } = options;
    const secret = secretKey("auth-jwt-secret", authJwtSecret);
    const keys = authJwksUrl === "" ? null : remoteKeys("auth-jwks-url", authJwksUrl, options);
    this.#options = options;
    this.#signers = [
      ...(secret ? [{ key: secret, algorithms: ["HS256"] }] : []),
      ...(keys ? [{ key: keys, algorithms: ASYMMETRIC }] : []),
    ];
    if (this.isConfigured && authJwtAudience === "") {
      throw new Error("--auth-jwt-audience is empty; a token for somebody else would hold here, too");
    }
  }

  get isConfigured(): boolean {
    return this.#signers.length > 0;
  }

  async authenticate(token: string, now: number): Promise<Verdict> {
    const { authJwtIssuer: issuer, authJwtAudience: audience, authClockSkew } = this.#options;
    const expected = { audience, ...(issuer && { issuer }), clockTolerance: authClockSkew / 1000, now };
    for (const { key, algorithms } of this.#signers) {
      const claims = await verified(token, key, algorithms, expected);
      if (claims !== "unknown") return typeof claims === "string" ? claims : this.#identityIn(claims);
    }
    return "unknown";
  }

  #identityIn(claims: Claims): Verdict {
    const { authClockSkew, authJwtClaim } = this.#options;
    const list = parseAuthorizations(claims[authJwtClaim], "whole");
    if (list === null) return "unknown";
    const endsAt = claims.exp * 1000 + authClockSkew;
    const name = typeof claims.sub === "string" ? claims.sub.slice(0, MAX_NAME) : "";
    return { name, url: "", origin: "", ids: idsOf(claims), authorizations: [list], checkedUntil: endsAt, endsAt };
  }
}
