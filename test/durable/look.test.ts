// Looking into the objects of a topic and a channel, and dealing with single messages there.

import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import type { LookOrder, MessagePage } from "../../src/durable/topic-look.ts";
import { fromUtf8 } from "../../src/protocol/bytes.ts";
import { parseMessageId } from "../../src/protocol/message-id.ts";
import type { MessageList } from "../../src/queue/look.ts";
import { channelStats, channelStub, post, publish, topicStub, until } from "./broker-api.ts";
import { alarmOf, kill } from "./objects.ts";
import { type ReceivedMessage, V2Client } from "./v2-client.ts";

const HOUR = 60 * 60_000;
const open: V2Client[] = [];

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function consumer(identify: object = {}): Promise<V2Client> {
  const client = await V2Client.consumer("t", "c", identify);
  open.push(client);
  return client;
}

async function create(): Promise<void> {
  await post("/topic/create?topic=t");
  await post("/channel/create?topic=t&channel=c");
}

async function look(
  list: MessageList,
  order: Partial<LookOrder> = {},
  channel: string | null = "c",
): Promise<MessagePage> {
  const page = await topicStub("t").look(channel, { list, place: null, limit: 50, search: "", ...order });
  if (typeof page === "string") throw new Error(page);
  return page as MessagePage;
}

function seqOf(id: string): number {
  return parseMessageId(new TextEncoder().encode(id), 0, 0);
}

/** Rows that an object has written, all of it. */
function changes(stub: ReturnType<typeof topicStub> | ReturnType<typeof channelStub>): Promise<number> {
  return runInDurableObject(stub as DurableObjectStub, (_, { storage }) => {
    return storage.sql.exec<{ changes: number }>("SELECT total_changes() AS changes").one().changes;
  });
}

describe("looking", () => {
  it("[LOOK1] wakes nobody but the objects, writes nothing, sets no alarm, and a consumer goes on as before", async () => {
    await create();
    const client = await consumer({ client_id: "me", hostname: "here" });
    client.send("RDY 1");
    for (const body of ["m1", "m2", "m3"]) await publish("t", body);
    const { id } = (await client.next()) as ReceivedMessage;
    await scheduler.wait(50); // the channel saves
    const state = async () => [
      await channelStats("t", "c"),
      await Promise.all([topicStub("t"), channelStub("t", "c")].flatMap((stub) => [changes(stub), alarmOf(stub)])),
    ];
    const before = await state();
    expect((await look("waiting")).messages.map(({ preview }) => fromUtf8(preview))).toEqual(["m2", "m3"]);
    expect((await look("in_flight")).messages).toMatchObject([
      { seq: seqOf(id), attempts: 1, owner: { client_id: "me", hostname: "here" } },
    ]);
    expect((await look("latest", {}, null)).messages).toHaveLength(3);
    expect(await state()).toEqual(before);
    client.send(`FIN ${id}`);
    expect(await client.next()).toMatchObject({ body: "m2", attempts: 1 });
  });

  it("[LOOK2] a channel that nobody has touched shows what waits for it", async () => {
    await create();
    await publish("t", "m1");
    await publish("t", "d2", HOUR);
    expect((await look("waiting")).messages).toMatchObject([{ attempts: 0, size: 2 }]);
    expect((await look("deferred")).messages).toMatchObject([{ attempts: 0, size: 2 }]);
    expect((await look("in_flight")).messages).toEqual([]);
  });

  it("[LOOK2] what does not exist is said to be missing", async () => {
    const order: LookOrder = { list: "waiting", place: null, limit: 1, search: "" };
    expect(await topicStub("t").look(null, order)).toBe("no-topic");
    await post("/topic/create?topic=t");
    expect(await topicStub("t").look("c", order)).toBe("no-channel");
    expect(await topicStub("t").body(null, 1, null)).toBe(null);
  });
});

