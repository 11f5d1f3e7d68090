import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AUTH_SECRET, authTokens, GuardedBroker } from "./guarded-broker.ts";

const NOW = Date.parse("2027-01-01T00:00:00Z");
const ALL = [".*"];
const BEARERS = {
  admin: {
    token: "token-of-admin",
    authorizations: [{ topic: ".*", channels: ALL, permissions: ["admin", "publish"] as const }],
  },
  reader: {
    token: "token-of-reader",
    authorizations: [{ topic: ".*", channels: ALL, permissions: ["read"] as const }],
  },
  producer: {
    token: "token-of-producer",
    authorizations: [{ topic: "t", channels: ALL, permissions: ["publish"] as const }],
  },
  short: {
    token: "token-of-short",
    expires: "2027-01-01T00:01:00Z",
    authorizations: [{ topic: ".*", channels: ALL, permissions: ["read"] as const }],
  },
};
const ASSETS = { fetch: async (url: string) => new Response(`file ${new URL(url).pathname}`) };

async function guarded(settings: Record<string, unknown> = {}): Promise<GuardedBroker> {
  return new GuardedBroker({
    "auth-tokens": await authTokens(BEARERS),
    "auth-secret": AUTH_SECRET,
    ASSETS,
    ...settings,
  });
}

/** Signs in, and returns what the answer says. */
async function signIn(
  broker: GuardedBroker,
  token: string,
  init: { base?: string; headers?: Record<string, string> } = {},
) {
  const body = new URLSearchParams({ token });
  const response = await broker.fetch("/admin/login", { method: "POST", body, ...init });
  const setCookie = response.headers.get("Set-Cookie");
  return {
    status: response.status,
    location: response.headers.get("Location"),
    setCookie,
    cookie: setCookie?.split(";")[0] ?? "",
  };
}

async function ask(broker: GuardedBroker, path: string, cookie: string, init: RequestInit & { base?: string } = {}) {
  const response = await broker.fetch(path, { ...init, headers: { Cookie: cookie, ...init.headers } });
  return { status: response.status, location: response.headers.get("Location"), text: await response.text() };
}

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

