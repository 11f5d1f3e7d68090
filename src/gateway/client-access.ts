// Who a client of the gateway is: asked of the doorkeeper when it says AUTH, and no more when its time is over.

import type { Doorkeeper } from "../auth/doorkeeper.ts";
import type { Names } from "../auth/need.ts";
import { identityKey, keyOf } from "../auth/rate-limits.ts";
import type { Peer } from "../auth/source.ts";
import type { Identity } from "../identity/identity.ts";
import { Access } from "../session/access.ts";
import type { SessionLimits } from "../session/session.ts";

/** Timers count 31 bits of ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Bytes of a body that somebody sends who has not said who he is: it can be IDENTIFY or AUTH only. */
const STRANGERS_BODY = 16_384;
/** How long he may take to say it, ms. */
const STRANGERS_TIME = 60_000;

/** Who is at the other end, as far as it is known when a connection begins. */
export interface GatewayCaller {
  readonly peer: Peer;
  /** Null when it has not shown any secret. */
  readonly identity: Identity | null;
  /** What it has shown; empty for nothing. */
  readonly secret: string;
}

export class ClientAccess {
  readonly session: Access;
  readonly #doorkeeper: Doorkeeper;
  readonly #peer: Peer;
  readonly #ended: () => void;
  readonly #since = Date.now();
  #secret: string;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(doorkeeper: Doorkeeper, { peer, identity, secret }: GatewayCaller, ended: () => void) {
    this.#doorkeeper = doorkeeper;
    this.#peer = peer;
    this.#secret = secret;
    this.#ended = ended;
    this.session = doorkeeper.isOpen ? Access.open() : new Access(true, identity, true);
  }

  /** Whether it must say AUTH before it may do anything. */
  get isAuthRequired(): boolean {
    return this.session.isGuarded && this.session.identity === null;
  }

  /** What a client may send: little before it has said who it is. */
  limits(known: SessionLimits): SessionLimits {
    if (!this.session.isGuarded) return known;
    const bounded = (size: number) => (this.isAuthRequired ? Math.min(STRANGERS_BODY, size) : size);
    return {
      ...known,
      get maxMsgSize() {
        return bounded(known.maxMsgSize);
      },
      get maxBodySize() {
        return bounded(known.maxBodySize);
      },
    };
  }

  /** Null when nobody has the secret, or that cannot be found out. */
  authenticate(secret: string): Promise<Identity | null> {
    this.#secret = secret;
    return this.#ask(true);
  }

  /** The same with the secret that the client came with. */
  again(): Promise<Identity | null> {
    return this.#ask(false);
  }

  /** @param isNew whether it is somebody who was not known on this connection */
  async #ask(isNew: boolean): Promise<Identity | null> {
    try {
      const found = await this.#doorkeeper.authenticate(this.#secret, this.#peer, true);
      if (typeof found === "string") return null;
      return isNew && !(await this.#doorkeeper.limits.mayConnect([identityKey(found)])) ? null : found;
    } catch (error) {
      console.error("a secret could not be looked at:", error instanceof Error ? error.name : "unknown error");
      return null;
    }
  }

  /** Sees to it that the connection ends when its client is nobody any more. */
  endInTime(): void {
    this.stop();
    const left = (this.isAuthRequired ? this.#since + STRANGERS_TIME : this.session.endsAt) - Date.now();
    if (left <= 0) this.#ended();
    else if (left < Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.endInTime(), Math.min(left, MAX_TIMER_MS));
    }
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Whether a topic or channel that may be new is not too much; null when that need not be asked. */
  mayCreate(names: Names): Promise<boolean> | null {
    return this.#doorkeeper.limits.mayCreate(keyOf(this.session.identity, this.#peer), names);
  }
}
