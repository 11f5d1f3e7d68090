import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { channelStats, channelStub, post, topicStub, until } from "./broker-api.ts";
import { direct, V2Client } from "./v2-client.ts";

const FULL = { status: 503, text: '{"message":"TOPIC_FULL"}' };
const OK = { status: 200, text: "OK" };
/** Far less than the limit, which is as low as it can be. */
const BODY = "x".repeat(100_000);

const open: V2Client[] = [];

beforeEach(async () => {
  Object.assign(env, { "max-topic-bytes": "1048576" });
  await post("/topic/create?topic=t");
  await post("/channel/create?topic=t&channel=c");
});

afterEach(async () => {
  Reflect.deleteProperty(env, "max-topic-bytes");
  for (const client of open.splice(0)) client.close();
  await reset();
});

/** Publishes until the topic is full. Returns how many messages it took. */
async function fill(): Promise<number> {
  for (let count = 0; count < 100; count++) {
    const answer = await post("/pub?topic=t", BODY);
    if (answer.status !== 200) {
      expect(answer).toEqual(FULL);
      return count;
    }
  }
  throw new Error("the topic is never full");
}

async function consumer(): Promise<V2Client> {
  const client = await V2Client.consumer("t", "c");
  open.push(client);
  client.send("RDY 100");
  return client;
}

/** Tries again and again, as a producer does. */
async function expectRoom(): Promise<void> {
  await until(
    () => post("/pub?topic=t", "y"),
    ({ status }) => status === 200,
  );
}

describe("a topic that is full", () => {
  it("[LOG8] refuses messages as long as they are not finished, by whatever way they come", async () => {
    const count = await fill();
    expect(count).toBeGreaterThanOrEqual(10);
    expect(count).toBeLessThanOrEqual(21);
    const client = await consumer();
    const messages = await client.messages(count);
    expect(await post("/pub?topic=t", "y")).toEqual(FULL);
    expect(await post("/mpub?topic=t", "y\nz")).toEqual(FULL);
    const text = "failed topic has reached max-topic-bytes";
    for (const path of ["/v2", direct("t"), direct("other"), direct("t", "c")]) {
      const producer = await V2Client.open(path);
      open.push(producer);
      producer.send("PUB t", "y");
      expect([await producer.next(), await producer.next()]).toEqual([
        { error: `E_PUB_FAILED PUB ${text}` },
        { closed: 1000 },
      ]);
    }
    expect(await channelStats("t", "c")).toMatchObject({ in_flight_count: messages.length, depth: 0 });
  });

  it("[LOG8] accepts messages again when those before were finished, without any alarm", async () => {
    const count = await fill();
    const client = await consumer();
    for (const { id } of await client.messages(count)) client.send(`FIN ${id}`);
    expect(await client.settled()).toEqual([]);
    await expectRoom();
    expect((await client.message()).body).toBe("y");
  });

  it("[LOG8] accepts as many as were finished, again and again", async () => {
    const count = await fill();
    const client = await consumer();
    let waiting = await client.messages(count);
    for (let round = 0; round < 3; round++) {
      for (const { id } of waiting) client.send(`FIN ${id}`);
      expect(await client.settled()).toEqual([]);
      await until(
        () => post("/pub?topic=t", BODY),
        ({ status }) => status === 200,
      );
      const more = await fill();
      expect(more).toBeGreaterThanOrEqual(8);
      waiting = await client.messages(1 + more);
    }
  });

  it("[LOG8] accepts messages again when its channel was emptied, or deleted", async () => {
    await fill();
    await post("/channel/empty?topic=t&channel=c");
    await expectRoom();
    await fill();
    await post("/channel/delete?topic=t&channel=c");
    await expectRoom();
  });

  it("[LOG8] accepts messages again when its alarm rang", async () => {
    const count = await fill();
    const client = await consumer();
    for (const { id } of await client.messages(count)) client.send(`FIN ${id}`);
    expect(await client.settled()).toEqual([]);
    await evictDurableObject(channelStub("t", "c")); // waits for the save
    expect(await runDurableObjectAlarm(topicStub("t"))).toBe(true);
    expect(await post("/pub?topic=t", "y")).toEqual(OK);
  });
});