describe("the pages", () => {
  it("[AUTH6] send whoever has not signed in to where that is done", async () => {
    const broker = await guarded();
    for (const path of ["/admin/", "/admin/topics/t", "/admin/nodes"]) {
      expect(await ask(broker, path, "")).toMatchObject({ status: 303, location: "/admin/login" });
    }
    expect(await ask(broker, "/admin/login", "")).toMatchObject({ status: 200, text: "file /admin/login.html" });
    expect(await ask(broker, "/admin/assets/x.css", "")).toMatchObject({
      status: 200,
      text: "file /admin/assets/x.css",
    });
    expect(broker.calls).toBe(0);
  });

  it("[AUTH6] are there for whoever has, with their API", async () => {
    const broker = await guarded();
    const { status, location, cookie } = await signIn(broker, " token-of-admin ");
    expect([status, location]).toEqual([303, "/admin/"]);
    expect(await ask(broker, "/admin/", cookie)).toMatchObject({ status: 200, text: "file /admin/index.html" });
    expect(await ask(broker, "/admin/login", cookie)).toMatchObject({ status: 302, location: "/admin/" });
    expect(JSON.parse((await ask(broker, "/admin/api/info", cookie)).text)).toMatchObject({
      identity: "admin",
      is_admin: true,
      is_open_to_all: false,
    });
  });

  it("[AUTH6] have a session that no script reads, of this host alone, for eight hours", async () => {
    const broker = await guarded();
    const plain = await signIn(broker, "token-of-admin");
    expect(plain.setCookie).toMatch(/^nsq-edge-session=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=28800$/);
    const encrypted = await signIn(broker, "token-of-admin", { base: "https://broker" });
    expect(encrypted.setCookie).toMatch(
      /^__Host-nsq-edge-session=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=28800; Secure$/,
    );
    expect((await ask(broker, "/admin/api/info", plain.cookie, { base: "https://broker" })).status).toBe(401);
    const behindProxy = await signIn(broker, "token-of-admin", { headers: { "X-Scheme": "https" } });
    expect(behindProxy.setCookie).toMatch(/^__Host-nsq-edge-session=.*; Secure$/);
  });

  it.each([
    ["token-of-nobody", "/admin/login#wrong"],
    ["", "/admin/login#wrong"],
    ["token-of-producer", "/admin/login#forbidden"],
  ])("[AUTH6] are not for %j", async (token, location) => {
    const broker = await guarded();
    expect(await signIn(broker, token)).toMatchObject({ status: 303, location, setCookie: null });
    expect(broker.calls).toBe(0);
  });

  it("[AUTH6] need a key to sign sessions with", async () => {
    const answer = await signIn(await guarded({ "auth-secret": "" }), "token-of-admin");
    expect(answer).toMatchObject({ location: "/admin/login#disabled", setCookie: null });
  });

  it("[AUTH6] [AUTH12] take no form of another page, nor one without end", async () => {
    const broker = await guarded();
    expect((await signIn(broker, "token-of-admin", { headers: { "Sec-Fetch-Site": "cross-site" } })).status).toBe(403);
    expect(await signIn(broker, `${"x".repeat(20_000)}`)).toMatchObject({ location: "/admin/login#wrong" });
    const signOut = (headers: Record<string, string>) => broker.fetch("/admin/logout", { method: "POST", headers });
    expect((await signOut({ "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    const out = await signOut({});
    expect([out.status, out.headers.get("Location")]).toEqual([303, "/admin/login#signed-out"]);
    expect((await signOut({ "Cf-Access-Jwt-Assertion": "x" })).headers.get("Location")).toBe("/cdn-cgi/access/logout");
    expect(out.headers.get("Set-Cookie")).toMatch(/^nsq-edge-session=; .*Max-Age=0/);
  });

  it("[AUTH6] know a session that is over from none", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    const broker = await guarded({ "auth-session-ttl": "5m" });
    const { cookie } = await signIn(broker, "token-of-reader");
    vi.setSystemTime(NOW + 5 * 60_000 - 1);
    expect((await ask(broker, "/admin/api/info", cookie)).status).toBe(200);
    vi.setSystemTime(NOW + 5 * 60_000);
    expect((await ask(broker, "/admin/api/info", cookie)).status).toBe(401);
    expect(await ask(broker, "/admin/", cookie)).toMatchObject({ status: 303, location: "/admin/login#expired" });
  });

  it("[AUTH6] have no session that outlives its token, or its revocation", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    const broker = await guarded();
    expect((await signIn(broker, "token-of-short")).setCookie).toContain("Max-Age=60");
    const { cookie } = await signIn(broker, "token-of-reader");
    expect((await ask(await guarded({ "auth-revoked": "reader" }), "/admin/api/info", cookie)).status).toBe(401);
    const without = await authTokens({ admin: BEARERS.admin });
    expect((await ask(await guarded({ "auth-tokens": without }), "/admin/api/info", cookie)).status).toBe(401);
    expect((await ask(broker, "/admin/api/info", cookie)).status).toBe(200);
  });

  it("[AUTH6] open with a session, and no other door does", async () => {
    const broker = await guarded();
    const { cookie } = await signIn(broker, "token-of-admin");
    expect((await ask(broker, "/stats", cookie)).status).toBe(401);
    expect((await ask(broker, "/pub?topic=t", cookie, { method: "POST", body: "x" })).status).toBe(401);
    const [, session = ""] = cookie.split("=");
    expect(await broker.status("GET", "/stats", session)).toBe(401);
    expect(await broker.status("GET", "/admin/api/info", session)).toBe(401);
    expect((await ask(broker, "/auth/token", cookie, { method: "POST", body: "{}" })).status).toBe(401);
  });

  it("[AUTH6] [ADM4] with a session act only for a page of their own", async () => {
    const broker = await guarded();
    const { cookie } = await signIn(broker, "token-of-admin");
    const create = (headers: Record<string, string>) =>
      ask(broker, "/admin/api/topics", cookie, { method: "POST", body: '{"topic":"t"}', headers });
    expect((await create({ "Sec-Fetch-Site": "cross-site" })).status).toBe(403);
    expect((await create({ Origin: "https://mallory.example" })).status).toBe(403);
    expect((await create({ Origin: "http://broker", "Sec-Fetch-Site": "same-origin" })).status).toBe(200);
  });

  it("[AUTH6] let a reader look, and do nothing; the audit trail has the name that is known", async () => {
    const broker = await guarded();
    const reader = await signIn(broker, "token-of-reader");
    const admin = await signIn(broker, "token-of-admin");
    const create = (cookie: string) =>
      ask(broker, "/admin/api/topics", cookie, { method: "POST", body: '{"topic":"t"}' });
    expect([(await create(reader.cookie)).status, (await create(admin.cookie)).status]).toEqual([403, 200]);
    expect(JSON.parse((await ask(broker, "/admin/api/info", reader.cookie)).text)).toMatchObject({ is_admin: false });
    const { entries } = JSON.parse((await ask(broker, "/admin/api/audit", reader.cookie)).text) as {
      entries: object[];
    };
    expect(entries).toMatchObject([{ user: "admin", action: "create_topic" }]);
  });

  it("[AUTH6] of an open broker need no signing in, and warn where it is not on one's own machine", async () => {
    const broker = new GuardedBroker({ open: "true", ASSETS });
    expect(await ask(broker, "/admin/login", "")).toMatchObject({ status: 302, location: "/admin/" });
    expect((await ask(broker, "/admin/", "")).status).toBe(200);
    const warns = async (base: string) =>
      JSON.parse((await ask(broker, "/admin/api/info", "", { base })).text).is_open_to_all;
    expect([
      await warns("https://nsq.example"),
      await warns("http://127.0.0.1:4151"),
      await warns("http://localhost"),
    ]).toEqual([true, false, false]);
  });

  it("[AUTH6] tell caches to keep nothing of what they show", async () => {
    const broker = await guarded();
    const { cookie } = await signIn(broker, "token-of-admin");
    for (const path of ["/admin/api/info", "/admin/api/audit"]) {
      const { headers } = await broker.fetch(path, { headers: { Cookie: cookie } });
      expect([headers.get("Cache-Control"), headers.get("X-Content-Type-Options")]).toEqual(["no-store", "nosniff"]);
    }
  });
});

describe("a broker that nobody configured", () => {
  it.each(["/admin/", "/admin/login", "/admin/api/info", "/auth/token", "/"])(
    "[AUTH9] has no pages: %s",
    async (path) => {
      const response = await new GuardedBroker({ ASSETS }).fetch(path, { headers: { Accept: "text/html" } });
      expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("`auth-tokens`")]);
    },
  );

  it.each([{ "auth-tokens": "[]" }, { "auth-secret": AUTH_SECRET }])(
    "[AUTH9] is not opened by `open` when its list of tokens is empty, or only a key is there: %j",
    async (settings) => {
      expect(await new GuardedBroker({ open: "true", ...settings }).status("GET", "/info", null)).toBe(403);
    },
  );

  it("[AUTH9] is not opened by `open` as soon as it knows somebody", async () => {
    const broker = await guarded({ open: "true" });
    expect([await broker.status("GET", "/info", null), await broker.status("GET", "/info", "token-of-admin")]).toEqual([
      401, 200,
    ]);
  });
});