describe("an operator", () => {
  it.each([
    [
      "finishes a message of",
      { depth: 1 },
      async (seq: number) => {
        await topicStub("t").intervene("c#ephemeral", { intervention: "finish", seq, due: null });
      },
    ],
    [
      "empties",
      { depth: 0 },
      async () => {
        await topicStub("t").emptyChannel("c#ephemeral");
      },
    ],
  ])(
    "[CHN22] %s an ephemeral channel whose messages nobody took: a sleep brings nothing back",
    async (_, counts, act) => {
      const client = await V2Client.consumer("t", "c#ephemeral");
      open.push(client);
      await publish("t", "m1");
      await publish("t", "m2");
      await scheduler.wait(100); // what the connections know is kept
      const page = await topicStub("t").look("c#ephemeral", { list: "waiting", place: null, limit: 9, search: "" });
      if (typeof page === "string") throw new Error(page);
      await act(page.messages[0]?.seq ?? 0);
      await scheduler.wait(100);
      await evictDurableObject(channelStub("t", "c#ephemeral"));
      expect(await channelStats("t", "c#ephemeral")).toMatchObject(counts);
    },
  );

  it("[CHN22] finishes a message in flight: its consumer is told so when it answers, and gets the next", async () => {
    await create();
    const client = await consumer();
    client.send("RDY 1");
    await publish("t", "m1");
    const { id } = (await client.next()) as ReceivedMessage;
    expect(await topicStub("t").intervene("c", { intervention: "finish", seq: seqOf(id), due: null })).toBe("done");
    await publish("t", "m2");
    expect(await client.next()).toMatchObject({ body: "m2" });
    client.send(`FIN ${id}`);
    expect(await client.next()).toMatchObject({ error: expect.stringContaining("E_FIN_FAILED") });
    expect(await topicStub("t").intervene("c", { intervention: "finish", seq: seqOf(id), due: null })).toBe(
      "no-message",
    );
  });

  it("[CHN22] what it did survives that the objects are killed at once", async () => {
    await create();
    for (const body of ["m1", "m2", "m3"]) await publish("t", body);
    await publish("t", "d4", HOUR);
    await publish("t", "d5", HOUR);
    const [, second] = (await look("waiting")).messages;
    const [fourth, fifth] = (await look("deferred")).messages;
    if (!second || !fourth || !fifth) throw new Error("they were published");
    await topicStub("t").intervene("c", { intervention: "finish", seq: second.seq, due: null });
    await topicStub("t").intervene("c", { intervention: "requeue", seq: fourth.seq, due: fourth.due });
    await topicStub("t").intervene("c", { intervention: "finish", seq: fifth.seq, due: fifth.due });
    await kill(channelStub("t", "c"));
    await kill(topicStub("t"));
    expect(await channelStats("t", "c")).toMatchObject({ depth: 3, deferred_count: 0 });
    const client = await consumer();
    client.send("RDY 9");
    const bodies = (await client.messages(3)).map(({ body }) => body);
    expect(bodies.sort()).toEqual(["d4", "m1", "m3"]);
  });

  it("[CHN22] reads the body of a message that only the channel has, cancels it, and it is gone for good", async () => {
    await create();
    const client = await consumer();
    client.send("RDY 1");
    await publish("t", "m1");
    const { id } = (await client.next()) as ReceivedMessage;
    client.send(`REQ ${id} ${HOUR}`);
    await until(
      () => channelStats("t", "c"),
      ({ deferred_count }) => deferred_count === 1,
    );
    const [message] = (await look("deferred")).messages;
    expect(message).toMatchObject({ seq: seqOf(id), attempts: 1 });
    const due = message?.due ?? 0;
    expect(fromUtf8((await topicStub("t").body("c", seqOf(id), due)) as Uint8Array)).toBe("m1");
    expect(await topicStub("t").intervene("c", { intervention: "finish", seq: seqOf(id), due: due })).toBe("done");
    await kill(channelStub("t", "c"));
    expect(await channelStats("t", "c")).toMatchObject({ depth: 0, deferred_count: 0, in_flight_count: 0 });
  });
});
