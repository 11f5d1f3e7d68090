import { describe, expect, it } from "vitest";
import { newestOf, versionOf } from "../../src/admin/version.ts";

describe("versions of nodes", () => {
  const ascending = [
    "junk",
    "0.3.8",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-rc.2",
    "1.0.0-rc.10",
    "1.0.0",
    "1.2.9",
    "1.10.0",
  ];

  it("[ADM1] are compared as semver says, and what is none is the oldest", () => {
    for (const [index, older] of ascending.entries()) {
      for (const newer of ascending.slice(index + 1)) {
        const [a, b] = [versionOf(older), versionOf(newer)];
        expect([older, newer, a.isBefore(b), b.isBefore(a)]).toEqual([older, newer, true, false]);
      }
      expect(versionOf(older).isBefore(versionOf(older))).toBe(false);
    }
  });

  it("[ADM1] the highest is the one to have", () => {
    const newest = newestOf(["1.2.0", "1.3.0", "1.3.0+build"].map(versionOf));
    expect(versionOf("1.2.0").isBefore(newest)).toBe(true);
    expect(versionOf("1.3.0").isBefore(newest)).toBe(false);
  });
});
