import { describe, expect, it } from "vitest";
import { directPath, directUrl } from "./direct-path.ts";
import { readStep, type Step } from "./step.ts";

type RawStep = Parameters<typeof readStep>[0];

function steps(...raw: RawStep[]): Step[] {
  return raw.map(readStep);
}

describe("directPath", () => {
  it("is that of what the connection subscribes to, also when it publishes before", () => {
    const sent = [{ line: "IDENTIFY", body: "SUB x y\n" }, { line: "PUB p", body: "x" }, { line: "SUB t c" }];
    expect(directPath("a", steps({ send: sent }, { recv: 3 }))).toEqual({ topic: "t", channel: "c" });
  });

  it("is that of the first topic it publishes to, when it does not subscribe", () => {
    const publishes = [
      { send: "NOP" },
      { send: { line: "DPUB t 5", body: "x" } },
      { send: { line: "PUB u", body: "x" } },
    ];
    expect(directPath("a", steps(...publishes))).toEqual({ topic: "t" });
    expect(directPath("a", steps({ send: "MPUB t\r" }))).toEqual({ topic: "t" });
  });

  it("leaves out names that NSQ does not allow", () => {
    const long = "x".repeat(64);
    expect(directPath("a", steps({ send: ["SUB t$ c", "PUB #ephemeral"] }))).toBeNull();
    expect(directPath("a", steps({ send: [`SUB ${long}y c`, `SUB ${long} c#ephemeral`] }))).toEqual({
      topic: long,
      channel: "c#ephemeral",
    });
  });

  it("counts what is sent on that connection until it is closed or opened anew", () => {
    const other = [{ open: "b" }, { send: "SUB other c" }];
    expect(directPath("a", steps(...other, { send: "SUB t c", on: "a" }))).toEqual({ topic: "t", channel: "c" });
    for (const end of [{ open: "a" }, { close: "a" }, { abort: "a" }]) {
      expect(directPath("a", steps(end, { send: "SUB t c", on: "a" }))).toBeNull();
    }
  });

  it("reads commands that come in pieces", () => {
    expect(directPath("a", steps({ send: { hex: "535542" } }, { send: [{ text: " t " }, "c"] }))).toEqual({
      topic: "t",
      channel: "c",
    });
    expect(directPath("a", steps({ send: { text: "SUB t c" } }))).toBeNull();
  });
});

describe("directUrl", () => {
  it("names topic and channel in the query", () => {
    expect(directUrl("ws://h/v2", null)).toBe("ws://h/v2");
    expect(directUrl("ws://h/v2", { topic: "t#ephemeral" })).toBe("ws://h/v2?topic=t%23ephemeral");
    expect(directUrl("ws://h/v2?x=1", { topic: "t", channel: "c" })).toBe("ws://h/v2?x=1&topic=t&channel=c");
  });
});
