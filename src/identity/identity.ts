// Who somebody is and what he may do, wherever that is known from.

import { Authorization, type Permission } from "./authorization.ts";
import { literal, Pattern } from "./pattern.ts";

export interface Identity {
  /** Empty for somebody without a name. */
  readonly name: string;
  /** Of a page about him; empty for none. */
  readonly url: string;
  /** Which of the broker's own tokens he has shown: what is issued to him ends with it. Empty for none. */
  readonly origin: string;
  /** Of all tokens that led to him: whoever revokes one of them means him, too. */
  readonly ids: readonly string[];
  /** Each list takes away from the one before: all of them must allow what he does. */
  readonly authorizations: readonly (readonly Authorization[])[];
  /** Whoever vouches for him must be asked again from then on, ms since the epoch. */
  readonly checkedUntil: number;
  /** He is nobody any more from then on, and his connections end, ms since the epoch. */
  readonly endsAt: number;
}

const EVERY_NAME = Pattern.parse(".*", "whole") as Pattern;

/** For all topics and channels there are. */
export function everything(permissions: readonly Permission[]): Authorization {
  return new Authorization(EVERY_NAME, [EVERY_NAME], permissions);
}

/** Whoever calls a broker that is open. */
export const EVERYBODY: Identity = {
  name: "",
  url: "",
  origin: "",
  ids: [],
  authorizations: [[everything(["publish", "subscribe", "admin"])]],
  checkedUntil: Number.POSITIVE_INFINITY,
  endsAt: Number.POSITIVE_INFINITY,
};

/** What is shown of him; empty where nobody is asked. */
export function shownName(identity: Identity): string {
  return identity === EVERYBODY ? "" : identity.name || "unnamed";
}

/** What concerns the topic itself has the channel "". */
export function allows(identity: Identity, permission: Permission, topic: string, channel: string): boolean {
  return all(identity, (entry) => entry.allows(permission, topic, channel));
}

/** Whether he may do something with all topics there are, and with the broker itself. */
export function allowsForEverything(identity: Identity, permission: Permission): boolean {
  return all(identity, (entry) => entry.has(permission) && entry.isForEverything);
}

/** Whether there is anything that he may do it with. */
export function allowsForAnything(identity: Identity, permission: Permission): boolean {
  return all(identity, (entry) => entry.has(permission));
}

/** Whoever reads, publishes to or consumes from a topic may look up where it is. */
export function mayLookUp(identity: Identity, topic: string): boolean {
  const isConsumer = (entry: Authorization) => entry.has("subscribe") && entry.topic.matches(topic);
  return all(identity, isConsumer) || allows(identity, "publish", topic, "") || allows(identity, "read", topic, "");
}

function all(identity: Identity, holds: (entry: Authorization) => boolean): boolean {
  // Nobody has said what he may do: nothing.
  if (identity.authorizations.length === 0) return false;
  return identity.authorizations.every((list) => list.some(holds));
}

/** How many entries he has, as AUTH tells: of the narrowest list. */
export function permissionCount({ authorizations }: Identity): number {
  return authorizations.at(-1)?.length ?? 0;
}

/** What is left of an identity for a connection to one topic, or to one channel of it: publishing anywhere, and consuming there. */
export function narrowed(identity: Identity, topic: string, channel: string | null): Identity {
  return { ...identity, authorizations: identity.authorizations.map((list) => narrowedList(list, topic, channel)) };
}

function narrowedList(list: readonly Authorization[], topic: string, channel: string | null): Authorization[] {
  const publishing = list
    .filter((entry) => entry.has("publish") && entry.channels.some((each) => each.matches("")))
    .map((entry) => new Authorization(entry.topic, [EVERY_NAME], ["publish"]));
  if (channel === null || !list.some((entry) => entry.allows("subscribe", topic, channel))) return publishing;
  const reach = list[0]?.topic.reach ?? "whole";
  return [...publishing, new Authorization(literal(topic, reach), [literal(channel, reach)], ["subscribe"])];
}
