// Heartbeats of clients behind the gateway: those who do not read, or say nothing, are closed, and those who are slow are not.

import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, describe, it, type TestContext } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { identify, MAGIC, pub, times } from "./commands.ts";
import { channelStats } from "./stats.ts";

const HEARTBEAT_MS = 1_000;
const HEARTBEATS = identify({ heartbeat_interval: HEARTBEAT_MS });
/** Two intervals, and what a client that is closed may take to read what it was sent before; and some more. */
const DISCONNECTED_WITHIN_MS = 2 * HEARTBEAT_MS + 5_000 + 3_000;
const CHANNEL = "ch";
const MB = 1_000_000;
/** Messages of 1 MB: more than the buffers of a connection hold. */
const COUNT = 14;
/** The same, beside those that are read. */
const COUNT_BESIDE = 24;

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

let topics = 0;

describe.concurrent("a consumer on TCP that asked for heartbeats", () => {
  it.for<[string, boolean]>([
    ["goes on talking", true],
    ["says nothing", false],
  ])("[HB1] is disconnected when it reads nothing and %s", async ([, talks], { expect, onTestFinished }) => {
    const topic = await createTopic(expect, COUNT);
    const client = await Client.open(broker.tcp);
    onTestFinished(() => client.close());
    client.write(Buffer.concat([HEARTBEATS, Buffer.from(`SUB ${topic} ${CHANNEL}\n`)]));
    await expect.poll(() => client.replies).toEqual(["OK", "OK"]);
    client.pause();
    client.ready(COUNT);
    const isDisconnected = async () => {
      // Who neither reads nor writes learns nothing of the end.
      if (talks || (await clientCount(topic)) === 0) client.write("NOP\n");
      return client.isClosed;
    };
    await expect.poll(isDisconnected, { timeout: DISCONNECTED_WITHIN_MS, interval: 100 }).toBe(true);
    expect(await clientCount(topic)).toBe(0);
  });

  it("[DOOR3] stays when it reads slowly, though the broker has far more for it", async ({
    expect,
    onTestFinished,
  }) => {
    const topic = await createTopic(expect, COUNT_BESIDE);
    const [host, port] = broker.tcp.split(":");
    const socket = net.connect({ host: host as string, port: Number(port), noDelay: true });
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    socket.write(Buffer.concat([MAGIC, HEARTBEATS, Buffer.from(`SUB ${topic} ${CHANNEL}\nRDY ${COUNT_BESIDE}\n`)]));
    const nops = setInterval(() => socket.write("NOP\n"), HEARTBEAT_MS / 2);
    onTestFinished(() => clearInterval(nops));
    await readSlowly(socket, 2 * MB, 10 * MB);
    expect([socket.closed, await clientCount(topic)]).toEqual([false, 1]);
  });
});

describe.concurrent.each(["tcp", "ws"] as const)("a producer on %s", (door) => {
  it("[HB1] has heartbeats when its IDENTIFY waited for a publish, too", async ({ expect, onTestFinished }) => {
    const client = await Client.open(broker[door]);
    onTestFinished(() => client.close());
    client.write(Buffer.concat([pub("with-heartbeats", "x"), HEARTBEATS]));
    const timeout = 3 * HEARTBEAT_MS;
    await expect.poll(() => client.replies, { timeout }).toEqual(["OK", "OK", "_heartbeat_"]);
    await expect.poll(() => client.isClosed, { timeout }).toBe(true);
  });
});

/** A topic with a channel and its messages. */
async function createTopic(expect: TestContext["expect"], count: number): Promise<string> {
  const topic = `heartbeats-${topics++}`;
  await post(`/topic/create?topic=${topic}`);
  await post(`/channel/create?topic=${topic}&channel=${CHANNEL}`);
  const producer = await Client.open(broker.tcp);
  producer.write(times(count, pub(topic, Buffer.alloc(MB, "x"))));
  await expect.poll(() => producer.replies, { timeout: 10_000 }).toEqual(Array(count).fill("OK"));
  producer.close();
  return topic;
}

/** Reads `total` bytes, or less when the connection ends, at so many a second. */
async function readSlowly(socket: net.Socket, rate: number, total: number): Promise<void> {
  const start = performance.now();
  socket.on("readable", () => {}); // what comes is kept until it is read
  for (let read = 0; read < total && !socket.closed; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const due = Math.ceil(((performance.now() - start) / 1_000) * rate) - read;
    const data: Buffer | null = socket.read(Math.min(due, socket.readableLength));
    read += data?.length ?? 0;
  }
}

async function clientCount(topic: string): Promise<number | undefined> {
  return (await channelStats(broker.http, topic, CHANNEL))?.client_count;
}

async function post(path: string): Promise<void> {
  const response = await fetch(broker.http + path, { method: "POST" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}
