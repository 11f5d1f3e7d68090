import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { literal, MAX_PATTERN, Pattern, type Reach } from "../../src/identity/pattern.ts";

function matches(text: string, reach: Reach, name: string): boolean {
  const pattern = Pattern.parse(text, reach);
  if (pattern === null) throw new Error(`no pattern: ${text}`);
  return pattern.matches(name);
}

/** Names as NSQ has them. */
const NAME = fc.stringMatching(/^[.a-zA-Z0-9_-]{1,20}(#ephemeral)?$/);

describe("a pattern", () => {
  it.each<[string, string, boolean, boolean]>([
    ["orders", "orders", true, true],
    ["orders", "orders.eu", false, true],
    ["orders", "my-orders", false, true],
    ["orders\\..*", "orders.eu", true, true],
    ["orders\\..*", "orders", false, false],
    ["orders.eu", "orders-eu", true, true],
    ["a|b", "b", true, true],
    ["a|b", "ab", false, true],
    ["^a", "ab", false, true],
    ["^a$", "a", true, true],
    ["", "", true, true],
    ["", "a", false, true],
    [".*", "", true, true],
    [".*", "t#ephemeral", true, true],
    ["(?i)ORDERS", "orders", true, true],
    ["[[:alpha:]]+", "abc", true, true],
  ])("[AUTH2] %j and %j: whole %s, anywhere %s", (text, name, isWhole, isAnywhere) => {
    expect([matches(text, "whole", name), matches(text, "anywhere", name)]).toEqual([isWhole, isAnywhere]);
  });

  it.each([
    "(",
    "[",
    "a**",
    "(?=a)",
    "(?<!a)b",
    "\\1",
    "(a)\\1",
    "a{2,1}",
    "a{1001}",
    "((a{1,100}){1,100}){1,100}",
    "\\",
  ])("[AUTH2] what RE2 does not know, or what would be too large, is none: %j", (text) => {
    expect([Pattern.parse(text, "whole"), Pattern.parse(text, "anywhere")]).toEqual([null, null]);
  });

  it.each(["a{1000}", "(a|aa|b?){1000}", "a{2}", "(a{3,})"])(
    "[AUTH2] counts nothing, which would be a step for each time, unless an auth server says so: %j",
    (text) => {
      expect(Pattern.parse(text, "whole")).toBeNull();
      expect(Pattern.parse(text, "anywhere")).not.toBeNull();
    },
  );

  it("[AUTH2] matches no name that is none, however long, unless it is for everything", () => {
    expect(matches("a*", "whole", "a".repeat(64))).toBe(true);
    for (const name of ["a".repeat(65), "a/b", "a b", "$"]) {
      expect([matches("a*|.+", "whole", name), matches("a|.", "anywhere", name), matches(".*", "whole", name)]).toEqual(
        [false, false, true],
      );
    }
  });

  it("[AUTH2] is bounded in length", () => {
    for (const reach of ["whole", "anywhere"] as const) {
      expect(Pattern.parse("a".repeat(MAX_PATTERN[reach]), reach)).not.toBeNull();
      expect(Pattern.parse("a".repeat(MAX_PATTERN[reach] + 1), reach)).toBeNull();
    }
  });

  it.each(["(a+)+$", "(a|a)*b", "(.*)*x", "(a*)*(a*)*(a*)*b", "([a-z]+)*[0-9]"])(
    "[AUTH2] takes no more than so many steps for a letter, where backtracking would never end: %j",
    (text) => {
      // With backtracking 2^63 steps: the test would not come back.
      expect(matches(text, "whole", `${"a".repeat(63)}.`)).toBe(false);
      expect(matches(`^(?:${text})$`, "anywhere", `${"a".repeat(63)}.`)).toBe(false);
    },
  );

  it("[AUTH2] of a single name matches it and nothing else", () => {
    fc.assert(
      fc.property(NAME, NAME, fc.constantFrom<Reach>("whole", "anywhere"), (name, other, reach) => {
        const pattern = literal(name, reach);
        expect(pattern.matches(name)).toBe(true);
        expect(pattern.matches(other)).toBe(name === other);
        expect(pattern.matches(`${name}x`)).toBe(false);
        expect(pattern.matches(`x${name}`)).toBe(false);
      }),
    );
  });

  it("[AUTH2] whatever it is made of, it is a pattern or none", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), NAME, (text, name) => {
        expect(typeof Pattern.parse(text, "whole")?.matches(name)).toMatch(/boolean|undefined/);
        expect(typeof Pattern.parse(text, "anywhere")?.matches(name)).toMatch(/boolean|undefined/);
      }),
    );
  });
});
