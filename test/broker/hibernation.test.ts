// Idle is free: objects sleep with the sockets of their clients open, and go on as before.

import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { pub } from "./commands.ts";
import { channelStats } from "./stats.ts";
import { createWatchedBundle, livesOf, type ObjectKind } from "./watched-bundle.ts";

const TOPIC = "idle";
const CHANNEL = "ch";
const DIRECT = 1_000;
const BEHIND_GATEWAY = 5;
const CONSUMERS = DIRECT + BEHIND_GATEWAY + 1;
/** The runtime lets an object sleep when nothing has happened to it for 10 s. */
const IDLE_MS = 11_000;
const MAX_NAPS = 4;
const POLL = { timeout: 20_000 };

let bundleDir: string;
let broker: BrokerProcess;
const clients: Client[] = [];

beforeAll(async () => {
  bundleDir = await createWatchedBundle();
  broker = await startBroker({ bundleDir });
});

afterAll(async () => {
  for (const client of clients) client.close();
  await broker.stop();
  await rm(bundleDir, { recursive: true });
});

interface IdleConsumer {
  readonly client: Client;
  /** The ids of the messages it was sent. */
  readonly held: string[];
}

async function openConsumer(address: string): Promise<IdleConsumer> {
  const client = await Client.open(address);
  clients.push(client);
  client.finishes = false;
  const held: string[] = [];
  client.onMessage = (_, id) => held.push(id);
  await client.subscribe(TOPIC, CHANNEL);
  client.ready(1);
  return { client, held };
}

async function publishOneForEach(): Promise<void> {
  const body = Array.from({ length: CONSUMERS }, (_, i) => `m${i}`).join("\n");
  const response = await fetch(`${broker.http}/mpub?topic=${TOPIC}`, { method: "POST", body });
  expect(await response.text()).toBe("OK");
}

/** What does not go to sleep in that time is left alone for longer: waiting too short is no failure, only never sleeping is. */
async function untilNextLife(kind: ObjectKind, wake: () => Promise<void>): Promise<void> {
  const before = livesOf(kind, broker.log);
  for (let nap = 0; nap < MAX_NAPS; nap++) {
    await sleep(IDLE_MS * (nap + 1));
    await wake();
    if (livesOf(kind, broker.log) > before) return;
  }
  throw new Error(`no ${kind} ever slept`);
}

describe("a channel with a thousand consumers", () => {
  it("[DUR7] [DUR4] sleeps under all of them, and each can finish what it had and gets its next message", {
    timeout: 300_000,
  }, async () => {
    const gateways = [...Array(BEHIND_GATEWAY).fill(broker.ws), broker.tcp];
    const direct = Array(DIRECT).fill(`${broker.ws}?topic=${TOPIC}&channel=${CHANNEL}`);
    const consumers = await Promise.all([...direct, ...gateways].map(openConsumer));
    await expect
      .poll(async () => (await channelStats(broker.http, TOPIC, CHANNEL))?.client_count, POLL)
      .toBe(CONSUMERS);
    await publishOneForEach();
    await expect.poll(() => consumers.every(({ held }) => held.length === 1), POLL).toBe(true);

    const producer = await Client.open(`${broker.ws}?topic=${TOPIC}`);
    clients.push(producer);
    producer.write(pub("other", "x")); // a producer's socket is open, too
    await expect.poll(() => producer.replies, POLL).toEqual(["OK"]);

    await untilNextLife("Channel", async () => {
      for (const { client, held } of consumers) client.write(`FIN ${held.at(-1)}\n`);
      const rounds = consumers[0]?.held.length ?? 0;
      await publishOneForEach();
      await expect.poll(() => consumers.every(({ held }) => held.length === rounds + 1), POLL).toBe(true);
    });
    expect(livesOf("Topic", broker.log), "the topic slept, too").toBeGreaterThan(2); // two topics began their first ones
    expect(consumers.flatMap(({ client }) => client.replies.filter((reply) => reply !== "OK"))).toEqual([]);
    expect(new Set(consumers.flatMap(({ held }) => held)).size, "none came twice").toBe(
      consumers.flatMap(({ held }) => held).length,
    );
    const stats = await channelStats(broker.http, TOPIC, CHANNEL);
    expect(stats).toMatchObject({
      client_count: CONSUMERS,
      in_flight_count: CONSUMERS,
      depth: 0,
      requeue_count: 0,
      timeout_count: 0,
    });
  });
});
