import { reset } from "cloudflare:test";
import fc from "fast-check";
import { decodeJwt, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Digest } from "../../src/auth/digest.ts";
import { StaticTokens } from "../../src/auth/static-tokens.ts";
import { AUTH_SECRET, authTokens, GuardedBroker, sha256 } from "./guarded-broker.ts";

const PUBLISH_T = { topic: "t", channels: [".*"], permissions: ["publish"] as const };
const SUBSCRIBE_T = { topic: "t", channels: ["c", "d"], permissions: ["subscribe"] as const };
/** Which the token would be too long for, if there are some. */
const LONG_ENTRY = { ...SUBSCRIBE_T, topic: "t|u|v|w|x|y|z".repeat(9) };
const READ_ALL = { topic: ".*", channels: [".*"], permissions: ["read"] as const };

const ALICE = { token: "token-of-alice", authorizations: [PUBLISH_T, SUBSCRIBE_T, READ_ALL] };

async function brokerOf(settings: Record<string, string> = {}, bearers = { alice: ALICE }) {
  return new GuardedBroker({ "auth-tokens": await authTokens(bearers), "auth-secret": AUTH_SECRET, ...settings });
}

interface Minted {
  readonly token: string;
  readonly identity: string;
  readonly expires_at: number;
}

async function mint(
  broker: GuardedBroker,
  token: string,
  body: object | string,
): Promise<{ status: number; body: Minted }> {
  const response = await broker.fetch("/auth/token", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function minted(broker: GuardedBroker, body: object, token = ALICE.token): Promise<Minted> {
  const answer = await mint(broker, token, body);
  if (answer.status !== 200) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer.body;
}

const pub = (broker: GuardedBroker, token: string, topic = "t") =>
  broker.status("POST", `/pub?topic=${topic}`, token, "x");
const stats = (broker: GuardedBroker, token: string) => broker.status("GET", "/stats", token);

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

describe("static tokens", () => {
  it("[AUTH3] several of one identity hold at once, so that one can replace the other", async () => {
    const sums = [await sha256("old"), (await sha256("new")).toUpperCase()];
    const entries = [{ identity: "a", sha256: sums, authorizations: [PUBLISH_T] }];
    const broker = new GuardedBroker({ "auth-tokens": JSON.stringify(entries) });
    expect([await pub(broker, "old"), await pub(broker, "new"), await pub(broker, "newer")]).toEqual([200, 200, 401]);
  });

  it("[AUTH3] hold until they expire", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2027-01-31T00:00:00Z") - 1 });
    const broker = await brokerOf({}, { alice: { ...ALICE, expires: "2027-01-31T00:00:00Z" } as typeof ALICE });
    expect(await pub(broker, ALICE.token)).toBe(200);
    vi.setSystemTime(Date.parse("2027-01-31T00:00:00Z"));
    expect(await pub(broker, ALICE.token)).toBe(401);
  });

  it("[AUTH3] are all compared with what came, in constant time, whichever it is", async () => {
    const bearers = Object.fromEntries(
      Array.from({ length: 7 }, (_, i) => [`b${i}`, { token: `token-${i}`, authorizations: [] }]),
    );
    const tokens = new StaticTokens(await authTokens(bearers));
    const compare = vi.spyOn(crypto.subtle, "timingSafeEqual");
    for (const token of ["token-0", "token-6", "nobody", ""]) {
      compare.mockClear();
      expect(tokens.find(await Digest.of(token), 0)?.name).toBe(/^token-(\d)$/.exec(token)?.[1]?.replace(/^/, "b"));
      expect(compare).toHaveBeenCalledTimes(7);
      // What is compared has one length, whatever came.
      for (const [a, b] of compare.mock.calls) expect([a.byteLength, b.byteLength]).toEqual([32, 32]);
    }
  });

  it.each([
    ["no JSON", "{"],
    ["no list", "{}"],
    ["an entry that is none", "[5]"],
    ["a key that there is not", '[{"identity":"a","token":"hush","authorizations":[]}]'],
    ["no identity", `[{"sha256":"${"a".repeat(64)}","authorizations":[]}]`],
    ["a sum that is none", '[{"identity":"a","sha256":"hush","authorizations":[]}]'],
    ["no authorizations", `[{"identity":"a","sha256":"${"a".repeat(64)}"}]`],
    [
      "a sum that stands there twice",
      `[${Array(2).fill(`{"identity":"a","sha256":"${"a".repeat(64)}","authorizations":[]}`)}]`,
    ],
    ["a time that is none", `[{"identity":"a","sha256":"${"a".repeat(64)}","authorizations":[],"expires":"hush"}]`],
  ])("[AUTH12] that are wrong are no reason to show them: %s", async (_, json) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const broker = new GuardedBroker({ "auth-tokens": json });
    const response = await broker.fetch("/ping");
    expect([response.status, await response.json()]).toEqual([500, { message: "INVALID_CONFIGURATION" }]);
    const log = logged.mock.calls.flat().map(String).join();
    expect(log).toContain("--auth-tokens");
    expect(log).not.toMatch(/hush|aaaa/);
  });
});

