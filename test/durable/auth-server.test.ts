import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AuthServer } from "../../src/auth/auth-server.ts";
import { GuardedBroker } from "./guarded-broker.ts";

const NOW = 1_800_000_000_000;
const PEER = { remoteIp: "192.0.2.7", isTls: true };
const ENTRY = { topic: "^t", channels: [".*"], permissions: ["publish", "subscribe"] };
const ANSWER = { ttl: 60, identity: "alice", identity_url: "https://alice", authorizations: [ENTRY] };

interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Has all servers answer as `answer` says; null for one that is down. */
function servers(answer: (url: URL) => Response | object | null): Asked[] {
  const asked: Asked[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as string, init as RequestInit);
    const headers = Object.fromEntries(request.headers);
    asked.push({ url: request.url, method: request.method, headers, body: await request.text() });
    const answered = answer(new URL(request.url));
    if (answered === null) throw new TypeError("network connection lost");
    return answered instanceof Response ? answered : Response.json(answered);
  });
  return asked;
}

function serverOf(addresses: readonly string[], method = "get") {
  const options = { authHttpAddress: addresses, authHttpRequestMethod: method, httpClientRequestTimeout: 1_000 };
  return new AuthServer(options);
}

const ask = (server: AuthServer, secret = "s") => server.authenticate(secret, PEER, NOW);

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

describe("an auth server", () => {
  it("[AUTH4] is asked as nsqd asks it, with GET", async () => {
    const asked = servers(() => ANSWER);
    await ask(serverOf(["auth.example:4180"]), "s&e cret");
    expect(asked).toMatchObject([
      {
        url: "http://auth.example:4180/auth?common_name=&remote_ip=192.0.2.7&secret=s%26e+cret&tls=true",
        method: "GET",
        headers: { accept: "application/vnd.nsq; version=1.0" },
      },
    ]);
  });

  it("[AUTH4] is asked as nsqd asks it, with POST, at a whole URL", async () => {
    const asked = servers(() => ANSWER);
    await ask(serverOf(["https://auth.example/check"], "post"));
    expect(asked).toMatchObject([
      {
        url: "https://auth.example/check",
        method: "POST",
        headers: { accept: "application/vnd.nsq; version=1.0", "content-type": "application/json" },
        body: '{"common_name":[""],"remote_ip":["192.0.2.7"],"secret":["s"],"tls":["true"]}',
      },
    ]);
  });

  it("[AUTH4] says who somebody is, what he may do, and for how long that is known", async () => {
    servers(() => ANSWER);
    const identity = await ask(serverOf(["a:1"]));
    expect(identity).toMatchObject({
      name: "alice",
      url: "https://alice",
      checkedUntil: NOW + 60_000,
      endsAt: Number.POSITIVE_INFINITY,
    });
  });

  it.each([
    ["no ttl", { ...ANSWER, ttl: undefined }],
    ["a ttl of 0", { ...ANSWER, ttl: 0 }],
    ["a ttl that is no whole number", { ...ANSWER, ttl: 1.5 }],
    ["a ttl that is no number", { ...ANSWER, ttl: "60" }],
    ["a permission that there is not", { ...ANSWER, authorizations: [{ ...ENTRY, permissions: ["root"] }] }],
    ["a topic that is no pattern", { ...ANSWER, authorizations: [{ ...ENTRY, topic: "(" }] }],
    ["a channel that is no pattern", { ...ANSWER, authorizations: [{ ...ENTRY, channels: ["("] }] }],
    ["an identity that is no text", { ...ANSWER, identity: 5 }],
    ["authorizations that are no list", { ...ANSWER, authorizations: {} }],
    ["no object", [ANSWER]],
    ["no JSON", new Response("<html>")],
    ["too long an answer", new Response("x".repeat(300_000))],
    ["another status", Response.json(ANSWER, { status: 500 })],
    ["a redirect", new Response(null, { status: 302, headers: { Location: "https://mallory.example" } })],
    ["nothing", null],
  ])("[AUTH4] that answers with %s could not be asked", async (_, answer) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const asked = servers(() => answer);
    expect(await ask(serverOf(["a:1"]), "hush")).toBe("unavailable");
    expect(asked).toHaveLength(1);
    expect(logged.mock.calls.flat().map(String).join()).not.toContain("hush");
  });

  it.each([401, 403])(
    "[AUTH4] that answers with %i knows nobody who has the secret, unless another does",
    async (status) => {
      const refusal = () => Response.json({ message: "no" }, { status });
      servers(refusal);
      expect(await ask(serverOf(["a:1"]))).toBe("unknown");
      vi.restoreAllMocks();
      servers(({ host }) => (host === "b:2" ? ANSWER : refusal()));
      for (let i = 0; i < 10; i++) expect(await ask(serverOf(["a:1", "b:2"]))).toMatchObject({ name: "alice" });
    },
  );

  it("[AUTH4] that is down is followed by the next, from any of them on", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const asked = servers(({ host }) => (host === "up:2" ? ANSWER : null));
    const random = vi.spyOn(Math, "random");
    for (const [from, hosts] of [
      [0, ["down:1", "up:2"]],
      [0.5, ["up:2"]],
      [0.9, ["down:3", "down:1", "up:2"]],
    ] as const) {
      random.mockReturnValue(from);
      asked.length = 0;
      expect(await ask(serverOf(["down:1", "up:2", "down:3"]))).toMatchObject({ name: "alice" });
      expect(asked.map(({ url }) => new URL(url).host)).toEqual(hosts);
    }
  });

  it("[AUTH4] that does not answer in time could not be asked", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(globalThis, "fetch").mockImplementation((_url, init) => {
      const { promise, reject } = Promise.withResolvers<Response>();
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      return promise;
    });
    const options = { authHttpAddress: ["a:1", "b:2"], authHttpRequestMethod: "get", httpClientRequestTimeout: 10 };
    expect(await ask(new AuthServer(options))).toBe("unavailable");
  });

  it("[AUTH4] that takes only https is asked so, as it says", async () => {
    const asked = servers(({ protocol }) =>
      protocol === "https:" ? ANSWER : Response.json({ message: "HTTPS_REQUIRED", https_port: 4181 }, { status: 403 }),
    );
    expect(await ask(serverOf(["a:4180"]))).toMatchObject({ name: "alice" });
    expect(asked.map(({ url }) => new URL(url).origin)).toEqual(["http://a:4180", "https://a:4181"]);
  });

  it("[AUTH4] has an address, or the broker does not start", () => {
    expect(() => serverOf(["http://"])).toThrow("--auth-http-address");
  });
});

