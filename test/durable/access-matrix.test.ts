import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import type { AuthorizationData, Permission } from "../../src/identity/authorization.ts";
import { routes } from "../../src/routes.ts";
import { bodyFor, DOORS, filledIn, ROUTES, type Rule } from "./access-matrix.ts";
import { topicStub } from "./broker-api.ts";
import { authTokens, type Bearer, GuardedBroker } from "./guarded-broker.ts";

const ALL: readonly Permission[] = ["publish", "subscribe", "admin", "read"];

function entry(topic: string, channels: readonly string[], ...permissions: readonly Permission[]): AuthorizationData {
  return { topic, channels, permissions };
}

function bearer(name: string, ...authorizations: readonly AuthorizationData[]): Bearer {
  return { token: `token-of-${name.replaceAll(/\W/g, "-")}`, authorizations };
}

const EVERYTHING = entry(".*", [".*"], ...ALL);

/** By what they may do. */
const BEARERS: Readonly<Record<string, Bearer>> = {
  "publish t": bearer("publish t", entry("t", [".*"], "publish")),
  "subscribe t:c": bearer("subscribe t:c", entry("t", ["c"], "subscribe")),
  "subscribe t:*": bearer("subscribe t:*", entry("t", [".*"], "subscribe")),
  "admin t": bearer("admin t", entry("t", [".*"], "admin")),
  "admin t:c": bearer("admin t:c", entry("t", ["c"], "admin")),
  "read t": bearer("read t", entry("t", [".*"], "read")),
  "read t:c": bearer("read t:c", entry("t", ["c"], "read")),
  "publish everything": bearer("publish everything", entry(".*", [".*"], "publish")),
  "subscribe everything": bearer("subscribe everything", entry(".*", [".*"], "subscribe")),
  "admin everything": bearer("admin everything", entry(".*", [".*"], "admin")),
  "read everything": bearer("read everything", entry(".*", [".*"], "read")),
  everything: bearer("everything", EVERYTHING),
  "another topic": bearer("another topic", entry("other", [".*"], ...ALL)),
  "another channel": bearer("another channel", entry("t", ["d"], ...ALL)),
  nothing: bearer("nothing"),
};

/** Whose tokens are no good. */
const REFUSED: Readonly<Record<string, string | null>> = {
  "no token": null,
  "a wrong token": "token-of-nobody",
  "an expired token": "token-of-yesterday",
  "a revoked token": "token-of-revoked",
};

const MAY: Readonly<Record<Rule, readonly string[]>> = {
  "nobody need be known": Object.keys(BEARERS),
  "somebody known": Object.keys(BEARERS),
  "who uses the topic": [
    "publish t",
    "subscribe t:c",
    "subscribe t:*",
    "admin t",
    "read t",
    "publish everything",
    "subscribe everything",
    "admin everything",
    "read everything",
    "everything",
    "another channel", // for he consumes from the topic
  ],
  "publish t": ["publish t", "publish everything", "everything"],
  "subscribe t:c": ["subscribe t:c", "subscribe t:*", "subscribe everything", "everything"],
  "admin t": ["admin t", "admin everything", "everything"],
  "admin t:c": ["admin t", "admin t:c", "admin everything", "everything"],
  "admin everything": ["admin everything", "everything"],
  "read t": ["read t", "admin t", "read everything", "admin everything", "everything"],
  "read t:c": ["read t", "read t:c", "admin t", "admin t:c", "read everything", "admin everything", "everything"],
  "read everything": ["read everything", "admin everything", "everything"],
  "read anything": [
    "read t",
    "read t:c",
    "admin t",
    "admin t:c",
    "read everything",
    "admin everything",
    "everything",
    "another topic",
    "another channel",
  ],
};

let broker: GuardedBroker;

beforeEach(async () => {
  const tokens = {
    ...BEARERS,
    expired: { token: "token-of-yesterday", authorizations: [EVERYTHING], expires: "2026-01-01T00:00:00Z" },
    revoked: { token: "token-of-revoked", authorizations: [EVERYTHING] },
  };
  broker = new GuardedBroker({ "auth-tokens": await authTokens(tokens), "auth-revoked": "somebody,revoked" });
});

afterEach(() => reset());

/** What those are answered who are not let in; an object must not have heard of it. */
async function expectRefusals(ask: (token: string | null) => Promise<number>, rule: Rule): Promise<void> {
  const expected: Record<string, number> = {};
  const answered: Record<string, number> = {};
  for (const [name, token] of Object.entries(REFUSED)) {
    expected[name] = 401;
    answered[name] = await ask(token);
  }
  for (const [name, { token }] of Object.entries(BEARERS)) {
    if (MAY[rule].includes(name)) continue;
    expected[name] = 403;
    answered[name] = await ask(token);
  }
  expect(answered).toEqual(expected);
  expect(broker.calls).toBe(0);
}

function withStatus([method, path, query, rule, status = 200]: (typeof ROUTES)[number]) {
  return [method, path, query, rule, status] as const;
}

