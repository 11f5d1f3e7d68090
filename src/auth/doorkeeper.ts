// Decides who comes in, before anything else is done for a call: no object wakes for one that is refused.

import { EVERYBODY, type Identity } from "../identity/identity.ts";
import type { Options } from "../options.ts";
import { Authenticator } from "./authenticator.ts";
import { accessAssertionOf, isEncrypted, sessionOf, tokenOf } from "./credential.ts";
import { isMet, type Names, type Need } from "./need.ts";
import { type RateLimitBindings, RateLimits } from "./rate-limits.ts";
import type { Peer } from "./source.ts";

/**
 * Why somebody is not let in: the broker lets nobody in; he did not say who he is, or nobody knows him; he may not do this; who he is
 * cannot be found out now; he has tried, or done, too much.
 */
export type Refusal = "closed" | "unauthorized" | "forbidden" | "unavailable" | "too-many";

const PAGES = "/admin/";
/** What a broker answers that lets nobody in. */
const PING = "/ping";

export class Doorkeeper {
  /** Whether whoever can reach the broker may use it. */
  readonly isOpen: boolean;
  readonly limits: RateLimits;
  readonly #authenticator: Authenticator;
  /** How long a token that is minted holds at most, ms. */
  readonly maxTokenTtl: number;
  readonly #sessionTtl: number;

  /** @throws {Error} when an option is wrong */
  constructor(options: Options, bindings: RateLimitBindings) {
    this.#authenticator = new Authenticator(options);
    this.limits = new RateLimits(bindings);
    // Whoever names somebody does not mean everybody.
    const isMeantForSome = this.#authenticator.isConfigured || options.authTokens !== "" || options.authSecret !== "";
    this.isOpen = options.open && !isMeantForSome;
    this.maxTokenTtl = options.authMaxTokenTtl;
    this.#sessionTtl = options.authSessionTtl;
  }

  /** Whether nobody can come in at all. */
  get isClosed(): boolean {
    return !this.isOpen && !this.#authenticator.isConfigured;
  }

  /** Lets a call in, or says why not. */
  async admit(request: Request, pathname: string, need: Need, names: Names): Promise<Identity | Refusal> {
    if (need.kind === "nothing") return this.isClosed && pathname !== PING ? "closed" : EVERYBODY;
    const caller = await this.identify(request, pathname);
    if (caller === null) return "unauthorized";
    if (typeof caller === "string") return caller;
    return isMet(need, caller, names) ? caller : "forbidden";
  }

  /** Who sends a request; null when it shows nothing of that. */
  async identify(request: Request, pathname: string): Promise<Identity | Refusal | null> {
    if (this.isOpen) return EVERYBODY;
    if (this.isClosed) return "closed";
    const now = Date.now();
    const token = tokenOf(request);
    const [session, assertion] = pathname.startsWith(PAGES) ? [sessionOf(request), accessAssertionOf(request)] : [];
    if (token === null && !session && !assertion) return null;
    if (token !== null) return this.authenticate(token, peerOf(request));
    // Pages whose session is over ask on, without having tried anything: that counts as no failure.
    const verdict = session ? await this.#authenticator.session(session, now) : "unknown";
    const found =
      verdict === "unknown" && assertion ? await this.#authenticator.accessAssertion(assertion, now) : verdict;
    return found === "unknown" ? "unauthorized" : found;
  }

  /**
   * Whose a secret is.
   * @param isNew whether nothing that is remembered counts: for AUTH on a connection
   */
  async authenticate(secret: string, peer: Peer, isNew = false): Promise<Identity | Refusal> {
    const now = Date.now();
    if (this.limits.isBlocked(peer.remoteIp, now)) return "too-many";
    const verdict = await this.#authenticator.authenticate(secret, peer, now, isNew);
    if (verdict !== "unknown") return verdict;
    await this.limits.failed(peer.remoteIp, now);
    return "unauthorized";
  }

  /**
   * A token for somebody who may do no more than an identity, and no longer. Null when nothing can be signed.
   * @param identity whose last list of authorizations is what was asked for
   */
  issueToken(identity: Identity): Promise<string | null> {
    return this.#authenticator.issued.issue("token", identity, Date.now());
  }

  /** A session of the pages, and how many seconds it lasts. Null when nothing can be signed. */
  async issueSession(identity: Identity): Promise<{ token: string; seconds: number } | null> {
    const now = Date.now();
    const endsAt = Math.min(now + this.#sessionTtl, identity.endsAt, identity.checkedUntil);
    const token = await this.#authenticator.issued.issue("session", { ...identity, endsAt }, now);
    return token === null ? null : { token, seconds: Math.floor((endsAt - now) / 1000) };
  }
}

export function peerOf(request: Request): Peer {
  return { remoteIp: request.headers.get("CF-Connecting-IP") ?? "", isTls: isEncrypted(request) };
}