describe("a token that is minted", () => {
  const CHANNEL = {
    authorizations: [{ topic: "t", channels: ["c"], permissions: ["subscribe"] }],
    ttl: 600,
    identity: "tab",
  };
  const subscribe = async (broker: GuardedBroker, token: string, channel: string) => {
    const headers = { Upgrade: "websocket", Authorization: `Bearer ${token}` };
    const { status, webSocket } = await broker.fetch(`/v2?topic=t&channel=${channel}`, { headers });
    webSocket?.accept();
    webSocket?.close();
    return status;
  };

  it("[AUTH7] lets a browser consume from one channel for ten minutes", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const now = Math.floor(Date.now() / 1000);
    const broker = await brokerOf();
    const { token, identity, expires_at } = await minted(broker, CHANNEL);
    expect(identity).toBe("alice/tab");
    expect(expires_at - now).toBe(600);
    expect([await subscribe(broker, token, "c"), await subscribe(broker, token, "d")]).toEqual([101, 403]);
    expect([await pub(broker, token), await stats(broker, token)]).toEqual([403, 403]);
    vi.setSystemTime((now + 600) * 1000);
    expect(await subscribe(broker, token, "c")).toBe(401);
  });

  it("[AUTH7] allows nothing that its maker may not do, whatever it says", async () => {
    const broker = await brokerOf();
    const all = { topic: ".*", channels: [".*"], permissions: ["publish", "subscribe", "admin", "read"] };
    const { token } = await minted(broker, { authorizations: [all] });
    expect([await pub(broker, token), await pub(broker, token, "u")]).toEqual([200, 403]);
    expect([await subscribe(broker, token, "c"), await subscribe(broker, token, "e")]).toEqual([101, 403]);
    expect([await stats(broker, token), await broker.status("POST", "/topic/create?topic=t", token)]).toEqual([
      200, 403,
    ]);
  });

  it("[AUTH7] can mint in turn, and never for more", async () => {
    const broker = await brokerOf();
    const first = await minted(broker, { authorizations: [PUBLISH_T], ttl: 60, identity: "a" });
    const wide = {
      authorizations: [{ topic: ".*", channels: [".*"], permissions: ["publish", "read"] }],
      ttl: 3600,
      identity: "b",
    };
    const second = await minted(broker, wide, first.token);
    expect([second.identity, second.expires_at]).toEqual(["alice/a/b", first.expires_at]);
    expect([
      await pub(broker, second.token),
      await pub(broker, second.token, "u"),
      await stats(broker, second.token),
    ]).toEqual([200, 403, 403]);
  });

  it("[AUTH7] holds no longer than its maker, and than the option allows", async () => {
    const now = Math.floor(Date.now() / 1000);
    const expires = new Date((now + 30) * 1000).toISOString();
    const short = await brokerOf({}, { alice: { ...ALICE, expires } as typeof ALICE });
    expect((await minted(short, { ...CHANNEL, ttl: 600 })).expires_at).toBe(now + 30);
    const bound = await brokerOf({ "auth-max-token-ttl": "90s" });
    expect((await minted(bound, { ...CHANNEL, ttl: 600 })).expires_at - now).toBeLessThanOrEqual(91);
  });

  it("[AUTH7] is nobody's when its maker's token is gone, replaced, or revoked by name", async () => {
    const { token } = await minted(await brokerOf(), { authorizations: [PUBLISH_T], identity: "a" });
    expect(await pub(await brokerOf(), token)).toBe(200);
    const replaced = { alice: { ...ALICE, token: "another" } };
    expect(await pub(await brokerOf({}, replaced), token)).toBe(401);
    for (const name of ["alice", "alice/a", String(decodeJwt(token).jti)]) {
      expect([name, await pub(await brokerOf({ "auth-revoked": name }), token)]).toEqual([name, 401]);
    }
    expect(await pub(await brokerOf({ "auth-revoked": "alic, alice/b" }), token)).toBe(200);
    const less = { alice: { ...ALICE, authorizations: [READ_ALL] } };
    expect(await pub(await brokerOf({}, less as never), token)).toBe(403);
  });

  it("[AUTH7] is nobody's when a token that led to it is revoked by its id", async () => {
    const jwt = { "auth-jwt-secret": `another ${AUTH_SECRET}`, "auth-jwt-audience": "a" };
    const key = new TextEncoder().encode(jwt["auth-jwt-secret"]);
    const exp = Math.floor(Date.now() / 1000) + 600;
    const maker = await new SignJWT({ aud: "a", exp, jti: "j1", authorizations: [PUBLISH_T] })
      .setProtectedHeader({ alg: "HS256" })
      .sign(key);
    const broker = await brokerOf(jwt);
    const child = await minted(broker, { authorizations: [PUBLISH_T] }, maker);
    const grandchild = await minted(broker, { authorizations: [PUBLISH_T] }, child.token);
    const statuses = async (revoked: string) => {
      const revoking = await brokerOf({ ...jwt, "auth-revoked": revoked });
      return [await pub(revoking, maker), await pub(revoking, child.token), await pub(revoking, grandchild.token)];
    };
    expect(await statuses("j2")).toEqual([200, 200, 200]);
    expect(await statuses("j1")).toEqual([401, 401, 401]);
    expect(await statuses(String(decodeJwt(child.token).jti))).toEqual([200, 401, 401]);
  });

  it.each([
    [403, { authorizations: [{ topic: "u", channels: [".*"], permissions: ["publish"] }] }],
    [403, { authorizations: [{ topic: "t", channels: ["e"], permissions: ["subscribe"] }] }],
    [400, {}],
    [400, { authorizations: [] }],
    [400, { authorizations: [{ topic: "(", channels: [], permissions: [] }] }],
    [400, { ...CHANNEL, ttl: 0 }],
    [400, { ...CHANNEL, ttl: 1.5 }],
    [400, { ...CHANNEL, ttl: "600" }],
    [400, { ...CHANNEL, identity: "a/b" }],
    [400, { ...CHANNEL, identity: "x".repeat(65) }],
    [400, { authorizations: Array(25).fill(LONG_ENTRY) }],
    [413, { authorizations: Array(100).fill(LONG_ENTRY) }],
    [400, "{"],
  ])("[AUTH7] is refused with %i when more, or nonsense, is asked for: %#", async (status, body) => {
    expect((await mint(await brokerOf(), ALICE.token, body)).status).toBe(status);
  });

  it("[AUTH7] is refused where nothing can be signed, and where nobody is asked", async () => {
    expect((await mint(await brokerOf({ "auth-secret": "" }), ALICE.token, CHANNEL)).status).toBe(501);
    expect((await mint(new GuardedBroker({ open: "true" }), "x", CHANNEL)).status).toBe(409);
  });

  it("[AUTH7] holds only as it was signed", async () => {
    const broker = await brokerOf();
    const { token } = await minted(broker, { authorizations: [PUBLISH_T] });
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const claims = { ...decodeJwt(token), lists: [] };
    const forged = btoa(JSON.stringify(claims)).replaceAll("=", "");
    const none = btoa(JSON.stringify({ alg: "none" })).replaceAll("=", "");
    const sign = (secret: string, audience = "token") =>
      new SignJWT(claims as never)
        .setProtectedHeader({ alg: "HS256" })
        .setAudience(audience)
        .sign(new TextEncoder().encode(secret));
    const others = [
      `${header}.${forged}.${signature}`,
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.`,
      token.slice(0, -1),
      await sign("another secret that is long enough to sign with"),
      await sign(AUTH_SECRET, "session"),
    ];
    for (const other of others) expect([other, await pub(broker, other)]).toEqual([other, 401]);
    expect(await pub(await brokerOf({ "auth-secret": "another secret, as long as the first one" }), token)).toBe(401);
    expect(await pub(broker, token)).toBe(200);
  });

  it.each(["auth-secret", "auth-jwt-secret"])("[AUTH12] takes a secret that nobody guesses: %s", async (flag) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const broker = new GuardedBroker({ [flag]: "hush", "auth-jwt-audience": "a" });
    expect((await broker.fetch("/ping")).status).toBe(500);
    expect(logged.mock.calls.flat().map(String).join()).toContain(`--${flag} is too short`);
    expect(logged.mock.calls.flat().map(String).join()).not.toContain("hush");
  });
});

describe("whatever comes as a token", () => {
  it("[AUTH12] is somebody's, or answered 401 without a word in the log", async () => {
    const logged = vi.spyOn(console, "error");
    const broker = await brokerOf({ "auth-jwt-secret": `another ${AUTH_SECRET}`, "auth-jwt-audience": "a" });
    const { token } = await minted(broker, { authorizations: [PUBLISH_T] });
    const parts = token.split(".");
    const letter = fc.stringMatching(/^[\x21-\x7e]$/);
    const text = fc.array(letter, { minLength: 1, maxLength: 5_000 }).map((letters) => letters.join(""));
    const mutated = fc
      .tuple(fc.nat(token.length - 1), letter)
      .map(([at, put]) => token.slice(0, at) + put + token.slice(at + 1));
    const shuffled = fc
      .array(fc.constantFrom(...parts, "", "e30", "x"), { maxLength: 5 })
      .map((each) => each.join("."));
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, mutated, shuffled), async (other) => {
        if (other === token) return;
        const status = await pub(broker, other);
        // The last letter of base64url has bits that say nothing.
        if (status === 200) expect(other.slice(0, -1)).toBe(token.slice(0, -1));
        else expect(status).toBe(401);
      }),
      { numRuns: 500 },
    );
    expect(logged).not.toHaveBeenCalled();
  });

  it("[AUTH13] is not looked at in a URL", async () => {
    const broker = await brokerOf();
    for (const name of ["token", "access_token", "auth", "authorization", "secret"]) {
      expect(await broker.status("GET", `/stats?${name}=${ALICE.token}`, null)).toBe(401);
    }
    expect((await broker.fetch("/stats", { headers: { Cookie: `nsq-edge-session=${ALICE.token}` } })).status).toBe(401);
  });

  it.each(["Bearer", "bearer", "BEARER"])(
    "[AUTH13] is a header's, whatever the case of its scheme: %s",
    async (scheme) => {
      const broker = await brokerOf();
      const ask = async (header: string) =>
        (await broker.fetch("/stats", { headers: { Authorization: header } })).status;
      expect([await ask(`${scheme} ${ALICE.token}`), await ask(`${scheme}${ALICE.token}`)]).toEqual([200, 401]);
      expect(await ask(`Basic ${btoa(`alice:${ALICE.token}`)}`)).toBe(401);
    },
  );

  it("[AUTH8] that is missing or wrong is answered alike, and how to do better", async () => {
    const broker = await brokerOf();
    const answers = await Promise.all(
      ["", "Bearer x"].map(async (header) => {
        const response = await broker.fetch("/stats", { headers: header === "" ? {} : { Authorization: header } });
        return [response.status, response.headers.get("WWW-Authenticate"), await response.text()];
      }),
    );
    const expected = [401, 'Bearer realm="nsq-edge"', '{"message":"UNAUTHORIZED"}'];
    expect(answers).toEqual([expected, expected]);
  });
});
