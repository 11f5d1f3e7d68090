// What it takes to come through a door: each route and each door says so.

import type { Permission } from "../identity/authorization.ts";
import { allows, allowsForAnything, allowsForEverything, type Identity, mayLookUp } from "../identity/identity.ts";

/**
 * What a permission must be for:
 * `topic` and `channel`: the one that the call names, in its path or its query;
 * `named`: the same as far as it names them, and everything if it names none;
 * `everything`: all topics there are, and the broker itself;
 * `anything`: any topic at all;
 * `body`: what the body names, at which the handler looks.
 */
type Scope = "topic" | "channel" | "named" | "everything" | "anything" | "body";

export type Need =
  | { readonly kind: "nothing" }
  /** Somebody who is known. */
  | { readonly kind: "identity" }
  /** Somebody who reads, publishes to or consumes from the topic. */
  | { readonly kind: "look-up" }
  | { readonly kind: "permission"; readonly permission: Permission; readonly scope: Scope };

export const NOTHING: Need = { kind: "nothing" };
export const IDENTITY: Need = { kind: "identity" };
export const LOOK_UP: Need = { kind: "look-up" };

export function may(permission: Permission, scope: Scope): Need {
  return { kind: "permission", permission, scope };
}

/** What a call names. */
export interface Names {
  readonly topic: string | null;
  readonly channel: string | null;
}

/** What is not named though it must be is not checked: its handler refuses it. */
export function isMet(need: Need, identity: Identity, { topic, channel }: Names): boolean {
  if (need.kind === "nothing" || need.kind === "identity") return true;
  if (need.kind === "look-up") return topic === null ? isSomebody(identity) : mayLookUp(identity, topic);
  const { permission, scope } = need;
  switch (scope) {
    case "everything":
      return allowsForEverything(identity, permission);
    case "anything":
    case "body":
      return allowsForAnything(identity, permission);
    case "named":
      return topic === null || topic === ""
        ? allowsForEverything(identity, permission)
        : allows(identity, permission, topic, channel ?? "");
    case "topic":
      return topic === null ? allowsForAnything(identity, permission) : allows(identity, permission, topic, "");
    case "channel":
      return topic === null || channel === null
        ? allowsForAnything(identity, permission)
        : allows(identity, permission, topic, channel);
  }
}

function isSomebody(identity: Identity): boolean {
  return (["read", "publish", "subscribe"] as const).some((permission) => allowsForAnything(identity, permission));
}
