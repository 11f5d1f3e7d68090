import { reset } from "cloudflare:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AUTH_SECRET, GuardedBroker } from "./guarded-broker.ts";

const NOW = 1_800_000_000;
const PUBLISH_T = [{ topic: "t", channels: [".*"], permissions: ["publish"] }];
const CLAIMS = { sub: "alice", aud: "orders", iss: "https://id", exp: NOW + 600, authorizations: PUBLISH_T };
const SECRET = new TextEncoder().encode(AUTH_SECRET);
const HS256 = { "auth-jwt-secret": AUTH_SECRET, "auth-jwt-audience": "orders" };
const JWKS_URL = "https://id.example/keys";
const JWKS = { "auth-jwks-url": JWKS_URL, "auth-jwt-audience": "orders" };

type Key = Parameters<SignJWT["sign"]>[0];

function signed(
  changes: Record<string, unknown> = {},
  key: Key = SECRET,
  alg = "HS256",
  kid?: string,
): Promise<string> {
  const header = { alg, ...(kid !== undefined && { kid }) };
  return new SignJWT({ ...CLAIMS, ...changes }).setProtectedHeader(header).sign(key);
}

const pub = (broker: GuardedBroker, token: string, topic = "t") =>
  broker.status("POST", `/pub?topic=${topic}`, token, "x");

function at(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: seconds * 1000 });
}

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

describe("a JWT with a shared secret", () => {
  it("[AUTH5] lets its bearer do what its claim says", async () => {
    at(NOW);
    const broker = new GuardedBroker(HS256);
    const token = await signed();
    expect([await pub(broker, token), await pub(broker, token, "u")]).toEqual([200, 403]);
    const other = new GuardedBroker({ ...HS256, "auth-jwt-claim": "https://nsq/authorizations" });
    expect(await pub(other, await signed({ "https://nsq/authorizations": PUBLISH_T, authorizations: [] }))).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    ["another audience", { aud: "else" }],
    ["no audience", { aud: undefined }],
    ["no expiry", { exp: undefined }],
    ["an expiry before the skew", { exp: NOW - 30 }],
    ["a beginning after the skew", { nbf: NOW + 31 }],
    ["no claim", { authorizations: undefined }],
    ["a claim that is no list", { authorizations: "all" }],
    ["a claim with an entry that is not valid", { authorizations: [...PUBLISH_T, { topic: "t" }] }],
  ])("[AUTH5] is nobody's with %s", async (_, changes) => {
    at(NOW);
    expect(await pub(new GuardedBroker(HS256), await signed(changes))).toBe(401);
  });

  it("[AUTH5] holds as long as clocks may differ, and its audience may be one of several", async () => {
    at(NOW);
    expect(
      await pub(new GuardedBroker(HS256), await signed({ exp: NOW - 29, nbf: NOW + 29, aud: ["x", "orders"] })),
    ).toBe(200);
    expect(await pub(new GuardedBroker({ ...HS256, "auth-clock-skew": "0" }), await signed({ exp: NOW - 1 }))).toBe(
      401,
    );
  });

  it("[AUTH5] has the issuer that the option says, if it says any", async () => {
    at(NOW);
    const strict = new GuardedBroker({ ...HS256, "auth-jwt-issuer": "https://id" });
    expect([await pub(strict, await signed()), await pub(strict, await signed({ iss: "https://other" }))]).toEqual([
      200, 401,
    ]);
    expect(await pub(new GuardedBroker(HS256), await signed({ iss: "https://other" }))).toBe(200);
  });

  it("[AUTH5] is signed with that secret and that algorithm", async () => {
    at(NOW);
    const broker = new GuardedBroker(HS256);
    const other = new TextEncoder().encode("another secret that has forty letters, too");
    expect(await pub(broker, await signed({}, other))).toBe(401);
    expect(await pub(broker, await signed({}, SECRET, "HS384"))).toBe(401);
    const unsigned = [{ alg: "none" }, CLAIMS].map((each) => btoa(JSON.stringify(each)).replaceAll("=", "")).join(".");
    expect([await pub(broker, `${unsigned}.`), await pub(broker, unsigned)]).toEqual([401, 401]);
  });

  it("[AUTH5] that is remembered ends all the same when it expires", async () => {
    at(NOW);
    const broker = new GuardedBroker(HS256);
    const token = await signed({ exp: NOW + 20 });
    expect(await pub(broker, token)).toBe(200);
    vi.setSystemTime((NOW + 49) * 1000);
    expect(await pub(broker, token)).toBe(200);
    vi.setSystemTime((NOW + 50) * 1000);
    expect(await pub(broker, token)).toBe(401);
  });

  it("[AUTH5] can be revoked by its id", async () => {
    at(NOW);
    const revoking = new GuardedBroker({ ...HS256, "auth-revoked": "j1" });
    expect(await pub(revoking, await signed({ jti: "j1" }))).toBe(401);
    expect(await pub(revoking, await signed({ jti: "j2" }))).toBe(200);
  });

  it("[AUTH5] may have a subject that is no name", async () => {
    at(NOW);
    const broker = new GuardedBroker(HS256);
    expect(await pub(broker, await signed({ sub: 5, jti: {} }))).toBe(200);
    const everything = [{ topic: ".*", channels: [".*"], permissions: ["admin"] }];
    const headers = {
      Authorization: `Bearer ${await signed({ sub: undefined, authorizations: everything })}`,
      "Cf-Access-Authenticated-User-Email": "mallory",
    };
    const info = await broker.fetch("/admin/api/info", { headers });
    expect(await info.json()).toMatchObject({ identity: "unnamed", is_admin: true });
  });

  it("[AUTH12] is not signed with what the broker signs with itself", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    expect((await new GuardedBroker({ ...HS256, "auth-secret": AUTH_SECRET }).fetch("/ping")).status).toBe(500);
    expect(logged.mock.calls.flat().map(String).join()).toContain("--auth-jwt-secret are the same");
  });

  it("[AUTH5] must name for whom it is: without an audience the broker does not start", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    expect((await new GuardedBroker({ "auth-jwt-secret": AUTH_SECRET }).fetch("/ping")).status).toBe(500);
    expect(logged.mock.calls.flat().map(String).join()).toContain("--auth-jwt-audience");
  });
});