describe("a route", () => {
  it("[AUTH8] has its rule here, and each rule a route", () => {
    const stated = new Set(ROUTES.map(([method, path]) => `${method} ${path}`));
    expect(stated).toEqual(new Set(routes.map(({ method, path }) => `${method} ${path}`)));
  });

  it.each(ROUTES.map(withStatus))("[AUTH8] %s %s%s takes: %s", async (method, path, query, rule, status) => {
    const target = `${filledIn(path)}${query}`;
    const body = method === "GET" ? undefined : bodyFor(path);
    const ask = (token: string | null) => broker.status(method, target, token, body);
    if (rule === "nobody need be known") {
      for (const token of Object.values(REFUSED)) expect(await ask(token)).toBe(200);
    } else await expectRefusals(ask, rule);
    for (const name of MAY[rule]) {
      await topicStub("t").create();
      await topicStub("t").createChannel("c");
      await env.LOOKUP.getByName(LOOKUP_OBJECT).createChannel("t", "c");
      expect([name, await ask(BEARERS[name]?.token as string)]).toEqual([name, status]);
    }
  });

  it.each(["/nothing", "/pub/", "/admin/api/nothing", "/stats/x"])(
    "[AUTH8] that there is not is told to somebody who is known, and to nobody else: %s",
    async (path) => {
      for (const token of Object.values(REFUSED)) expect(await broker.status("POST", path, token)).toBe(401);
      expect([404, 307]).toContain(await broker.status("POST", path, BEARERS.nothing?.token as string));
      expect(broker.calls).toBe(0);
    },
  );

  it.each([
    ["POST", "/pub?topic=other&topic=t", "publish t"],
    ["POST", "/pub?Topic=t&topic=other", "publish t"],
    ["POST", "/pub?topic=t%00", "publish t"],
    ["POST", "/channel/pause?channel=d&topic=t&channel=c", "admin t:c"],
    ["DELETE", "/admin/api/topics/other?topic=t", "admin t"],
    ["DELETE", "/admin/api/topics/t/d?channel=c", "admin t:c"],
    ["GET", "/admin/api/topics/%6fther", "read t"],
  ])("[AUTH8] is about what its handler takes it to be about: %s %s by who may %s", async (method, path, name) => {
    expect(await broker.status(method, path, BEARERS[name]?.token as string, method === "GET" ? undefined : "x")).toBe(
      403,
    );
    expect(broker.calls).toBe(0);
  });

  it("[AUTH8] may have its names encoded, as its handler takes them", async () => {
    await topicStub("t").create();
    await topicStub("t").createChannel("c");
    const ask = (path: string, name: string) => broker.status("GET", path, BEARERS[name]?.token as string);
    expect(await ask("/admin/api/topics/%74", "read t")).toBe(200);
    expect(await ask("/admin/api/topics/%74/%63", "read t:c")).toBe(200);
    expect(await ask("/stats?topic=%74&channel=%63", "read t:c")).toBe(200);
  });

  it.each([
    ["topics", { topic: "t" }, "admin t", 200],
    ["topics", { topic: "t", channel: "c" }, "admin t", 200],
    ["topics", { topic: "other" }, "admin t", 403],
    ["topics", { topic: "t", channel: "c" }, "admin t:c", 403],
    ["topics", { topic: "new" }, "admin everything", 200],
    ["topics", { topic: "t" }, "read everything", 403],
  ])("[AUTH8] is about what its body names: POST %s %j by who may %s", async (path, body, name, status) => {
    const token = BEARERS[name]?.token as string;
    expect(await broker.status("POST", `/admin/api/${path}`, token, JSON.stringify(body))).toBe(status);
  });

  it("[AUTH8] that lacks its topic is refused with nsqd's error to whoever may do it anywhere", async () => {
    expect(await broker.status("POST", "/pub", BEARERS["publish t"]?.token as string, "x")).toBe(400);
    expect(await broker.status("POST", "/pub", BEARERS["read t"]?.token as string, "x")).toBe(403);
  });
});

describe("a door", () => {
  const upgrade = async (path: string, token: string | null) => {
    const headers = { Upgrade: "websocket", ...(token !== null && { Authorization: `Bearer ${token}` }) };
    const response = await broker.fetch(path, { headers });
    response.webSocket?.accept();
    response.webSocket?.close();
    return response.status;
  };

  it.each(DOORS)("[AUTH8] %s takes: %s", async (path, rule) => {
    await expectRefusals((token) => upgrade(path, token), rule);
    for (const name of MAY[rule])
      expect([name, await upgrade(path, BEARERS[name]?.token as string)]).toEqual([name, 101]);
  });

  it("[AUTH8] /v2 lets in whoever has not said yet who he is, and nobody who has said it wrongly", async () => {
    expect(await upgrade("/v2", null)).toBe(101);
    for (const token of Object.values(REFUSED).filter((each) => each !== null))
      expect(await upgrade("/v2", token)).toBe(401);
    for (const { token } of Object.values(BEARERS)) expect(await upgrade("/v2", token)).toBe(101);
    expect(broker.calls).toBe(0);
  });
});

describe("refused calls", () => {
  it("[AUTH8] ten thousand of them wake no object", async () => {
    const paths = ROUTES.filter(([, , , rule]) => rule !== "nobody need be known");
    const tokens = [...Object.values(REFUSED), BEARERS.nothing?.token as string];
    let asked = 0;
    for (let i = 0; asked < 10_000; i++) {
      const [method, path, query, rule] = paths[i % paths.length] as (typeof paths)[number];
      for (const token of rule === "somebody known" ? Object.values(REFUSED) : tokens) {
        const status = await broker.status(
          method,
          `${filledIn(path)}${query}`,
          token,
          method === "GET" ? undefined : "x",
        );
        if (status !== 401 && status !== 403) throw new Error(`${method} ${path} was answered ${status}`);
        asked++;
      }
    }
    expect(broker.calls).toBe(0);
    await broker.status("GET", "/topics", BEARERS.everything?.token as string);
    expect(broker.calls).toBeGreaterThan(0);
  });
});