describe("a broker with an auth server", () => {
  const GUARDED = { "auth-http-address": "auth.example:4180" };
  const pub = (broker: GuardedBroker, token: string, topic = "t") =>
    broker.status("POST", `/pub?topic=${topic}`, token, "x");

  it("[AUTH4] [AUTH2] lets in over HTTP, by patterns that match anywhere, and asks again when the ttl is over", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: NOW });
    const asked = servers(() => ({ ...ANSWER, ttl: 10 }));
    const broker = new GuardedBroker(GUARDED);
    expect([await pub(broker, "s"), await pub(broker, "s", "team"), await pub(broker, "s", "my-t")]).toEqual([
      200, 200, 403,
    ]);
    expect(asked).toHaveLength(1);
    vi.setSystemTime(NOW + 10_000);
    expect(await pub(broker, "s")).toBe(200);
    expect(asked).toHaveLength(2);
    expect(await pub(broker, "another")).toBe(200);
    expect(asked).toHaveLength(3);
  });

  it("[AUTH4] answers 503 while nobody can be asked, and says nothing of it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    servers(() => null);
    const broker = new GuardedBroker(GUARDED);
    const response = await broker.fetch("/stats", { headers: { Authorization: "Bearer s" } });
    expect([response.status, await response.text()]).toEqual([503, '{"message":"AUTH_UNAVAILABLE"}']);
    expect(broker.calls).toBe(0);
  });

  it("[AUTH4] knows who may do nothing, and lets him do nothing", async () => {
    servers(() => ({ ttl: 60, identity: "alice", authorizations: null }));
    expect(await pub(new GuardedBroker(GUARDED), "s")).toBe(403);
  });
});
