import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fromByteString, toByteString } from "../../src/protocol/bytes.ts";
import { channelStats, channelStub, publish, topicStub } from "./broker-api.ts";
import { AUTH_SECRET, authTokens, GuardedBroker } from "./guarded-broker.ts";
import { V2Client } from "./v2-client.ts";

const START = Date.parse("2027-01-01T00:00:00Z");
const BEARERS = {
  alice: {
    token: "token-of-alice",
    authorizations: [
      { topic: "t", channels: [".*"], permissions: ["publish"] as const },
      { topic: "t", channels: ["c"], permissions: ["subscribe"] as const },
    ],
  },
  guest: {
    token: "token-of-guest",
    expires: "2027-01-01T00:10:00Z",
    authorizations: [{ topic: "t", channels: [".*"], permissions: ["publish", "subscribe"] as const }],
  },
  nothing: { token: "token-of-nothing", authorizations: [] },
  forever: {
    token: "token-of-forever",
    expires: "9999-12-31T00:00:00Z",
    authorizations: [{ topic: "t", channels: [".*"], permissions: ["publish", "subscribe"] as const }],
  },
  cluster: {
    token: "token-of-cluster",
    expires: "2027-01-01T00:10:00Z",
    authorizations: [{ topic: ".*", channels: [".*"], permissions: ["admin"] as const }],
  },
};
const FAILED = { error: "E_AUTH_FAILED AUTH failed" };

let broker: GuardedBroker;
const open: V2Client[] = [];

