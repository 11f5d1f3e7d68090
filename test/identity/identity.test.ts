import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AuthorizationData, PERMISSIONS, parseAuthorizations } from "../../src/identity/authorization.ts";
import {
  allows,
  allowsForAnything,
  allowsForEverything,
  EVERYBODY,
  type Identity,
  mayLookUp,
  narrowed,
  permissionCount,
} from "../../src/identity/identity.ts";
import { identityData, identityOf } from "../../src/identity/identity-data.ts";
import type { Reach } from "../../src/identity/pattern.ts";
import { entry, identityWith } from "../helpers/identity.ts";

const TOPICS = ["a", "b", "a.b"];
const CHANNELS = ["", "c", "d"];
const ENTRY: fc.Arbitrary<AuthorizationData> = fc.record({
  topic: fc.constantFrom("a", "b", ".*", "a.*", "a\\.b", "^a"),
  channels: fc.subarray(["", "c", "d", ".*", "^c$"]),
  permissions: fc.subarray([...PERMISSIONS]),
});
const REACH = fc.constantFrom<Reach>("whole", "anywhere");
const LIST = fc.tuple(fc.array(ENTRY, { maxLength: 4 }), REACH).map(([entries, reach]) => {
  const list = parseAuthorizations(entries, reach);
  if (list === null) throw new Error("not valid");
  return list;
});
const IDENTITY = fc
  .array(LIST, { minLength: 1, maxLength: 3 })
  .map((authorizations): Identity => ({ ...identityWith([]), authorizations }));

/** All that somebody may do with these names. */
function rights(identity: Identity): string[] {
  return TOPICS.flatMap((topic) =>
    CHANNELS.flatMap((channel) =>
      PERMISSIONS.filter((each) => allows(identity, each, topic, channel)).map((each) => `${each} ${topic}:${channel}`),
    ),
  );
}

describe("an identity", () => {
  it("[AUTH1] of an open broker may do everything", () => {
    expect(rights(EVERYBODY)).toHaveLength(TOPICS.length * CHANNELS.length * PERMISSIONS.length);
    expect(PERMISSIONS.every((each) => allowsForEverything(EVERYBODY, each))).toBe(true);
  });

  it("[AUTH7] may do what all its lists allow, and nothing else", () => {
    fc.assert(
      fc.property(IDENTITY, LIST, (identity, list) => {
        const both = { ...identity, authorizations: [...identity.authorizations, list] };
        const own = rights({ ...identity, authorizations: [list] });
        expect(rights(both)).toEqual(rights(identity).filter((right) => own.includes(right)));
      }),
    );
  });

  it("[AUTH1] may do for everything, and for anything, only what is allowed for it", () => {
    const identity = identityWith([entry(".*", [".*"], "read"), entry("t", [".*"], "admin")]);
    expect([allowsForEverything(identity, "read"), allowsForEverything(identity, "admin")]).toEqual([true, false]);
    expect([allowsForAnything(identity, "admin"), allowsForAnything(identity, "publish")]).toEqual([true, false]);
  });

  it.each([
    ["a reader", entry("t", [".*"], "read"), true],
    ["an admin", entry("t", [".*"], "admin"), true],
    ["a producer", entry("t", [".*"], "publish"), true],
    ["a consumer of one channel", entry("t", ["c"], "subscribe"), true],
    ["somebody of another topic", entry("x", [".*"], "read", "publish", "subscribe"), false],
    ["a reader of one channel", entry("t", ["c"], "read"), false],
  ])("[AUTH1] may look up a topic as %s: %#", (_, authorization, may) => {
    expect(mayLookUp(identityWith([authorization]), "t")).toBe(may);
  });

  it("[AUT1] tells how many authorizations it has", () => {
    expect(permissionCount(identityWith([]))).toBe(0);
    expect(permissionCount(identityWith([entry("a", []), entry("b", [])]))).toBe(2);
  });

  it("[AUTH8] that is told to an object may publish and consume there as before, and do nothing else", () => {
    fc.assert(
      fc.property(IDENTITY, fc.constantFrom(...TOPICS), fc.constantFrom("c", "d"), (identity, topic, channel) => {
        const isPublish = (right: string) => right.startsWith("publish ") && right.endsWith(":");
        const isThere = (right: string) => right === `subscribe ${topic}:${channel}`;
        const published = (each: Identity) => rights(each).filter(isPublish);
        const told = narrowed(identity, topic, channel);
        expect(published(told)).toEqual(published(identity));
        expect(rights(told).filter((right) => !right.startsWith("publish "))).toEqual(rights(identity).filter(isThere));
        expect(rights(narrowed(identity, topic, null)).filter((right) => !right.startsWith("publish "))).toEqual([]);
      }),
    );
  });

  it("[AUTH8] comes through as data with the same rights and times", () => {
    fc.assert(
      fc.property(IDENTITY, fc.constantFrom(5, Number.POSITIVE_INFINITY), (identity, endsAt) => {
        const told = identityOf(JSON.parse(JSON.stringify(identityData({ ...identity, endsAt }))));
        if (told === null) throw new Error("lost");
        expect(rights(told)).toEqual(rights(identity));
        expect([told.name, told.checkedUntil, told.endsAt]).toEqual(["alice", Number.POSITIVE_INFINITY, endsAt]);
      }),
    );
  });

  it("[AUTH1] that is no data of one is none", () => {
    const data = identityData(identityWith([]));
    const broken = { reach: "whole" as const, entries: [{ topic: "(", channels: [], permissions: [] }] };
    expect(identityOf({ ...data, authorizations: [broken] })).toBeNull();
  });
});
