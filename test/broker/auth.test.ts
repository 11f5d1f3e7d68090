// A broker behind an auth server of NSQ's, with unmodified clients.

import { once } from "node:events";
import net from "node:net";
import { type Message, Reader, type ReaderOptions, Writer } from "nsqjs";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { BrokerProcess } from "../../scripts/broker.ts";
import { NsqAuthServer, startBehind } from "./auth-server.ts";
import { Client } from "./client.ts";
import { channelStats } from "./stats.ts";

const POLL = { timeout: 20_000, interval: 20 };
const ALL = [".*"];

const server = new NsqAuthServer({
  "secret-of-alice": {
    ttl: 3600,
    identity: "alice",
    authorizations: [{ topic: "^orders$", channels: ALL, permissions: ["publish", "subscribe"] }],
  },
  "secret-of-bob": {
    ttl: 3600,
    identity: "bob",
    authorizations: [{ topic: "^orders$", channels: ["^billing$"], permissions: ["subscribe", "read"] }],
  },
  "secret-of-carol": {
    ttl: 1,
    identity: "carol",
    authorizations: [{ topic: ".*", channels: ALL, permissions: ["publish", "subscribe"] }],
  },
});

let broker: BrokerProcess;
const ends: (() => void)[] = [];

beforeAll(async () => {
  broker = await startBehind(server);
});
afterAll(async () => {
  await broker?.stop();
  await server.stop();
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function connectWriter(authSecret?: string): Promise<Writer> {
  const [host = "", port] = broker.tcp.split(":");
  const writer = new Writer(host, Number(port), authSecret === undefined ? {} : { authSecret });
  ends.push(() => writer.close());
  writer.connect();
  await once(writer, "ready");
  return writer;
}

function publish(writer: Writer, topic: string, body: string): Promise<Error | undefined> {
  return new Promise((resolve) => writer.publish(topic, body, (error) => resolve(error ?? undefined)));
}

function read(channel: string, options: ReaderOptions) {
  const reader = new Reader("orders", channel, { nsqdTCPAddresses: [broker.tcp], ...options });
  const seen = { bodies: [] as string[], errors: [] as string[], ready: once(reader, "ready") };
  seen.ready.catch(() => {}); // it is in `errors`
  reader.on("message", (message: Message) => {
    seen.bodies.push(message.body.toString());
    message.finish();
  });
  reader.on("error", (error: Error) => seen.errors.push(error.message));
  ends.push(() => reader.close());
  reader.connect();
  return seen;
}

describe("nsqjs with authSecret", () => {
  it("[AUT1] [AUTH4] publishes and consumes", async () => {
    const alice = await connectWriter("secret-of-alice");
    expect(await publish(alice, "orders", "hello")).toBeUndefined();
    const bob = read("billing", { authSecret: "secret-of-bob" });
    await vi.waitFor(() => expect(bob).toMatchObject({ bodies: ["hello"], errors: [] }), POLL);
    expect(server.asked).toContainEqual({
      common_name: "",
      remote_ip: "127.0.0.1",
      secret: "secret-of-alice",
      tls: "false",
    });
    const stats = await channelStats(broker.http, "orders", "billing", { Authorization: "Bearer secret-of-bob" });
    expect(stats?.clients).toMatchObject([{ authed: true, auth_identity: "bob" }]);
  });

  it("[AUT2] is told what it may not do", async () => {
    const writer = await connectWriter("secret-of-alice");
    writer.on("error", () => {}); // it is the callback's
    expect((await publish(writer, "other", "x"))?.message).toContain("E_UNAUTHORIZED");
    const bob = read("shipping", { authSecret: "secret-of-bob" });
    await vi.waitFor(() => expect(bob.errors.join()).toContain("E_UNAUTHORIZED"), POLL);
  });

  it.each([
    ["without a secret", {}, "E_AUTH_FIRST"],
    ["with one that nobody has", { authSecret: "guess" }, "E_AUTH_FAILED"],
  ])("[AUT1] [AUT2] is refused %s", async (_, options, code) => {
    const reader = read("billing", options);
    await vi.waitFor(() => expect(reader.errors.join()).toContain(code), POLL);
    expect(reader.bodies).toEqual([]);
  });
});

describe("an auth server that is down", () => {
  it("[AUTH4] [AUT3] lets nobody in, ends whose ttl is over, and leaves others be", { timeout: 60_000 }, async () => {
    const alice = await connectWriter("secret-of-alice");
    const carol = await connectWriter("secret-of-carol");
    carol.on("error", () => {});
    const bob = read("outage", { authSecret: "secret-of-alice" });
    await bob.ready;
    expect(await publish(alice, "orders", "before")).toBeUndefined();
    await vi.waitFor(() => expect(bob.bodies).toEqual(["before"]), POLL);
    await server.stop();
    const late = read("billing", { authSecret: "secret-of-bob" });
    await vi.waitFor(() => expect(late.errors.join()).toContain("E_AUTH_FAILED"), POLL);
    expect(await publish(alice, "orders", "meanwhile")).toBeUndefined();
    await vi.waitFor(() => expect(bob.bodies).toEqual(["before", "meanwhile"]), POLL);
    await vi.waitFor(
      async () => expect((await publish(carol, "orders", "x"))?.message).toContain("E_AUTH_FAILED"),
      POLL,
    );
    const status = async () =>
      (await fetch(`${broker.http}/lookup?topic=orders`, { headers: { Authorization: "Bearer unknown" } })).status;
    expect(await status()).toBe(503);
    await server.start();
    expect(await publish(await connectWriter("secret-of-alice"), "orders", "after")).toBeUndefined();
    expect(await status()).toBe(401);
  });
});

describe("V1 over TCP", () => {
  it("[AUTH8] is refused with the reason, as it has no AUTH", async () => {
    const [host = "", port] = broker.tcp.split(":");
    const socket = net.connect(Number(port), host);
    socket.write("  V1IDENTIFY\n");
    const received: Buffer[] = [];
    for await (const chunk of socket) received.push(chunk as Buffer);
    const reply = Buffer.concat(received);
    expect(reply.readInt32BE(0)).toBe(reply.length - 4);
    expect(reply.subarray(4).toString()).toBe(
      "E_UNAUTHORIZED this broker takes registrations over WebSocket only, at /v1 with a token",
    );
  });
});

describe("a client on a WebSocket", () => {
  it("[AUTH8] that does not say who it is may do nothing", async () => {
    const client = await Client.open(broker.ws);
    await expect(client.subscribe("orders", "billing")).rejects.toThrow("E_AUTH_FIRST AUTH required before SUB");
    await expect(Client.open(`${broker.ws}?topic=orders&channel=billing`)).rejects.toThrow("401");
  });
});

describe("the log", () => {
  it("[AUTH12] holds no secret, and no cause", () => {
    expect(broker.log).not.toMatch(/secret-of|guess|stack|TypeError/);
  });
});
