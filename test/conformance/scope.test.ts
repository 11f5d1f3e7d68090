import { describe, expect, it } from "vitest";
import { newRunId, placeholder, Scope } from "./scope.ts";

const topic = placeholder("topic");
const channel = placeholder("channel");

function scope(): Scope {
  return new Scope("abcdefg", 12, null);
}

describe("Scope", () => {
  it("names topic and channel with 12 bytes", () => {
    expect(scope().topic).toBe("tabcdefg0012");
    expect(scope().channel).toBe("cabcdefg0012");
    expect(newRunId()).toMatch(/^[0-9a-z]{7}$/);
  });

  it("replaces variables in every string", () => {
    const variables = scope();
    variables.set("x", "0123");
    const step = { send: [`FIN ${placeholder("x")}`, { line: `SUB ${topic}.a ${channel}` }], n: 1, gone: null };
    expect(variables.substitute(step)).toEqual({
      send: ["FIN 0123", { line: "SUB tabcdefg0012.a cabcdefg0012" }],
      n: 1,
      gone: null,
    });
  });

  it("does not know other variables", () => {
    expect(() => scope().substitute(placeholder("y"))).toThrow("unknown variable y");
    expect(() => scope().substitute(placeholder("lookupTcp"))).toThrow("unknown variable lookupTcp");
  });

  it("previews what is known already", () => {
    const variables = scope();
    const id = placeholder("id");
    expect(variables.preview([{ send: `SUB ${topic} ${channel}` }, `FIN ${id}`])).toEqual([
      { send: "SUB tabcdefg0012 cabcdefg0012" },
      `FIN ${id}`,
    ]);
    expect([...variables.topics]).toEqual([]);
  });

  it("collects the topics made from its own", () => {
    const variables = scope();
    variables.substitute([`PUB a.${topic}-b`, `POST /pub?topic=${topic}%23ephemeral&x=1`, `SUB other ${channel}`]);
    expect([...variables.topics]).toEqual(["a.tabcdefg0012-b", "tabcdefg0012#ephemeral"]);
  });

  it("finds its names in text", () => {
    expect(scope().mentions('["cabcdefg0012"]')).toBe(true);
    expect(scope().mentions('["cabcdefg0013"]')).toBe(false);
  });
});
