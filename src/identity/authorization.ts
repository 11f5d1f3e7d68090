// What somebody may do, in the shape of NSQ's auth servers (spec 9.3, nsq internal/auth/authorizations.go), with two permissions more.

import { Pattern, type Reach } from "./pattern.ts";

/** `publish` and `subscribe` are NSQ's; `admin` is for orders and config, and includes `read`; `read` for stats, look-ups and looking inside. */
export const PERMISSIONS = ["publish", "subscribe", "admin", "read"] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** One entry as JSON. */
export interface AuthorizationData {
  readonly topic: string;
  readonly channels: readonly string[];
  readonly permissions: readonly Permission[];
}

/** Of one list: that bounds what it takes to compile it, and to check something against it. */
export const MAX_PATTERNS = 1_000;

export class Authorization {
  readonly topic: Pattern;
  readonly channels: readonly Pattern[];
  readonly permissions: readonly Permission[];

  constructor(topic: Pattern, channels: readonly Pattern[], permissions: readonly Permission[]) {
    this.topic = topic;
    this.channels = channels;
    this.permissions = permissions;
  }

  /** Whether it has a permission at all, for whatever names. */
  has(permission: Permission): boolean {
    return this.permissions.includes(permission) || (permission === "read" && this.permissions.includes("admin"));
  }

  /** What concerns a topic itself, publishing to it for instance, has the channel "" (spec 9.3). */
  allows(permission: Permission, topic: string, channel: string): boolean {
    return this.has(permission) && this.topic.matches(topic) && this.channels.some((each) => each.matches(channel));
  }

  /** Whether it was written for all topics and channels there are. */
  get isForEverything(): boolean {
    return this.topic.isEverything && this.channels.some(({ isEverything }) => isEverything);
  }

  get data(): AuthorizationData {
    const { topic, channels, permissions } = this;
    return { topic: topic.text, channels: channels.map(({ text }) => text), permissions };
  }
}

/** Null when something is wrong with it: then none of it counts. A key that is not known is ignored. */
export function parseAuthorizations(value: unknown, reach: Reach): Authorization[] | null {
  if (!Array.isArray(value) || countPatterns(value) > MAX_PATTERNS) return null;
  const entries = value.map((entry) => parseAuthorization(entry, reach));
  return entries.every((entry) => entry !== null) ? entries : null;
}

function countPatterns(entries: readonly unknown[]): number {
  const channels = entries.map((entry) => (entry as { channels?: unknown } | null)?.channels);
  return entries.length + channels.reduce<number>((sum, list) => sum + (Array.isArray(list) ? list.length : 0), 0);
}

function parseAuthorization(value: unknown, reach: Reach): Authorization | null {
  if (typeof value !== "object" || value === null) return null;
  const entry = value as Partial<Record<keyof AuthorizationData, unknown>>;
  // An auth server in Go says null for an empty list.
  const [channels, permissions] = [entry.channels, entry.permissions].map(
    (list) => list ?? (reach === "anywhere" ? [] : null),
  );
  const { topic } = entry;
  if (typeof topic !== "string" || !isStrings(channels) || !isStrings(permissions)) return null;
  if (!permissions.every(isPermission)) return null;
  const patterns = [topic, ...channels].map((text) => Pattern.parse(text, reach));
  const [topicPattern, ...channelPatterns] = patterns.filter((pattern) => pattern !== null);
  if (topicPattern === undefined || channelPatterns.length < channels.length) return null;
  return new Authorization(topicPattern, channelPatterns, [...new Set(permissions)]);
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isPermission(text: string): text is Permission {
  return (PERMISSIONS as readonly string[]).includes(text);
}
