import { describe, expect, it } from "vitest";
import { MAX_PATTERNS, parseAuthorizations } from "../../src/identity/authorization.ts";

const VALID = { topic: "t", channels: ["c"], permissions: ["publish"] };

function only(value: object, reach: "whole" | "anywhere" = "whole") {
  const [authorization] = parseAuthorizations([value], reach) ?? [];
  if (!authorization) throw new Error("not valid");
  return authorization;
}

describe("authorizations", () => {
  it.each([
    ["no list", {}],
    ["nothing", null],
    ["no object", ["x"]],
    ["null in it", [null]],
    ["no topic", [{ ...VALID, topic: undefined }]],
    ["a topic that is no text", [{ ...VALID, topic: 5 }]],
    ["a topic that is no pattern", [{ ...VALID, topic: "(" }]],
    ["no channels", [{ topic: "t", permissions: ["publish"] }]],
    ["a channel that is no text", [{ ...VALID, channels: [5] }]],
    ["a channel that is no pattern", [{ ...VALID, channels: ["ok", "("] }]],
    ["too many channels", [{ ...VALID, channels: Array(MAX_PATTERNS).fill("c") }]],
    ["no permissions", [{ topic: "t", channels: [] }]],
    ["permissions that are no list", [{ ...VALID, permissions: "publish" }]],
    ["a permission that there is not", [{ ...VALID, permissions: ["publish", "root"] }]],
    ["a valid one and one that is not", [VALID, { ...VALID, topic: "[" }]],
    ["too many", Array(MAX_PATTERNS / 2 + 1).fill(VALID)],
  ])("[AUTH1] are not valid, and none of them counts, with %s", (_, value) => {
    expect(parseAuthorizations(value, "whole")).toBeNull();
  });

  it("[AUTH1] ignore keys that are not known", () => {
    expect(parseAuthorizations([{ ...VALID, more: 1 }], "whole")).toHaveLength(1);
    expect(parseAuthorizations(Array(MAX_PATTERNS / 2).fill(VALID), "whole")).toHaveLength(MAX_PATTERNS / 2);
  });

  it("[AUTH4] of an auth server may have null for an empty list, as Go writes it", () => {
    expect(parseAuthorizations([{ topic: "t", channels: null, permissions: null }], "anywhere")).toHaveLength(1);
    expect(parseAuthorizations([{ topic: "t", channels: null, permissions: null }], "whole")).toBeNull();
  });

  it("[AUTH1] allow what is named, with the topic and channel that are named", () => {
    const authorization = only({ topic: "t.*", channels: ["c1", "c2"], permissions: ["subscribe"] });
    expect(authorization.allows("subscribe", "t1", "c2")).toBe(true);
    expect(authorization.allows("subscribe", "t1", "c3")).toBe(false);
    expect(authorization.allows("subscribe", "x", "c1")).toBe(false);
    expect(authorization.allows("publish", "t1", "c1")).toBe(false);
  });

  it.each<[string[], boolean]>([
    [[".*"], true],
    [["c", ""], true],
    [["^c$"], false],
    [["c"], false],
    [[], false],
  ])("[AUTH1] allow publishing only if a channel pattern matches the empty name: %j", (channels, isAllowed) => {
    expect(only({ ...VALID, channels }).allows("publish", "t", "")).toBe(isAllowed);
  });

  it("[AUTH1] with admin include read, and not the other way round", () => {
    const admin = only({ ...VALID, permissions: ["admin"] });
    const reader = only({ ...VALID, permissions: ["read"] });
    expect([admin.has("read"), admin.has("publish"), reader.has("admin")]).toEqual([true, false, false]);
    expect([admin.allows("read", "t", "c"), reader.allows("admin", "t", "c")]).toEqual([true, false]);
  });

  it.each([
    [".*", [".*"], true],
    [".*", ["c", ".*"], true],
    [".*", ["c"], false],
    ["t.*", [".*"], false],
    ["..*", [".*"], false],
  ])("[AUTH1] are for everything only if they say so: %s %j", (topic, channels, is) => {
    expect(only({ topic, channels, permissions: ["read"] }).isForEverything).toBe(is);
  });

  it("[AUTH1] are told as they came", () => {
    const data = { topic: "t.*", channels: ["a", "b"], permissions: ["publish", "admin"] };
    expect(only({ ...data, permissions: [...data.permissions, "publish"] }).data).toEqual(data);
  });
});
