import { createExecutionContext, reset, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { INTRODUCTION_HEADER } from "../../src/durable/introduction.ts";
import worker from "../../src/index.ts";
import { channelStats, channelStub, post, publish, stats } from "./broker-api.ts";
import { direct, V2Client } from "./v2-client.ts";

const open: V2Client[] = [];

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function connect(path: string): Promise<V2Client> {
  const client = await V2Client.open(path);
  open.push(client);
  return client;
}

describe("the direct path to a channel", () => {
  it("[DOOR2] sends no heartbeats, and SUB does not need them", async () => {
    const client = await connect(direct("t", "c"));
    client.send("IDENTIFY", JSON.stringify({ heartbeat_interval: -1 }));
    client.send("SUB t c");
    expect([await client.next(), await client.next()]).toEqual([{ response: "OK" }, { response: "OK" }]);
    const alarm = await runInDurableObject(channelStub("t", "c"), (_, { storage }) => storage.getAlarm());
    expect(alarm).toBe(null);
  });

  it("[DOOR2] sends heartbeats to who asks for them, and closes who does not answer", async () => {
    const client = await connect(direct("t", "c"));
    client.send("IDENTIFY", JSON.stringify({ heartbeat_interval: 1000 }));
    client.send("SUB t c");
    for (let i = 0; i < 2; i++) await client.next();
    expect(await client.next()).toEqual({ response: "_heartbeat_" });
    client.send("NOP");
    let received = await client.next();
    expect(received).toEqual({ response: "_heartbeat_" });
    // How many there are until then depends on how punctual the machine is; test/durable/heartbeats.test.ts counts them.
    while ("response" in received) received = await client.next();
    expect(received).toEqual({ closed: 1000 });
  });

  it("[DOOR2] grants no compression", async () => {
    const client = await connect(direct("t", "c"));
    client.send("IDENTIFY", JSON.stringify({ feature_negotiation: true, deflate: true }));
    const reply = await client.next();
    expect("response" in reply && JSON.parse(reply.response)).toMatchObject({ deflate: false, snappy: false });
  });

  it.each(["SUB t d", "SUB u c"])("[DOOR2] refuses another topic or channel than the URL names: %s", async (sub) => {
    const client = await connect(direct("t", "c"));
    client.send(sub);
    expect(await client.next()).toEqual({
      error: "E_INVALID cannot SUB to another topic or channel than the URL names",
    });
    expect(await client.next()).toEqual({ closed: 1000 });
    expect(await stats("t")).toBe(null);
  });

  it("[DOOR2] forwards what a consumer publishes, in order with its other replies", async () => {
    const client = await connect(direct("t", "c"));
    client.send("SUB t c");
    client.send("PUB other", "x");
    client.send("PUB t", "y");
    client.send("CLS");
    const replies = [await client.next(), await client.next(), await client.next(), await client.next()];
    expect(replies).toEqual([{ response: "OK" }, { response: "OK" }, { response: "OK" }, { response: "CLOSE_WAIT" }]);
    expect(await stats("other")).toMatchObject({ depth: 1 });
    expect(await channelStats("t", "c")).toMatchObject({ depth: 1 });
  });
});

describe("the direct path to a topic", () => {
  it("[DOOR2] refuses SUB", async () => {
    const client = await connect(direct("t"));
    client.send("SUB t c");
    const text = "E_INVALID cannot SUB on a connection to a topic: name the channel in its URL, too";
    expect(await client.next()).toEqual({ error: text });
    expect(await client.next()).toEqual({ closed: 1000 });
  });

  it("[DOOR2] forwards what is published to another topic, and answers in order", async () => {
    const client = await connect(direct("t"));
    client.send("PUB other", "x");
    client.send("PUB t", "y");
    client.send("MPUB other", "\0\0\0\x02\0\0\0\x01a\0\0\0\x01b");
    for (let i = 0; i < 3; i++) expect(await client.next()).toEqual({ response: "OK" });
    expect(await stats("other")).toMatchObject({ depth: 3 });
    expect(await stats("t")).toMatchObject({ depth: 1 });
  });
});

describe("the doors", () => {
  it("[DOOR4] take no introduction from a client", async () => {
    const forged = { connection: { id: "x", remoteAddress: "6.6.6.6:6", connectedAt: 0 }, settings: null };
    const headers = { Upgrade: "websocket", [INTRODUCTION_HEADER]: JSON.stringify(forged) };
    const response = await exports.default.fetch("http://broker/v2?topic=t&channel=c", { headers });
    const socket = response.webSocket as WebSocket;
    socket.accept();
    socket.send(new TextEncoder().encode("  V2SUB t c\n"));
    await vi.waitFor(async () => expect(await channelStats("t", "c")).toMatchObject({ client_count: 1 }));
    const { clients } = await channelStats("t", "c");
    expect(clients?.[0]?.remote_address).not.toContain("6.6.6.6");
    socket.close(1000);
  });

  it.each([
    ["/v2?topic=a$b", "INVALID_ARG_TOPIC"],
    ["/v2?topic=t&channel=", "INVALID_ARG_CHANNEL"],
    ["/v2?channel=c", "MISSING_ARG_TOPIC"],
  ])("[DOOR1] refuse impossible names: %s", async (path, message) => {
    const response = await exports.default.fetch(`http://broker${path}`, { headers: { Upgrade: "websocket" } });
    expect({ status: response.status, body: await response.json() }).toEqual({ status: 400, body: { message } });
  });

  it("[DOOR1] say that V2 needs a WebSocket", async () => {
    expect((await exports.default.fetch("http://broker/v2")).status).toBe(426);
  });

  it("[DOOR1] close a WebSocket that carries text", async () => {
    for (const path of ["/v2", direct("t"), direct("t", "c")]) {
      const response = await exports.default.fetch(`http://broker${path}`, { headers: { Upgrade: "websocket" } });
      const socket = response.webSocket as WebSocket;
      const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
      socket.accept();
      socket.send("  V2");
      expect(await closed, path).toBe(1003);
    }
  });
});

describe("a broker that is not open", () => {
  const closed = { ...env, open: "false" };
  const ask = (path: string, settings: object) =>
    worker.fetch(
      new Request(`http://broker${path}`) as Parameters<typeof worker.fetch>[0],
      settings as Env,
      createExecutionContext(),
    );

  it.each(["/stats", "/info", "/v2", "/pub?topic=t", "/nothing", "/lookupd/ping", "/openapi.json"])(
    "[AUTH9] answers nobody: %s",
    async (path) => {
      const response = await ask(path, closed);
      expect(response.status).toBe(403);
      expect(await response.text()).toContain("Set the secret `auth-tokens`");
    },
  );

  it("[AUTH9] answers /ping", async () => {
    expect(await (await ask("/ping", closed)).text()).toBe("OK");
  });

  it("[OPT1] [HTTP3] tells its log which option is wrong, and its peers nothing", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = await ask("/ping", { ...env, "msg-timeout": "soon" });
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 500,
      body: { message: "INVALID_CONFIGURATION" },
    });
    expect(String(logged.mock.calls[0]?.[1])).toContain("--msg-timeout");
    logged.mockRestore();
  });
});