describe("a JWT with the keys of a URL", () => {
  /** Serves the public halves of some keys, as long as it is `up`. */
  async function keyServer(...kids: string[]) {
    const pairs = new Map<string, CryptoKey>();
    const keys: object[] = [];
    for (const kid of kids) {
      const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
      pairs.set(kid, privateKey);
      keys.push({ ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" });
    }
    const server = {
      isUp: true,
      shown: keys,
      asked: 0,
      sign: (kid: string) => signed({}, pairs.get(kid) as CryptoKey, "ES256", kid),
    };
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      if (String(input instanceof Request ? input.url : input) !== JWKS_URL) throw new Error(`who asks for ${input}?`);
      server.asked++;
      if (!server.isUp) throw new TypeError("network connection lost");
      return Response.json({ keys: server.shown });
    });
    return server;
  }

  it("[AUTH5] holds, and the keys are fetched once for many", async () => {
    at(NOW);
    const server = await keyServer("k1", "k2");
    const broker = new GuardedBroker(JWKS);
    const tokens = [await server.sign("k1"), await server.sign("k2")];
    for (const token of [...tokens, ...tokens]) expect(await pub(broker, token)).toBe(200);
    expect(server.asked).toBe(1);
  });

  it("[AUTH5] signed by a key that is not there is nobody's, and so is one that took the public key for a secret", async () => {
    at(NOW);
    const server = await keyServer("k1", "k2");
    const [first] = server.shown;
    server.shown = [first as object];
    const broker = new GuardedBroker(JWKS);
    expect([await pub(broker, await server.sign("k1")), await pub(broker, await server.sign("k2"))]).toEqual([
      200, 401,
    ]);
    const publicKey = new TextEncoder().encode(JSON.stringify(first));
    expect(await pub(broker, await signed({}, publicKey, "HS256", "k1"))).toBe(401);
  });

  it("[AUTH5] cannot be looked at while the keys cannot be had: 503, and nothing of the cause", async () => {
    at(NOW);
    const server = await keyServer("k1");
    server.isUp = false;
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const broker = new GuardedBroker(JWKS);
    const token = await server.sign("k1");
    const response = await broker.fetch("/stats", { headers: { Authorization: `Bearer ${token}` } });
    expect([response.status, await response.text()]).toEqual([503, '{"message":"AUTH_UNAVAILABLE"}']);
    expect(logged.mock.calls.flat().join()).not.toContain(token);
    expect(await broker.status("GET", "/stats", "not-even-a-jwt")).toBe(401);
    server.isUp = true;
    const shown = server.shown;
    server.shown = undefined as never; // an answer without keys
    expect(await pub(broker, token)).toBe(503);
    server.shown = shown;
    expect(await pub(broker, token)).toBe(200);
  });
});

