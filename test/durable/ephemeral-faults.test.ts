// Each fault of the calls that are made for ephemeral topics and channels only.

import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Random } from "../helpers/random.ts";
import { channelStub, publish, stats, topicStub, until } from "./broker-api.ts";
import { CALLS } from "./fault-points.ts";
import { Faults } from "./faults.ts";
import { checkFrame, ring } from "./model-orders.ts";
import { direct, V2Client } from "./v2-client.ts";

const TOPIC = "t#ephemeral";
const CHANNEL = "c#ephemeral";
const ROUNDS = 10;
const AT_LAST = Number.POSITIVE_INFINITY;

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // faults are logged
});

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** A consumer of the channel; null when it is about to be removed. */
async function connect(): Promise<V2Client | null> {
  const client = await V2Client.open(direct(TOPIC, CHANNEL));
  client.send(`SUB ${TOPIC} ${CHANNEL}`);
  const received = await client.next();
  checkFrame(received);
  return "response" in received ? client : null;
}

/** Publishes, and sees the message come; false when the channel of an earlier consumer was removed meanwhile. */
async function deliver(client: V2Client, body: string): Promise<boolean> {
  await publish(TOPIC, body);
  const received = await client.next();
  if ("closed" in received) return false;
  expect(received).toMatchObject({ body, attempts: 1 });
  client.send(`FIN ${(received as { id: string }).id}`);
  expect((await client.settled()).filter((one) => !("closed" in one))).toEqual([]);
  return client.closedWith === null;
}

async function ringAll(): Promise<void> {
  await ring(() => channelStub(TOPIC, CHANNEL), AT_LAST);
  await ring(() => topicStub(TOPIC), AT_LAST);
}

const calls = CALLS.filter(({ run }) => run === "ephemeral").flatMap((point) =>
  point.faults.map((fault) => ({ ...point, fault, point })),
);

describe("an ephemeral topic", () => {
  it.each(calls)("[DUR8] serves while it has consumers and then goes, though $method is $fault", async (each) => {
    const { point, fault, method } = each;
    const random = new Random(1);
    const faults = Faults.ofCall(point, fault, random);
    let delivered = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const client = await connect();
      if (client) {
        client.send("RDY 1");
        for (let i = 0; i < 3 && (await deliver(client, `${round}/${i}`)); i++) delivered++;
        if (client.closedWith === null) client.close();
      }
      if (random.chance(50)) await scheduler.wait(1); // others come before the last one is known to be gone
      if (random.chance(50)) faults.release();
    }
    faults.stop();
    expect(faults.count, `${method} was never met`).toBeGreaterThan(0);
    expect(delivered).toBeGreaterThanOrEqual(ROUNDS);
    const isGone = async () => {
      await ringAll();
      return (await stats(TOPIC)) === null;
    };
    await until(isGone, (gone) => gone);
  });
});