beforeEach(async () => {
  broker = new GuardedBroker({ "auth-tokens": await authTokens(BEARERS), "auth-secret": AUTH_SECRET });
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function connect(path: string, headers: Record<string, string> = {}): Promise<V2Client> {
  const client = await V2Client.on(await broker.fetch(path, { headers: { Upgrade: "websocket", ...headers } }));
  open.push(client);
  return client;
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function answers(client: V2Client, count: number) {
  const received = [];
  while (received.length < count) received.push(await client.next());
  return received;
}

describe("AUTH at the gateway", () => {
  it("[AUT1] is asked for, and lets publish and consume", async () => {
    const client = await connect("/v2");
    client.send("IDENTIFY", JSON.stringify({ feature_negotiation: true }));
    expect(JSON.stringify(await client.next())).toContain('\\"auth_required\\":true');
    client.send("AUTH", "token-of-alice");
    client.send("PUB t", "x");
    client.send("SUB t c");
    expect(await answers(client, 3)).toEqual([
      { response: '{"identity":"alice","identity_url":"","permission_count":2}' },
      { response: "OK" },
      { response: "OK" },
    ]);
    client.send("RDY 1");
    expect(await client.message()).toMatchObject({ body: "x" });
    const { clients } = await channelStats("t", "c");
    expect(clients).toMatchObject([{ authed: true, auth_identity: "alice" }]);
  });

  it.each([
    ["AUTH", "token-of-nobody", "E_AUTH_FAILED AUTH failed"],
    ["AUTH", "token-of-nothing", "E_UNAUTHORIZED AUTH no authorizations found"],
    ["PUB t", "x", "E_AUTH_FIRST AUTH required before PUB"],
  ])("[AUT1] [AUT2] %s %s is refused, and wakes nothing", async (line, body, error) => {
    const client = await connect("/v2");
    client.send(line, body);
    client.send("PUB t", "y");
    expect(await answers(client, 2)).toEqual([{ error }, { closed: 1000 }]);
    expect(broker.calls).toBe(0);
  });

  it.each([
    ["SUB t d", undefined, 'E_UNAUTHORIZED AUTH failed for SUB on "t" "d"'],
    ["PUB u", "x", 'E_UNAUTHORIZED AUTH failed for PUB on "u" ""'],
    ["MPUB u", "x", 'E_UNAUTHORIZED AUTH failed for MPUB on "u" ""'],
  ])("[AUT2] %s is not for everybody, and wakes nothing", async (line, body, error) => {
    const client = await connect("/v2", bearer("token-of-alice"));
    client.send(line, body);
    expect(await answers(client, 2)).toEqual([{ error }, { closed: 1000 }]);
    expect(broker.calls).toBe(0);
  });

  it("[AUTH13] is not needed by who has said with the upgrade who he is", async () => {
    const client = await connect("/v2", bearer("token-of-alice"));
    client.send("IDENTIFY", JSON.stringify({ feature_negotiation: true }));
    expect(JSON.stringify(await client.next())).toContain('\\"auth_required\\":false');
    client.send("PUB t", "x");
    expect(await client.next()).toEqual({ response: "OK" });
  });

  it("[AUTH13] is said once more by a client whose connection somebody else carries, and counts from then on", async () => {
    const client = await connect("/v2", bearer("token-of-alice"));
    client.send("AUTH", "token-of-cluster");
    expect(JSON.stringify(await client.next())).toContain("cluster");
    client.send("AUTH", "token-of-alice");
    expect(await client.next()).toEqual({ error: "E_INVALID AUTH already set" });
    const other = await connect("/v2", bearer("token-of-alice"));
    other.send("AUTH", "token-of-cluster");
    other.send("PUB t", "x");
    await other.next();
    expect(await other.next()).toEqual({ error: 'E_UNAUTHORIZED AUTH failed for PUB on "t" ""' });
    const third = await connect("/v2", bearer("token-of-alice"));
    third.send("AUTH", "guess");
    third.send("PUB t", "x");
    expect(await answers(third, 2)).toEqual([FAILED, { closed: 1000 }]);
  });

  it("[AUT3] asks again, when its time is over, with the secret that came with the upgrade", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const asked: string[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url) => {
      asked.push(String(new URL(String(url)).searchParams.get("secret")));
      return Response.json({ ttl: 60, identity: "a", authorizations: BEARERS.alice.authorizations.slice(0, 1) });
    });
    broker = new GuardedBroker({ "auth-http-address": "auth.example:4180" });
    const client = await connect("/v2", bearer("s"));
    client.send("PUB t", "x");
    expect(await client.next()).toEqual({ response: "OK" });
    vi.setSystemTime(START + 60_000);
    client.send("PUB t", "y");
    expect(await client.next()).toEqual({ response: "OK" });
    expect(asked).toEqual(["s", "s"]);
  });

  it("[AUTH8] whose client has gone before it is answered opens nothing any more", async () => {
    let answer: (response: Response) => void = () => {};
    vi.spyOn(globalThis, "fetch").mockImplementation(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    broker = new GuardedBroker({ "auth-http-address": "auth.example:4180" });
    const { webSocket } = await broker.fetch("/v2", { headers: { Upgrade: "websocket" } });
    webSocket?.accept();
    webSocket?.send(fromByteString("  V2AUTH\n\0\0\0\x01sSUB t c\n"));
    await vi.waitFor(() => expect(globalThis.fetch).toHaveBeenCalled());
    webSocket?.close();
    const authorizations = [{ topic: "t", channels: ["c"], permissions: ["subscribe"] }];
    answer(Response.json({ ttl: 60, identity: "a", authorizations }));
    await vi.waitFor(async () => expect((await channelStats("t", "c").catch(() => null))?.clients ?? []).toEqual([]));
  });

  it("[AUT1] is disabled where nobody is asked", async () => {
    broker = new GuardedBroker({ open: "true" });
    const client = await connect("/v2");
    client.send("AUTH", "secret");
    expect(await client.next()).toEqual({ error: "E_AUTH_DISABLED AUTH disabled" });
  });
});

describe("a token of a browser", () => {
  const offer = (token: string) => {
    const letters = btoa(token).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    return { "Sec-WebSocket-Protocol": `nsq-edge, nsq-edge.bearer.${letters}` };
  };

  it.each(["/v2", "/v2?topic=t", "/v2?topic=t&channel=c"])(
    "[AUTH13] is shown as a subprotocol, and agreed to: %s",
    async (path) => {
      const response = await broker.fetch(path, { headers: { Upgrade: "websocket", ...offer("token-of-alice") } });
      expect(response.status).toBe(101);
      expect(response.headers.get("Sec-WebSocket-Protocol")).toBe("nsq-edge");
      const client = await V2Client.on(response);
      open.push(client);
      client.send("PUB t", "x");
      expect(await client.next()).toEqual({ response: "OK" });
    },
  );

  it.each([
    ["of nobody", offer("token-of-nobody")],
    ["that is no base64url", { "Sec-WebSocket-Protocol": "nsq-edge, nsq-edge.bearer.!!!" }],
    ["that is empty", { "Sec-WebSocket-Protocol": "nsq-edge, nsq-edge.bearer." }],
    ["that is not there, on a direct path", { "Sec-WebSocket-Protocol": "nsq-edge" }],
  ])("[AUTH13] %s is refused", async (_, headers) => {
    const { status } = await broker.fetch("/v2?topic=t", { headers: { Upgrade: "websocket", ...headers } });
    expect([status, broker.calls]).toEqual([401, 0]);
  });

  it("[AUTH13] is agreed to by an open broker, which does not look at it", async () => {
    broker = new GuardedBroker({ open: "true" });
    const { status, headers, webSocket } = await broker.fetch("/v2", {
      headers: { Upgrade: "websocket", ...offer("x") },
    });
    webSocket?.accept();
    webSocket?.close();
    expect([status, headers.get("Sec-WebSocket-Protocol")]).toEqual([101, "nsq-edge"]);
  });
});

describe("a connection on a direct path", () => {
  it("[AUTH8] publishes where it may, also to other topics, and nowhere else", async () => {
    const client = await connect("/v2?topic=t&channel=c", bearer("token-of-alice"));
    client.send("SUB t c");
    client.send("PUB t", "x");
    client.send("PUB u", "x");
    expect(await answers(client, 4)).toEqual([
      { response: "OK" },
      { response: "OK" },
      { error: 'E_UNAUTHORIZED AUTH failed for PUB on "u" ""' },
      { closed: 1000 },
    ]);
  });

  it("[AUTH8] is as guarded after a sleep, and the same client", async () => {
    const client = await connect("/v2?topic=t&channel=c", bearer("token-of-alice"));
    client.send("SUB t c");
    await client.next();
    await evictDurableObject(channelStub("t", "c"));
    expect((await channelStats("t", "c")).clients).toMatchObject([{ authed: true, auth_identity: "alice" }]);
    client.send("PUB u", "x");
    expect(await client.next()).toEqual({ error: 'E_UNAUTHORIZED AUTH failed for PUB on "u" ""' });
  });

  it("[AUT3] cannot be asked about again there: when the ttl is over, it has to connect anew to publish", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const authorizations = [{ topic: "t", channels: [".*"], permissions: ["publish", "subscribe"] }];
    vi.spyOn(globalThis, "fetch").mockImplementation(async () =>
      Response.json({ ttl: 60, identity: "a", authorizations }),
    );
    broker = new GuardedBroker({ "auth-http-address": "auth.example:4180" });
    const client = await connect("/v2?topic=t&channel=c", bearer("s"));
    client.send("SUB t c");
    client.send("PUB t", "x");
    expect(await answers(client, 2)).toEqual([{ response: "OK" }, { response: "OK" }]);
    vi.setSystemTime(START + 60_000);
    client.send("RDY 1");
    expect(await client.message()).toMatchObject({ body: "x" });
    client.send("PUB t", "y");
    expect(await answers(client, 2)).toEqual([FAILED, { closed: 1000 }]);
  });

  it("[AUT1] has said already who it is", async () => {
    const client = await connect("/v2?topic=t", bearer("token-of-alice"));
    client.send("AUTH", "token-of-alice");
    expect(await client.next()).toEqual({ error: "E_INVALID AUTH already set" });
  });

  it.each(["/v2?topic=t", "/v2?topic=t&channel=c"])("[AUTH14] ends with its token, by an alarm: %s", async (path) => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const client = await connect(path, bearer("token-of-guest"));
    client.send("PUB t", "x");
    await client.next();
    const stub = path.includes("channel") ? channelStub("t", "c") : topicStub("t");
    vi.setSystemTime(START + 10 * 60_000);
    expect(await runDurableObjectAlarm(stub as never)).toBe(true);
    expect(await answers(client, 2)).toEqual([FAILED, { closed: 1000 }]);
  });

  it("[AUTH14] ends also when its object slept meanwhile, and its message comes to another", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const client = await connect("/v2?topic=t&channel=c", bearer("token-of-guest"));
    client.send("SUB t c");
    client.send("RDY 1");
    await client.next();
    await publish("t", "x");
    await client.message();
    await evictDurableObject(channelStub("t", "c"));
    vi.setSystemTime(START + 10 * 60_000);
    expect(await runDurableObjectAlarm(channelStub("t", "c") as never)).toBe(true);
    expect(await answers(client, 2)).toEqual([FAILED, { closed: 1000 }]);
    const other = await connect("/v2?topic=t&channel=c", bearer("token-of-alice"));
    other.send("SUB t c");
    other.send("RDY 1");
    await other.next();
    vi.setSystemTime(START + 11 * 60_000);
    other.send("NOP");
    expect(await other.message()).toMatchObject({ body: "x", attempts: 2 });
  });

  it("[AUTH8] is shown, with what it publishes there, to whoever may read the topic, and not to a reader of a channel", async () => {
    const producer = (topic: string) => ({ topic, channels: [".*"], permissions: ["publish", "subscribe"] as const });
    const reader = (channels: readonly string[]) => ({ topic: "t", channels, permissions: ["read"] as const });
    const tokens = {
      producer: { token: "of-producer", authorizations: [producer("t"), producer("u")] },
      topic: { token: "of-topic", authorizations: [reader([".*"])] },
      channel: { token: "of-channel", authorizations: [reader(["c"])] },
    };
    broker = new GuardedBroker({ "auth-tokens": await authTokens(tokens) });
    const client = await connect("/v2?topic=t&channel=c", bearer("of-producer"));
    client.send("SUB t c");
    client.send("PUB t", "x");
    client.send("PUB u", "x");
    await answers(client, 3);
    const producers = async (token: string) => {
      const response = await broker.fetch("/stats?format=json&topic=t&channel=c", { headers: bearer(token) });
      return ((await response.json()) as { producers: object[] | null }).producers;
    };
    const counted = { auth_identity: "producer", pub_counts: [{ topic: "t", count: 1 }] };
    expect(await producers("of-topic")).toMatchObject([counted]);
    expect(await producers("of-channel")).toBeNull();
  });

  it("[AUTH14] may have a token that ends when no alarm can ring, and is no danger to the others", async () => {
    const other = await connect("/v2?topic=t&channel=c", bearer("token-of-alice"));
    const client = await connect("/v2?topic=t&channel=c", bearer("token-of-forever"));
    for (const each of [client, other]) {
      each.send("SUB t c");
      expect(await each.next()).toEqual({ response: "OK" });
    }
    client.send("PUB t", "x");
    expect(await client.next()).toEqual({ response: "OK" });
  });

  it("[AUTH14] is told once that it is over, however long its last publish takes", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const client = await connect("/v2?topic=t&channel=c", bearer("token-of-guest"));
    client.send("SUB t c");
    await client.next();
    vi.setSystemTime(START + 10 * 60_000 - 1);
    const stored = Promise.withResolvers<void>();
    await runInDurableObject(channelStub("t", "c"), (instance) => {
      const { env } = instance as unknown as { env: Env };
      const { TOPIC } = env;
      const slow = { publish: () => stored.promise.then(() => "stored"), clientsChanged: async () => {} };
      (instance as unknown as { env: object }).env = {
        ...env,
        TOPIC: { getByName: (name: string) => (name.endsWith("/t") ? slow : TOPIC.getByName(name)) },
      };
    });
    client.send("PUB t", "x");
    await channelStats("t", "c");
    vi.setSystemTime(START + 10 * 60_000);
    for (let i = 0; i < 3; i++) await runInDurableObject(channelStub("t", "c"), (instance) => instance.alarm?.());
    stored.resolve();
    expect(await answers(client, 3)).toEqual([{ response: "OK" }, FAILED, { closed: 1000 }]);
  });

  it("[AUTH14] of a producer elsewhere ends with what it says next", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: START });
    const { webSocket } = await broker.fetch("/v1", {
      headers: { Upgrade: "websocket", ...bearer("token-of-cluster") },
    });
    if (!webSocket) throw new Error("refused");
    const closed = new Promise<number>((resolve) => webSocket.addEventListener("close", ({ code }) => resolve(code)));
    const said: string[] = [];
    webSocket.binaryType = "arraybuffer";
    webSocket.addEventListener("message", ({ data }) =>
      said.push(toByteString(new Uint8Array(data as ArrayBuffer)).slice(4)),
    );
    webSocket.accept();
    webSocket.send(fromByteString("  V1PING\n"));
    await vi.waitFor(() => expect(said).toEqual(["OK"]));
    vi.setSystemTime(START + 10 * 60_000);
    webSocket.send(fromByteString("PING\n"));
    expect(await closed).toBe(1008);
    expect(said).toEqual(["OK"]);
  });

  it("[AUTH8] [DUR4] is kept over a sleep, whatever there is to keep of it", async () => {
    // Letters of two bytes, as many as are kept of everything: 16 KiB must hold it all.
    const long = (length: number) => "\u4e2d".repeat(length);
    const topics = Array.from({ length: 64 }, (_, i) => `${"t".repeat(61)}${String(i).padStart(3, "0")}`);
    const entries = Array.from({ length: 12 }, (_, i) => ({
      topic: i === 0 ? ".*" : long(60 + i),
      channels: [".*"],
      permissions: ["publish", "subscribe"] as const,
    }));
    const bearers = { [long(256)]: { token: "m", authorizations: entries } };
    broker = new GuardedBroker({ "auth-tokens": await authTokens(bearers) });
    const client = await connect("/v2?topic=t&channel=c", bearer("m"));
    const said = Object.fromEntries(
      ["client_id", "hostname", "user_agent", "topology_region", "topology_zone"].map((key) => [
        key,
        "\\u4e2d".repeat(256),
      ]),
    );
    client.send("IDENTIFY", JSON.stringify(said).replaceAll("\\\\", "\\"));
    for (const topic of topics) client.send(`PUB ${topic}`, "x");
    client.send("SUB t c");
    await answers(client, 66);
    const body = "y".repeat(4_000);
    client.sendBytes(fromByteString(`PUB t\n\0\0\x0f\xa0${body.slice(0, 3_900)}`));
    await channelStats("t", "c");
    await evictDurableObject(channelStub("t", "c"));
    client.sendBytes(fromByteString(body.slice(3_900)));
    expect(await client.next()).toEqual({ response: "OK" });
    client.send("RDY 1");
    expect(await client.message()).toMatchObject({ body });
  });

  it("[AUTH8] of somebody who may do too many things one by one is refused with the reason", async () => {
    const many = Array.from({ length: 60 }, (_, i) => ({
      topic: `${"long-name-of-a-topic".repeat(4)}${i}`,
      channels: [".*"],
      permissions: ["publish"] as const,
    }));
    broker = new GuardedBroker({
      "auth-tokens": await authTokens({
        many: { token: "m", authorizations: [...many, ...BEARERS.guest.authorizations] },
      }),
    });
    const response = await broker.fetch("/v2?topic=t", {
      headers: { Upgrade: "websocket", ...bearer("m") },
    });
    expect([response.status, await response.json(), broker.calls]).toEqual([
      400,
      { message: "AUTHORIZATIONS_TOO_LONG" },
      0,
    ]);
    expect((await connect("/v2", bearer("m"))).closedWith).toBeNull();
  });
});
