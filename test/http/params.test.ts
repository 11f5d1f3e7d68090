import { describe, expect, it } from "vitest";
import { Params } from "../../src/http/params.ts";
import { HttpError } from "../../src/http/respond.ts";
import { pathOf, queryOf } from "../../src/http/target.ts";

function paramsOf(query: string): Params | HttpError {
  return Params.of(new Request(`http://broker/pub${query}`));
}

function get(query: string, name: string): string | null {
  const params = paramsOf(query);
  if (params instanceof HttpError) throw new Error(params.code);
  return params.get(name);
}

describe("parameters", () => {
  it.each([
    ["?topic=a", "a"],
    ["?topic=a&topic=b", "a"],
    ["?x=1&topic=a", "a"],
    ["?&&topic=a&", "a"],
    ["?topic=a=b", "a=b"],
    ["?topic=a?b", "a?b"],
    ["?topic=", ""],
    ["?topic", ""],
    ["?topics=a", null],
    ["?=a", null],
    ["", null],
    ["?", null],
    // With an escape somewhere they are read in another way.
    ["?topic=a&x=%20", "a"],
    ["?topic=a&topic=b&x=%20", "a"],
    ["?topic=%61+b", "a b"],
    ["?t%6Fpic=a", "a"],
    ["?topic&x=+", ""],
    ["?topic=a=b&x=+", "a=b"],
  ])("[HTTP1] are read as nsqd reads them: %s", (query, value) => {
    expect(get(query, "topic")).toBe(value);
  });

  it.each(["?topic=%", "?topic=a%2", "?topic=%zz", "?topic=a;b=1"])(
    "[HTTP1] are refused when malformed: %s",
    (query) => {
      expect(paramsOf(query)).toMatchObject({ status: 400, code: "INVALID_REQUEST" });
    },
  );
});

describe("the target of a request", () => {
  it.each([
    ["http://broker/pub?topic=a", "/pub", "topic=a"],
    ["http://broker/pub", "/pub", ""],
    ["http://broker/", "/", ""],
    ["http://broker/?/x", "/", "/x"],
    ["http://[::1]:4151/a/b?x=1?y", "/a/b", "x=1?y"],
    ["https://broker/a/../ping", "/a/../ping", ""],
    ["https://broker//ping%20?", "//ping%20", ""],
  ])("[HTTP1] is taken as it was sent: %s", (url, path, query) => {
    expect([pathOf(url), queryOf(url)]).toEqual([path, query]);
  });
});
