// Who is at the other end of a V2 connection, and what he may do on it (spec 1.8, nsqd/protocol_v2.go CheckAuth).

import { allows, type Identity, permissionCount } from "../identity/identity.ts";
import { utf8 } from "../protocol/bytes.ts";
import { type ClientError, clientError } from "../protocol/errors.ts";
import { responseFrame } from "../protocol/frame.ts";

export const AUTH_FAILED = clientError("E_AUTH_FAILED", "AUTH failed");

type Guarded = "SUB" | "PUB" | "DPUB" | "MPUB";

export class Access {
  /** Whether it takes an identity to publish and to consume. */
  readonly isGuarded: boolean;
  identity: Identity | null;
  /** Whether AUTH may say who it is: once, and where nobody is known yet or whoever carries the connection was known in its place. */
  takesAuth: boolean;

  constructor(isGuarded: boolean, identity: Identity | null, takesAuth: boolean = identity === null) {
    this.isGuarded = isGuarded;
    this.identity = identity;
    this.takesAuth = takesAuth;
  }

  /** Where nobody is asked who he is, or somebody else has asked. */
  static open(): Access {
    return new Access(false, null);
  }

  /** Takes what became of AUTH, and returns what is answered: a frame, or an error that does not tell the cause. */
  admit(identity: Identity | null): Uint8Array | ClientError {
    if (identity === null) return AUTH_FAILED;
    const count = permissionCount(identity);
    if (count === 0) return clientError("E_UNAUTHORIZED", "AUTH no authorizations found");
    this.identity = identity;
    this.takesAuth = false;
    const { name, url } = identity;
    return responseFrame(utf8(JSON.stringify({ identity: name, identity_url: url, permission_count: count })));
  }

  /** What must be answered to somebody who may not do this; null when he may. */
  refusal(command: Guarded, topic: string, channel: string): ClientError | null {
    if (!this.isGuarded) return null;
    if (this.identity === null) return clientError("E_AUTH_FIRST", `AUTH required before ${command}`);
    const permission = command === "SUB" ? "subscribe" : "publish";
    if (allows(this.identity, permission, topic, channel)) return null;
    return clientError("E_UNAUTHORIZED", `AUTH failed for ${command} on "${topic}" "${channel}"`);
  }

  /** Whether whoever vouches for him must be asked again before he does more. */
  isStale(now: number): boolean {
    return (
      this.isGuarded && this.identity !== null && now >= Math.min(this.identity.checkedUntil, this.identity.endsAt)
    );
  }

  /** When he is nobody any more, ms; Infinity for never. */
  get endsAt(): number {
    return this.isGuarded && this.identity !== null ? this.identity.endsAt : Number.POSITIVE_INFINITY;
  }
}
