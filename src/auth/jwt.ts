// Signed tokens of somebody else's: HS256 with a shared secret, or the keys behind a JWKS URL (RFC 7519, 7517). What their bearer may
// do is in a claim.

import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { parseAuthorizations } from "../identity/authorization.ts";
import { utf8 } from "../protocol/bytes.ts";
import type { Verdict } from "./source.ts";

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

/** A key of HS256 must not be shorter than its sums (RFC 7518 3.2). */
const MIN_SECRET = 32;
const MAX_TEXT = 256;
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
/** Keys are fetched anew so often at most, and after so long at least, ms. */
const COOLDOWN_MS = 30_000;
const MAX_AGE_MS = 600_000;

export class Jwt {
  readonly #options: JwtOptions;
  readonly #secret: Uint8Array | null;
  readonly #keys: JWTVerifyGetKey | null;

  /** @throws {Error} when an option is wrong */
  constructor(options: JwtOptions) {
    const { authJwtSecret, authJwksUrl, authJwtAudience } = options;
    this.#options = options;
    this.#secret = secretKey("auth-jwt-secret", authJwtSecret);
    this.#keys = authJwksUrl === "" ? null : remoteKeys("auth-jwks-url", authJwksUrl, options);
    if (this.isConfigured && authJwtAudience === "") {
      throw new Error("--auth-jwt-audience is empty; a token for somebody else would hold here, too");
    }
  }

  get isConfigured(): boolean {
    return this.#secret !== null || this.#keys !== null;
  }

  async authenticate(token: string, now: number): Promise<Verdict> {
    const { authJwtIssuer: issuer, authJwtAudience: audience, authClockSkew, authJwtClaim } = this.#options;
    const claims = { audience, ...(issuer && { issuer }), clockTolerance: authClockSkew / 1000, now };
    const bySecret = this.#secret && (await verified(token, this.#secret, ["HS256"], claims));
    const payload = typeof bySecret === "object" && bySecret !== null ? bySecret : null;
    const found = payload ?? (this.#keys && (await verified(token, this.#keys, ASYMMETRIC, claims))) ?? "unknown";
    if (typeof found === "string") return found;
    const list = parseAuthorizations(found[authJwtClaim], "whole");
    if (list === null) return "unknown";
    const endsAt = found.exp * 1000 + authClockSkew;
    const name = typeof found.sub === "string" ? found.sub.slice(0, MAX_TEXT) : "";
    return { name, url: "", origin: "", ids: idsOf(found), authorizations: [list], checkedUntil: endsAt, endsAt };
  }
}

interface Expected {
  readonly audience: string;
  readonly issuer?: string;
  /** s */
  readonly clockTolerance: number;
  /** ms since the epoch */
  readonly now: number;
}

/** What a token says that has an end, as all must have. */
type Claims = JWTPayload & { readonly exp: number };

/** What jose says when there are no keys to look at a token with. */
const NO_KEYS: readonly string[] = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

/** The claims of a token that is what it says it is; else nobody knows it, or its key cannot be asked for. */
export async function verified(
  token: string,
  key: Uint8Array | JWTVerifyGetKey,
  algorithms: string[],
  { now, ...claims }: Expected,
): Promise<Claims | "unknown" | "unavailable"> {
  const options = { ...claims, algorithms, requiredClaims: ["exp"], currentDate: new Date(now) };
  try {
    const result =
      key instanceof Uint8Array ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    return result.payload as Claims;
  } catch (error) {
    if (isRefusal(error)) return "unknown";
    console.error("keys of tokens could not be fetched:", error instanceof Error ? error.name : error);
    return "unavailable";
  }
}

/** The id of a token, if it has one. */
export function idsOf({ jti }: Claims): string[] {
  return typeof jti === "string" ? [jti] : [];
}

/** jose says JOSEError itself, or lets through what fetch has thrown, when it did not get the keys. */
function isRefusal(error: unknown): boolean {
  return error instanceof errors.JOSEError && !NO_KEYS.includes(error.code);
}

/** Null for an empty one. @throws {Error} when it is too short */
export function secretKey(flag: string, secret: string): Uint8Array | null {
  if (secret === "") return null;
  const key = utf8(secret);
  if (key.length < MIN_SECRET) throw new Error(`--${flag} is too short; it must have ${MIN_SECRET} bytes or more`);
  return key;
}

/** @throws {Error} when the URL is none */
export function remoteKeys(flag: string, url: string, options: { readonly httpClientRequestTimeout: number }) {
  const parsed = URL.parse(url);
  if (parsed === null) throw new Error(`--${flag} is ${JSON.stringify(url)}; it must be a URL`);
  return createRemoteJWKSet(parsed, {
    timeoutDuration: options.httpClientRequestTimeout,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
  });
}