describe("Cloudflare Access", () => {
  const TEAM = "https://team.cloudflareaccess.com";
  const ACCESS = { "auth-access-team": TEAM, "auth-access-audience": "tag" };

  async function access() {
    const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
    const keys = [{ ...(await exportJWK(publicKey)), kid: "k", alg: "RS256" }];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      if (String(input instanceof Request ? input.url : input) !== `${TEAM}/cdn-cgi/access/certs`)
        throw new Error("wrong URL");
      return Response.json({ keys });
    });
    return (claims: JWTPayload) =>
      new SignJWT({ aud: ["tag"], iss: TEAM, exp: NOW + 60, ...claims })
        .setProtectedHeader({ alg: "RS256", kid: "k" })
        .sign(privateKey);
  }

  async function info(broker: GuardedBroker, assertion: string, path = "/admin/api/info") {
    const response = await broker.fetch(path, { headers: { "Cf-Access-Jwt-Assertion": assertion } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it("[AUTH6] lets in to the pages whom it has let in, by his address, and to nothing else", async () => {
    at(NOW);
    const sign = await access();
    const broker = new GuardedBroker(ACCESS);
    const assertion = await sign({ email: "a@example.com" });
    expect(await info(broker, assertion)).toMatchObject({
      status: 200,
      body: { identity: "a@example.com", is_admin: true },
    });
    expect((await info(broker, await sign({ common_name: "program" }))).body).toMatchObject({ identity: "program" });
    expect((await info(broker, assertion, "/stats")).status).toBe(401);
  });

  it("[AUTH6] with admin-user lets everybody else look only, as nsqadmin does", async () => {
    at(NOW);
    const sign = await access();
    const broker = new GuardedBroker({ ...ACCESS, "admin-user": "boss@example.com, b@example.com" });
    expect((await info(broker, await sign({ email: "b@example.com" }))).body).toMatchObject({ is_admin: true });
    expect((await info(broker, await sign({ email: "c@example.com" }))).body).toMatchObject({ is_admin: false });
    const headers = { "Cf-Access-Jwt-Assertion": await sign({ email: "c@example.com" }) };
    const body = JSON.stringify({ topic: "t" });
    expect((await broker.fetch("/admin/api/topics", { method: "POST", headers, body })).status).toBe(403);
  });

  it.each<[string, JWTPayload]>([
    ["another audience", { aud: ["other"] }],
    ["another team", { iss: "https://other.cloudflareaccess.com" }],
    ["an end that is over", { exp: NOW - 31 }],
    ["nobody in it", { email: undefined }],
  ])("[AUTH6] vouches for nobody with %s", async (_, claims) => {
    at(NOW);
    const sign = await access();
    expect((await info(new GuardedBroker(ACCESS), await sign({ email: "a@example.com", ...claims }))).status).toBe(401);
  });

  it("[AUTH6] is trusted only where it is configured", async () => {
    at(NOW);
    const sign = await access();
    expect((await info(new GuardedBroker(HS256), await sign({ email: "a@example.com" }))).status).toBe(401);
  });
});