describe("/stats", () => {
  it("[STAT1] lists a connection that publishes to several topics once, with all its counts", async () => {
    const producer = await connect("/v2");
    producer.send("IDENTIFY", JSON.stringify({ client_id: "p" }));
    for (const topic of ["a", "b", "a"]) producer.send(`PUB ${topic}`, "x");
    for (let i = 0; i < 4; i++) await producer.next();
    const response = await exports.default.fetch("http://broker/stats?format=json");
    const { producers } = (await response.json()) as { producers: { client_id: string; pub_counts: unknown }[] };
    expect(producers).toMatchObject([
      {
        client_id: "p",
        pub_counts: [
          { topic: "a", count: 2 },
          { topic: "b", count: 1 },
        ],
      },
    ]);
  });

  it("[STAT1] counts the deferred messages that a channel has not taken as deferred", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    await publish("t", "now");
    await publish("t", "later", 60_000);
    expect(await channelStats("t", "c")).toMatchObject({ depth: 1, deferred_count: 1, message_count: 2 });
  });

  it("[LOG6] counts nothing that was dropped before it was fanned out", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    await publish("t", "kept");
    await post("/topic/pause?topic=t");
    await publish("t", "dropped");
    await post("/topic/empty?topic=t");
    await post("/topic/unpause?topic=t");
    await publish("t", "kept, too");
    expect(await channelStats("t", "c")).toMatchObject({ depth: 2, message_count: 2 });
    const client = await connect(direct("t", "c"));
    client.send("SUB t c");
    await client.next();
    client.send("RDY 5");
    expect((await client.messages(2)).map(({ body }) => body)).toEqual(["kept", "kept, too"]);
    expect(await client.settled()).toEqual([]);
  });
});
