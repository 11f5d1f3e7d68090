import { describe, expect, it } from "vitest";
import { calledHost } from "../../src/cli/bridge/callers.ts";

describe("who calls the bridge", () => {
  it.each([
    ["127.0.0.1:4151", "127.0.0.1"],
    ["[::1]:4151", "::1"],
    ["localhost", "localhost"],
    ["bridge.example:4151", "bridge.example"],
    ["evil.example:4151", null],
    ["a~b.evil.example:4151", null],
    ["", null],
    [undefined, null],
  ])("[BRIDGE9] must do so by an address, or a name that it has: %s", (host, called) => {
    expect(calledHost({ ...(host !== undefined && { host }) }, ["bridge.example"])).toBe(called);
    // Nothing that is configured to be empty is a name.
    expect(calledHost({ ...(host !== undefined && { host }) }, ["", "bridge.example"])).toBe(called);
  });
});
