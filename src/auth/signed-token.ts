// Whether a token is signed by whom it should be, and says what it must (RFC 7519, 7517): jose does it.

import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { utf8 } from "../protocol/bytes.ts";

/** A key of HS256 must not be shorter than its sums (RFC 7518 3.2). */
const MIN_SECRET = 32;
/** Keys are fetched anew so often at most, and after so long at least, ms. */
const COOLDOWN_MS = 30_000;
const MAX_AGE_MS = 600_000;

/** A secret, or where keys are found. */
export type Key = Uint8Array | JWTVerifyGetKey;

interface Expected {
  readonly audience: string;
  readonly issuer?: string;
  /** s */
  readonly clockTolerance: number;
  /** ms since the epoch */
  readonly now: number;
}

/** What a token says that has an end, as all must have. */
export type Claims = JWTPayload & { readonly exp: number };

/** What jose says when there are no keys to look at a token with. */
const NO_KEYS: readonly string[] = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

/** The claims of a token that is what it says it is; else nobody knows it, or its key cannot be asked for. */
export async function verified(
  token: string,
  key: Key,
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
