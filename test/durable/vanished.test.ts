// Consumers that are gone though nobody closed their connection: they are found out by what times out.

import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { introduce } from "../../src/durable/introduction.ts";
import { gatewayDefaults } from "../../src/limits.ts";
import { parseOptions } from "../../src/options.ts";
import { fromByteString } from "../../src/protocol/bytes.ts";
import { initialSettings } from "../../src/session/connection.ts";
import { ARE_YOU_THERE } from "../../src/session/link-control.ts";
import { channelStats, channelStub, publish, until } from "./broker-api.ts";
import { V2Client } from "./v2-client.ts";

const START = 1_800_000_000_000;
const MSG_TIMEOUT_MS = 60_000;
const POLICY_VIOLATION = 1008;
const CHANNEL = () => channelStub("t", "c");

const open: { close(): void }[] = [];

beforeEach(() => {
  // Time stands still until a test moves it.
  vi.useFakeTimers({ toFake: ["Date"], now: START });
});

afterEach(async () => {
  vi.useRealTimers();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function directConsumer(msgTimeoutMs = MSG_TIMEOUT_MS): Promise<V2Client> {
  const client = await V2Client.consumer("t", "c", { msg_timeout: msgTimeoutMs });
  open.push(client);
  client.send("RDY 1");
  await client.settled();
  return client;
}

/** Moves the clock, and lets the channel do what has fallen due. */
async function wait(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await evictDurableObject(CHANNEL()); // waits for what the channel has still to save
  await runDurableObjectAlarm(CHANNEL());
}

/** Lets the only message time out, and takes it again with so many attempts. */
async function timeOut(client: V2Client, attempts: number, msgTimeoutMs = MSG_TIMEOUT_MS): Promise<string> {
  await wait(msgTimeoutMs);
  const message = await client.message();
  expect(message.attempts).toBe(attempts);
  return message.id;
}

describe("a consumer on the direct path that is silent while its messages time out", () => {
  it("[CHN21] is given up after three of them, and others get what it would have had", async () => {
    const vanished = await directConsumer();
    await publish("t", "x");
    expect(await vanished.message()).toMatchObject({ attempts: 1 });
    await timeOut(vanished, 2);
    await timeOut(vanished, 3);
    await wait(MSG_TIMEOUT_MS);
    expect(await vanished.next()).toEqual({ closed: POLICY_VIOLATION });
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 0, depth: 1, in_flight_count: 0 });
    const other = await V2Client.consumer("t", "c");
    open.push(other);
    other.send("RDY 1");
    expect(await other.message()).toMatchObject({ body: "x", attempts: 4 });
  });

  it("[CHN21] [DUR7] costs nothing more from then on: the channel has no alarm", async () => {
    const vanished = await directConsumer();
    await publish("t", "x");
    await vanished.message();
    for (const attempts of [2, 3]) await timeOut(vanished, attempts);
    await wait(MSG_TIMEOUT_MS);
    await evictDurableObject(CHANNEL());
    expect(await runDurableObjectAlarm(CHANNEL())).toBe(false);
  });

  it.each(["NOP", "RDY 1", "FIN 0123456789abcdef"])("[CHN21] goes on when it says %s in between", async (command) => {
    const slow = await directConsumer();
    await publish("t", "x");
    await slow.message();
    for (let attempts = 2; attempts <= 8; attempts++) {
      await timeOut(slow, attempts);
      slow.send(command);
      await slow.settled();
    }
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 1, in_flight_count: 1 });
  });

  it("[CHN21] goes on for a minute, as short as its msg_timeout may be", async () => {
    const slow = await directConsumer(10_000);
    await publish("t", "x");
    await slow.message();
    for (let attempts = 2; attempts <= 6; attempts++) await timeOut(slow, attempts, 10_000);
    await wait(10_000);
    expect(await slow.next()).toEqual({ closed: POLICY_VIOLATION });
  });

  it("[CHN21] counts as silent once for all that it was sent at a time", async () => {
    const slow = await directConsumer();
    slow.send("RDY 100");
    await slow.settled();
    for (let i = 0; i < 10; i++) await publish("t", `${i}`);
    await slow.messages(10);
    await wait(MSG_TIMEOUT_MS);
    expect((await slow.messages(10)).map(({ attempts }) => attempts)).toEqual(new Array(10).fill(2));
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 1, in_flight_count: 10 });
  });
});

describe("a consumer behind the gateway whose messages time out", () => {
  it("[CHN21] goes on however long it says nothing but what heartbeats want, as the gateway answers for it", async () => {
    const client = await V2Client.open("/v2");
    open.push(client);
    client.send("SUB t c");
    await client.next();
    client.send("RDY 1");
    await client.settled();
    await publish("t", "x");
    await client.message();
    for (let attempts = 2; attempts <= 8; attempts++) await timeOut(client, attempts);
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 1, in_flight_count: 1 });
  });

  it("[CHN21] is given up when there is no gateway any more that would answer", async () => {
    const connection = { id: "gone", remoteAddress: "127.0.0.1:1", connectedAt: START };
    const settings = initialSettings(connection, gatewayDefaults(parseOptions({})));
    const headers = introduce({ connection, gateway: { settings, tellsTaken: false }, identity: null });
    const { webSocket } = await CHANNEL().fetch("https://object/", { headers });
    if (!webSocket) throw new Error("no WebSocket");
    const asked: string[] = [];
    let isClosed = false;
    webSocket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") asked.push(data);
    });
    webSocket.addEventListener("close", () => {
      isClosed = true;
    });
    webSocket.accept();
    webSocket.send(fromByteString("SUB t c\nRDY 1\n"));
    await until(
      () => channelStats("t", "c").catch(() => null),
      (stats) => stats?.clients?.[0]?.ready_count === 1,
    );
    await publish("t", "x");
    for (let round = 1; round <= 3; round++) {
      await until(
        () => channelStats("t", "c"),
        ({ in_flight_count }) => in_flight_count === 1,
      );
      await wait(MSG_TIMEOUT_MS);
    }
    await until(
      async () => isClosed,
      (isClosed) => isClosed,
    );
    expect(asked).toEqual([ARE_YOU_THERE, ARE_YOU_THERE]);
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 0, depth: 1 });
  });
});
