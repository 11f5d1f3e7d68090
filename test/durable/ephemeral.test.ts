import {
  abortAllDurableObjects,
  evictAllDurableObjects,
  evictDurableObject,
  reset,
  runInDurableObject,
} from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { channelStats, channelStub, post, publish, stats, topicStub, until } from "./broker-api.ts";
import { V2Client } from "./v2-client.ts";

const open: V2Client[] = [];

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function consumer(topic: string, channel: string): Promise<V2Client> {
  const client = await V2Client.consumer(topic, channel);
  open.push(client);
  client.send("RDY 5");
  await client.settled();
  return client;
}

/** Takes and finishes one message. */
async function finishOne(client: V2Client): Promise<string> {
  const { id, body } = await client.message();
  client.send(`FIN ${id}`);
  await client.settled();
  return body;
}

describe("an ephemeral topic", () => {
  const topic = "t#ephemeral";

  it("[LOG11] writes no message to storage", async () => {
    await publish(topic, "x");
    const tables = await runInDurableObject(topicStub(topic), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'log'").toArray(),
    );
    expect(tables).toEqual([]);
  });

  it("[DUR4] goes on after a sleep with the same channels and consumers, and counts anew", async () => {
    const client = await consumer(topic, "c");
    await publish(topic, "before");
    expect(await finishOne(client)).toBe("before");
    const { id: idBefore } = await idOfNext(client, topic, "and one more");
    // The channel saves before it sleeps, and tells the topic, which then has no reason to stay awake.
    await evictDurableObject(channelStub(topic, "c"));
    await stats(topic);
    await evictDurableObject(topicStub(topic));
    await publish(topic, "after");
    const { id, body } = await client.message();
    expect(body).toBe("after");
    expect(id > idBefore, "ids rise").toBe(true);
    expect(await stats(topic)).toMatchObject({
      depth: 0,
      message_count: 1,
      channels: [{ channel_name: "c", message_count: 1, depth: 0, in_flight_count: 1 }],
    });
  });

  it("[DUR5] loses its messages with its memory, and nothing else", async () => {
    await publish(topic, "lost");
    await post(`/channel/create?topic=${encodeURIComponent(topic)}&channel=c`);
    await abortAllDurableObjects();
    expect(await stats(topic)).toMatchObject({
      depth: 0,
      message_count: 0,
      channels: [{ depth: 0, message_count: 0 }],
    });
    const client = await consumer(topic, "c");
    await publish(topic, "kept");
    expect(await finishOne(client)).toBe("kept");
  });
});

describe("an ephemeral channel", () => {
  it("[DUR4] goes on after a sleep where it was", async () => {
    const client = await consumer("t", "c#ephemeral");
    await publish("t", "1");
    expect(await finishOne(client)).toBe("1");
    await evictAllDurableObjects();
    await publish("t", "2");
    expect(await finishOne(client)).toBe("2");
    expect(await channelStats("t", "c#ephemeral")).toMatchObject({ depth: 0, in_flight_count: 0, message_count: 2 });
  });

  it("[DUR5] whose consumers were lost in a crash goes when it is next heard of", async () => {
    await consumer("t", "c#ephemeral");
    await consumer("t", "durable");
    await abortAllDurableObjects();
    expect((await stats("t"))?.channels.map(({ channel_name }) => channel_name)).toEqual(["c#ephemeral", "durable"]);
    await publish("t", "x");
    await until(
      () => stats("t"),
      (topic) => topic?.channels.length === 1,
    );
  });

  it("[DUR5] that nobody ever consumed from stays over a crash", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c%23ephemeral");
    await abortAllDurableObjects();
    await publish("t", "x");
    expect(await channelStats("t", "c#ephemeral")).toMatchObject({ depth: 1 });
  });

  it("[CHN17] that falls behind loses the oldest messages", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c%23ephemeral");
    const lines = Array.from({ length: 10_010 }, (_, index) => `m${index}`).join("\n");
    await post("/mpub?topic=t", lines);
    const client = await V2Client.consumer("t", "c#ephemeral");
    open.push(client);
    client.send("RDY 1");
    expect(await client.message()).toMatchObject({ body: "m10" });
    expect(await channelStats("t", "c#ephemeral")).toMatchObject({ depth: 9_999, in_flight_count: 1 });
  });
});

describe("the objects of names that nothing is known of", () => {
  it("[STAT1] are asked without a trace", async () => {
    expect(await stats("never")).toBe(null);
    const tables = await runInDurableObject(topicStub("never"), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
    await publish("t", "x");
    await post("/channel/create?topic=t&channel=c");
    expect(await channelStats("t", "c")).toMatchObject({ depth: 1 });
    const channelTables = await runInDurableObject(channelStub("t", "c"), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(channelTables).toEqual([]);
  });
});

async function idOfNext(client: V2Client, topic: string, body: string): Promise<{ id: string }> {
  await publish(topic, body);
  const { id } = await client.message();
  client.send(`FIN ${id}`);
  await client.settled();
  return { id };
}
