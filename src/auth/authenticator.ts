// Finds out whose a secret is, from all sources that are configured.

import { decodeJwt, type JWTPayload } from "jose";
import type { Identity } from "../identity/identity.ts";
import type { Options } from "../options.ts";
import { AuthServer } from "./auth-server.ts";
import { CloudflareAccess } from "./cloudflare-access.ts";
import { Digest } from "./digest.ts";
import { ISSUER, IssuedTokens } from "./issued-tokens.ts";
import { Jwt } from "./jwt.ts";
import { MAX_SECRET, type Peer, type Verdict } from "./source.ts";
import { StaticTokens } from "./static-tokens.ts";

/** So many identities are remembered, each for so long at most, ms. */
const MAX_KNOWN = 1_000;
const KNOWN_MS = 60_000;

interface Known {
  readonly identity: Identity;
  readonly until: number;
}

export class Authenticator {
  readonly #staticTokens: StaticTokens;
  readonly #authServer: AuthServer;
  readonly #jwt: Jwt;
  readonly #access: CloudflareAccess;
  readonly #revoked: readonly string[];
  readonly issued: IssuedTokens;
  /** By the sum of the secret and what an auth server is told besides: checking anew takes a signature, or a question to somebody else. */
  readonly #known = new Map<string, Known>();

  /** @throws {Error} when an option is wrong */
  constructor(options: Options) {
    if (options.authSecret !== "" && options.authSecret === options.authJwtSecret) {
      throw new Error(
        "--auth-secret and --auth-jwt-secret are the same: who signs JWTs could sign sessions and tokens, too",
      );
    }
    this.#staticTokens = new StaticTokens(options.authTokens);
    this.#authServer = new AuthServer(options);
    this.#jwt = new Jwt(options);
    this.#access = new CloudflareAccess(options);
    this.#revoked = options.authRevoked;
    this.issued = new IssuedTokens(options.authSecret, this.#staticTokens);
  }

  /** Whether there is anybody who could come. */
  get isConfigured(): boolean {
    return (
      this.#staticTokens.size > 0 ||
      this.#authServer.isConfigured ||
      this.#jwt.isConfigured ||
      this.#access.isConfigured
    );
  }

  /**
   * Whose a secret is, as far as it is remembered from a moment ago.
   * @param isNew whether everybody is to be asked all the same, as nsqd asks for each connection
   */
  async authenticate(secret: string, peer: Peer, now: number, isNew = false): Promise<Verdict> {
    if (secret === "" || secret.length > MAX_SECRET) return "unknown";
    const digest = await Digest.of(secret);
    const own = this.#staticTokens.find(digest, now);
    if (own !== null) return this.#unlessRevoked(own);
    const key = `${digest.text} ${peer.remoteIp} ${peer.isTls}`;
    const known = isNew ? undefined : this.#known.get(key);
    if (known && now < known.until) return known.identity;
    const verdict = this.#unlessRevoked(await this.#ask(secret, claimsOf(secret), peer, now));
    if (typeof verdict === "object") this.#remember(key, verdict, now);
    return verdict;
  }

  /** Whose session of the pages it is. */
  async session(token: string, now: number): Promise<Verdict> {
    return this.#unlessRevoked(await this.issued.authenticate("session", token, now));
  }

  /** Who has signed in at Cloudflare Access. */
  async accessAssertion(token: string, now: number): Promise<Verdict> {
    return this.#unlessRevoked(await this.#access.authenticate(token, now));
  }

  async #ask(secret: string, claims: JWTPayload | null, peer: Peer, now: number): Promise<Verdict> {
    if (claims?.iss === ISSUER) return this.issued.authenticate("token", secret, now);
    const verdict = claims !== null && this.#jwt.isConfigured ? await this.#jwt.authenticate(secret, now) : "unknown";
    // A token that no key fits may still be known to an auth server.
    const isLeft = verdict === "unknown" && this.#authServer.isConfigured;
    return isLeft ? this.#authServer.authenticate(secret, peer, now) : verdict;
  }

  #unlessRevoked(verdict: Verdict): Verdict {
    if (typeof verdict === "string") return verdict;
    const { name, ids } = verdict;
    // What was minted by somebody has his name in front.
    const isMeant = (each: string) => ids.includes(each) || each === name || name.startsWith(`${each}/`);
    return this.#revoked.some(isMeant) ? "unknown" : verdict;
  }

  #remember(key: string, identity: Identity, now: number): void {
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, { identity, until: Math.min(now + KNOWN_MS, identity.checkedUntil, identity.endsAt) });
  }
}

/** What a token says, which is not to be believed yet; null when it is no JWT. */
function claimsOf(secret: string): JWTPayload | null {
  try {
    return decodeJwt(secret);
  } catch {
    return null;
  }
}
