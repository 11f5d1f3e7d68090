import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { authTokens, GuardedBroker } from "./guarded-broker.ts";

const READER = {
  token: "token-of-reader",
  authorizations: [{ topic: ".*", channels: [".*"], permissions: ["read"] as const }],
};
const PAGE = "https://shop.example";

const guarded = async (settings: Record<string, string> = {}) =>
  new GuardedBroker({ "auth-tokens": await authTokens({ reader: READER }), ...settings });

const preflight = (origin: string) => ({
  method: "OPTIONS",
  headers: {
    Origin: origin,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
  },
});

afterEach(() => reset());

describe("a page of another origin", () => {
  it.each([
    ["GET", "/stats", {}],
    ["GET", "/ping", {}],
    ["POST", "/pub?topic=t", {}],
    ["GET", "/v2", { Upgrade: "websocket" }],
    ["GET", "/v2?topic=t&channel=c", { Upgrade: "websocket" }],
    ["GET", "/v1", { Upgrade: "websocket" }],
    ["GET", "/admin/", {}],
    ["POST", "/admin/login", {}],
    ["OPTIONS", "/stats", { "Access-Control-Request-Method": "GET" }],
  ])("[AUTH10] may not call where it is not named: %s %s", async (method, path, headers) => {
    for (const broker of [
      await guarded(),
      await guarded({ "allowed-origins": "https://other.example" }),
      new GuardedBroker({ open: "true" }),
    ]) {
      const call = { method, headers: { ...headers, Origin: PAGE, Authorization: `Bearer ${READER.token}` } };
      const response = await broker.fetch(path, call);
      expect([response.status, response.headers.get("Access-Control-Allow-Origin"), broker.calls]).toEqual([
        403,
        null,
        0,
      ]);
    }
  });

  it("[AUTH10] may where it is named, and read the answer", async () => {
    const broker = await guarded({ "allowed-origins": `https://other.example, ${PAGE}` });
    const asked = await broker.fetch("/stats", preflight(PAGE));
    expect([asked.status, asked.headers.get("Access-Control-Allow-Origin")]).toEqual([204, PAGE]);
    expect(asked.headers.get("Access-Control-Allow-Headers")).toContain("Authorization");
    expect(asked.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    const headers = { Origin: PAGE, Authorization: `Bearer ${READER.token}` };
    const answered = await broker.fetch("/stats", { headers });
    expect([
      answered.status,
      answered.headers.get("Access-Control-Allow-Origin"),
      answered.headers.get("Vary"),
    ]).toEqual([200, PAGE, "Origin"]);
    const refused = await broker.fetch("/stats", { headers: { Origin: PAGE } });
    expect([refused.status, refused.headers.get("Access-Control-Allow-Origin")]).toEqual([401, PAGE]);
  });

  it("[AUTH10] may open a WebSocket where it is named", async () => {
    const broker = await guarded({ "allowed-origins": PAGE });
    const { status, webSocket } = await broker.fetch("/v2", { headers: { Origin: PAGE, Upgrade: "websocket" } });
    webSocket?.accept();
    webSocket?.close();
    expect(status).toBe(101);
  });

  it.each([
    ["https://shop.example.mallory.example", false],
    ["http://shop.example", false],
    ["https://shop.example:8443", false],
    ["null", false],
    ["http://broker", true],
  ])("[AUTH10] is told from one that is named, and from the broker itself: %s", async (origin, isLetIn) => {
    const broker = await guarded({ "allowed-origins": PAGE });
    const headers = { Origin: origin, Authorization: `Bearer ${READER.token}` };
    expect((await broker.fetch("/stats", { headers })).status).toBe(isLetIn ? 200 : 403);
  });

  it.each([
    ["http://127.0.0.1:4151", "http://localhost:8080", 200],
    ["http://localhost:4151", "http://127.0.0.1:3000", 200],
    ["http://[::1]:4151", "http://localhost", 200],
    ["http://127.0.0.1:4151", "https://mallory.example", 403],
    ["http://127.0.0.1:4151", "http://localhost.mallory.example", 403],
    ["http://broker.example", "http://localhost:8080", 403],
  ])("[AUTH10] on the machine of a broker is its user's own: %s called by %s", async (base, origin, status) => {
    const broker = new GuardedBroker({ open: "true" });
    expect((await broker.fetch("/ping", { base, headers: { Origin: origin } })).status).toBe(status);
  });

  it("[AUTH10] that asks what it may do is answered as nsqd does, if it is no browser's question", async () => {
    const broker = new GuardedBroker({ open: "true", "allowed-origins": PAGE });
    const response = await broker.fetch("/pub", { method: "OPTIONS", headers: { Origin: PAGE } });
    expect([response.status, response.headers.get("Allow")]).toEqual([200, "OPTIONS, POST"]);
  });
});
