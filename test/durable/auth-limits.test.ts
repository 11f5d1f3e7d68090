import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { topicStub } from "./broker-api.ts";
import { AUTH_SECRET, authTokens, GuardedBroker } from "./guarded-broker.ts";
import { V2Client } from "./v2-client.ts";

const ALICE = {
  token: "token-of-alice",
  authorizations: [{ topic: ".*", channels: [".*"], permissions: ["publish", "subscribe", "admin"] as const }],
};
const MALLORY = { "CF-Connecting-IP": "192.0.2.66" };
const BEARER = { Authorization: `Bearer ${ALICE.token}` };

/** A limit as Cloudflare's: so many for each key. */
class Limit {
  readonly taken: string[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  async limit({ key }: { key: string }): Promise<{ success: boolean }> {
    this.taken.push(key);
    return { success: this.taken.filter((each) => each === key).length <= this.#most };
  }
}

let tokens: string;

beforeEach(async () => {
  tokens = await authTokens({ alice: ALICE });
});

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const guarded = (limits: Record<string, Limit>) => new GuardedBroker({ "auth-tokens": tokens, ...limits });

async function upgrade(broker: GuardedBroker, path: string, headers: Record<string, string>): Promise<number> {
  const { status, webSocket } = await broker.fetch(path, { headers: { Upgrade: "websocket", ...headers } });
  webSocket?.accept();
  webSocket?.close();
  return status;
}

describe("connections", () => {
  it.each(["/v2", "/v2?topic=t", "/v2?topic=t&channel=c", "/v1"])(
    "[AUTH11] are limited by address: %s",
    async (path) => {
      const CONNECTION_LIMIT = new Limit(2);
      const broker = guarded({ CONNECTION_LIMIT });
      const statuses = [];
      for (let i = 0; i < 3; i++) statuses.push(await upgrade(broker, path, { ...BEARER, ...MALLORY }));
      expect(statuses).toEqual([101, 101, 429]);
      expect(CONNECTION_LIMIT.taken).toContain("address 192.0.2.66");
    },
  );

  it("[AUTH11] are limited by identity, from whatever address", async () => {
    const broker = guarded({ CONNECTION_LIMIT: new Limit(2) });
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push(await upgrade(broker, "/v2?topic=t", { ...BEARER, "CF-Connecting-IP": `192.0.2.${i}` }));
    }
    expect(statuses).toEqual([101, 101, 429]);
  });

  it("[AUTH11] are limited by identity also when that is said in AUTH", async () => {
    const broker = guarded({ CONNECTION_LIMIT: new Limit(1) });
    const answers = [];
    for (let i = 0; i < 2; i++) {
      const headers = { Upgrade: "websocket", "CF-Connecting-IP": `192.0.2.${i}` };
      const client = await V2Client.on(await broker.fetch("/v2", { headers }));
      client.send("AUTH", ALICE.token);
      answers.push(await client.next());
      client.close();
    }
    expect(answers).toMatchObject([
      { response: expect.stringContaining("alice") },
      { error: "E_AUTH_FAILED AUTH failed" },
    ]);
  });
});

describe("topics and channels that may be new", () => {
  const pub = (broker: GuardedBroker, topic: string) => broker.status("POST", `/pub?topic=${topic}`, ALICE.token, "x");

  it("[AUTH11] are limited by identity over HTTP, and those that are in use are not", async () => {
    const CREATION_LIMIT = new Limit(2);
    const broker = guarded({ CREATION_LIMIT });
    expect([await pub(broker, "a"), await pub(broker, "b"), await pub(broker, "c")]).toEqual([200, 200, 429]);
    expect([await pub(broker, "a"), await pub(broker, "b"), await pub(broker, "a")]).toEqual([200, 200, 200]);
    expect(await broker.status("POST", "/channel/create?topic=a&channel=x", ALICE.token)).toBe(429);
    expect(await broker.status("POST", "/topic/create?topic=d", ALICE.token)).toBe(429);
    expect(await broker.status("POST", "/admin/api/topics", ALICE.token, '{"topic":"d"}')).toBe(429);
    expect(await broker.status("POST", "/admin/api/message/d", ALICE.token, "x")).toBe(429);
    expect(new Set(CREATION_LIMIT.taken)).toEqual(new Set(["identity alice"]));
  });

  it("[AUTH11] wake nothing beyond the limit", async () => {
    const broker = guarded({ CREATION_LIMIT: new Limit(0) });
    expect([await pub(broker, "a"), await upgrade(broker, "/v2?topic=a&channel=b", BEARER)]).toEqual([429, 429]);
    expect(broker.calls).toBe(0);
  });

  it("[AUTH11] over a connection end it beyond the limit, with an error", async () => {
    const broker = guarded({ CREATION_LIMIT: new Limit(1) });
    const connect = async () =>
      V2Client.on(await broker.fetch("/v2", { headers: { Upgrade: "websocket", ...BEARER } }));
    const producer = await connect();
    producer.send("PUB a", "x");
    expect(await producer.next()).toEqual({ response: "OK" });
    producer.send("PUB b", "x");
    expect(await producer.next()).toEqual({ error: "E_PUB_FAILED PUB failed too many new topics and channels" });
    expect(await producer.next()).toEqual({ closed: 1000 });
    const consumer = await connect();
    consumer.send("SUB a c");
    expect(await consumer.next()).toEqual({ error: "E_SUB_FAILED SUB failed too many new topics and channels" });
    expect(await consumer.next()).toEqual({ closed: 1000 });
  });

  it("[AUTH11] over a connection are limited also when a publish is refused, which makes its topic in NSQ", async () => {
    const broker = guarded({ CREATION_LIMIT: new Limit(1) });
    const connect = async () =>
      V2Client.on(await broker.fetch("/v2", { headers: { Upgrade: "websocket", ...BEARER } }));
    for (const topic of ["a", "b"]) {
      const client = await connect();
      client.send(`MPUB ${topic}`, "x");
      expect(await client.next()).toMatchObject({ error: expect.stringContaining("E_BAD_BODY") });
    }
    const exists = async (topic: string) => (await topicStub(topic).stats(null, false)) !== null;
    await vi.waitFor(async () => expect(await exists("a")).toBe(true));
    expect(await exists("b")).toBe(false);
  });

  it("[AUTH11] are not counted when they are none", async () => {
    const CREATION_LIMIT = new Limit(1);
    const broker = guarded({ CREATION_LIMIT });
    for (const topic of ["$", "x".repeat(65), ""]) expect(await pub(broker, topic)).toBe(400);
    expect(CREATION_LIMIT.taken).toEqual([]);
    expect(await pub(broker, "a")).toBe(200);
  });

  it("[AUTH11] count for the maker of a token, however many he mints", async () => {
    const broker = new GuardedBroker({
      "auth-tokens": tokens,
      "auth-secret": AUTH_SECRET,
      CREATION_LIMIT: new Limit(1),
    });
    const statuses = [];
    for (const identity of ["one", "two"]) {
      const body = JSON.stringify({ authorizations: ALICE.authorizations, identity });
      const minted = await broker.fetch("/auth/token", { method: "POST", headers: BEARER, body });
      const { token } = (await minted.json()) as { token: string };
      statuses.push(await broker.status("POST", `/pub?topic=${identity}`, token, "x"));
    }
    expect(statuses).toEqual([200, 429]);
  });

  it("[AUTH11] of an open broker are limited by address", async () => {
    const CREATION_LIMIT = new Limit(1);
    const broker = new GuardedBroker({ open: "true", CREATION_LIMIT });
    const publish = async (topic: string, headers: Record<string, string>) =>
      (await broker.fetch(`/pub?topic=${topic}`, { method: "POST", body: "x", headers })).status;
    expect([await publish("a", MALLORY), await publish("b", MALLORY), await publish("a", MALLORY)]).toEqual([
      200, 429, 200,
    ]);
    expect(await publish("b", { "CF-Connecting-IP": "192.0.2.1" })).toBe(200);
  });
});

describe("failed attempts", () => {
  it("[AUTH11] end in not being listened to for a minute, by address", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const FAILURE_LIMIT = new Limit(3);
    const broker = guarded({ FAILURE_LIMIT });
    const ask = async (token: string, headers: Record<string, string>) =>
      (await broker.fetch("/info", { headers: { Authorization: `Bearer ${token}`, ...headers } })).status;
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push(await ask(`guess-${i}`, MALLORY));
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    // Nothing that he says counts then, be it right; others do not notice.
    expect([await ask(ALICE.token, MALLORY), await ask(ALICE.token, { "CF-Connecting-IP": "192.0.2.1" })]).toEqual([
      429, 200,
    ]);
    expect(FAILURE_LIMIT.taken).toHaveLength(4);
    vi.setSystemTime(Date.now() + 60_000);
    expect(await ask(ALICE.token, MALLORY)).toBe(200);
  });

  it("[AUTH11] count in AUTH as they do over HTTP", async () => {
    const broker = guarded({ FAILURE_LIMIT: new Limit(0) });
    const client = await V2Client.on(await broker.fetch("/v2", { headers: { Upgrade: "websocket", ...MALLORY } }));
    client.send("AUTH", "guess");
    expect(await client.next()).toEqual({ error: "E_AUTH_FAILED AUTH failed" });
    expect((await broker.fetch("/info", { headers: { ...BEARER, ...MALLORY } })).status).toBe(429);
  });

  it("[AUTH11] and all else are not too much while nobody can count them", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = { limit: () => Promise.reject(new Error("down")) } as unknown as Limit;
    const broker = guarded({ FAILURE_LIMIT: broken, CONNECTION_LIMIT: broken, CREATION_LIMIT: broken });
    expect(await upgrade(broker, "/v2?topic=t", BEARER)).toBe(101);
    expect(await broker.status("GET", "/info", "guess")).toBe(401);
    expect(logged).toHaveBeenCalled();
    logged.mockRestore();
  });

  it("[AUTH11] say how long to wait", async () => {
    const broker = guarded({ FAILURE_LIMIT: new Limit(0) });
    const ask = () => broker.fetch("/info", { headers: { Authorization: "Bearer guess" } });
    await ask();
    const { status, headers } = await ask();
    expect([status, headers.get("Retry-After")]).toEqual([429, "60"]);
  });
});
