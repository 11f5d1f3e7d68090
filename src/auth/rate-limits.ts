// How much anybody may do in a minute: Cloudflare's rate limiting, where the operator has bound it
// (developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit).

import type { Identity } from "../identity/identity.ts";
import { isValidName } from "../protocol/names.ts";
import type { Names } from "./need.ts";
import type { Peer } from "./source.ts";

/** The names of the bindings. */
type RateLimitName = "CONNECTION_LIMIT" | "CREATION_LIMIT" | "FAILURE_LIMIT";

export type RateLimitBindings = {
  readonly [name in RateLimitName]?: { limit(options: { key: string }): Promise<{ success: boolean }> };
};

/** How long somebody who tried too much is not even listened to, ms: the longest period of a limit. */
const BLOCKED_MS = 60_000;
const MAX_BLOCKED = 10_000;
/** So many names are remembered as in use. */
const MAX_NAMES = 10_000;

export class RateLimits {
  readonly #bindings: RateLimitBindings;
  readonly #blocked = new Map<string, number>();
  readonly #names = new Set<string>();

  constructor(bindings: RateLimitBindings) {
    this.#bindings = bindings;
  }

  /** Whether one of these, addresses and identities, may open another connection. */
  async mayConnect(keys: readonly string[]): Promise<boolean> {
    return this.#takes("CONNECTION_LIMIT", keys);
  }

  get limitsCreation(): boolean {
    return this.#bindings.CREATION_LIMIT !== undefined;
  }

  /**
   * Whether somebody may use a topic or channel that may be new; those that were used here before are not. Null at once when there is
   * no limit, or nothing new.
   */
  mayCreate(key: string, { topic, channel }: Names): Promise<boolean> | null {
    if (topic === null || !isValidName(topic) || (channel !== null && !isValidName(channel))) return null;
    const name = `${topic}/${channel ?? ""}`;
    if (!this.limitsCreation || this.#names.has(name)) return null;
    return this.#create(key, name);
  }

  async #create(key: string, name: string): Promise<boolean> {
    if (!(await this.#takes("CREATION_LIMIT", [key]))) return false;
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    this.#names.add(name);
    return true;
  }

  /** Whether somebody at this address has tried so much that he is not listened to. */
  isBlocked(address: string, now: number): boolean {
    return now < (this.#blocked.get(address) ?? 0);
  }

  /** Somebody came with a secret that is nobody's. */
  async failed(address: string, now: number): Promise<void> {
    if (await this.#takes("FAILURE_LIMIT", [address])) return;
    if (this.#blocked.size >= MAX_BLOCKED) this.#blocked.clear();
    this.#blocked.set(address, now + BLOCKED_MS);
  }

  async #takes(name: RateLimitName, keys: readonly string[]): Promise<boolean> {
    const limiter = this.#bindings[name];
    if (limiter === undefined) return true;
    try {
      const outcomes = await Promise.all(keys.map((key) => limiter.limit({ key })));
      return outcomes.every(({ success }) => success);
    } catch (error) {
      console.error(`${name} could not be asked:`, error); // what nobody counts is not too much
      return true;
    }
  }
}

/** Whom a limit is for: somebody by his name, or, if he has none, by his address. */
export function keyOf(identity: Identity | null, peer: Peer): string {
  return identity?.name ? identityKey(identity) : addressKey(peer);
}

/** What somebody mints counts for him: the names of those have his in front. */
export function identityKey({ name }: Identity): string {
  return `identity ${name.split("/", 1)[0]}`;
}

/** His address, and his name if he has one. */
export function keysOf(identity: Identity | null, peer: Peer): string[] {
  return identity?.name ? [addressKey(peer), identityKey(identity)] : [addressKey(peer)];
}

export function addressKey({ remoteIp }: Peer): string {
  return `address ${remoteIp}`;
}
