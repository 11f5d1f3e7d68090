import { describe, expect, it } from "vitest";
import { callerOf, isFromElsewhere } from "../../src/admin/caller.ts";
import { EVERYBODY } from "../../src/identity/identity.ts";

function request(headers: Record<string, string>, url = "http://broker:4151/admin/api/topics"): Request {
  // As it comes to a Worker: a browser's Request would drop headers that a page may not set.
  return { url, headers: new Headers(headers) } as unknown as Request;
}

describe("the caller of an action", () => {
  it("[ADM3] [AUTH6] is who is known, whatever the request says", () => {
    const headers = { Authorization: `Basic ${btoa("mallory:x")}` };
    expect(callerOf(request(headers), { ...EVERYBODY, name: "alice" }).user).toBe("alice");
  });

  it("[ADM3] is who the request says it is, where nobody is asked", () => {
    const authorization = `Basic ${Buffer.from("bøb:secret:x").toString("base64")}`;
    const headers = { Authorization: authorization, "CF-Connecting-IP": "192.0.2.1", "User-Agent": "curl/8" };
    expect(callerOf(request(headers), EVERYBODY)).toEqual({
      user: "bøb",
      remote_ip: "192.0.2.1",
      user_agent: "curl/8",
      url: "http://broker:4151/admin/api/topics",
    });
  });

  it("[ADM3] behind a proxy that encrypts has called over HTTPS", () => {
    expect(callerOf(request({ "X-Scheme": "https" }, "http://broker/x"), EVERYBODY).url).toBe("https://broker/x");
  });

  it.each(["", "Bearer x", "Basic", "Basic !", "Basic a", `Basic ${btoa("no colon")}`, `Basic ${btoa(":p")}`])(
    "[ADM3] has no name unless it is given: %j",
    (authorization) => {
      expect(callerOf(request({ Authorization: authorization }), EVERYBODY)).toMatchObject({ user: "", remote_ip: "" });
    },
  );
});

describe("a request", () => {
  it.each([
    [{}],
    [{ Origin: "http://broker:4151" }],
    [{ "Sec-Fetch-Site": "same-origin", Origin: "http://broker:4151" }],
    [{ "Sec-Fetch-Site": "none" }],
    [{ "X-Scheme": "https", Origin: "https://broker:4151" }],
  ])("[ADM4] of a page of this origin, or of none, may act: %j", (headers) => {
    expect(isFromElsewhere(request(headers as Record<string, string>))).toBe(false);
  });

  it.each([
    [{ Origin: "http://elsewhere" }],
    [{ Origin: "https://broker:4151" }],
    [{ Origin: "http://broker" }],
    [{ Origin: "null" }],
    [{ "Sec-Fetch-Site": "cross-site" }],
    [{ "Sec-Fetch-Site": "same-site", Origin: "http://broker:4151" }],
  ])("[ADM4] of a page of another origin may not: %j", (headers) => {
    expect(isFromElsewhere(request(headers as Record<string, string>))).toBe(true);
  });
});
