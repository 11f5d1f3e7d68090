// Storage that is full, as SQLite itself says it: what a test throws in its place would not end the object, as the real error does
// unless the statement is worded for it.

import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { channelStats, channelStub, post, publish, stats, topicStub } from "./broker-api.ts";
import { mark, type Stub } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const FULL = { status: 503, text: '{"message":"STORAGE_FULL"}' };
const INTERNAL_ERROR = { status: 500, text: '{"message":"INTERNAL_ERROR"}' };
const OK = { status: 200, text: "OK" };
const HOUR_MS = 3_600_000;
/** Messages that fill several pages. */
const COUNT = 50;
const PAGE_SIZE = 4096;
const UNLIMITED = 2 ** 31 - 2;
/** More than fits into pages that are there anyway. */
const BODY = "x".repeat(100_000);

const open: V2Client[] = [];

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => {}); // what could not be written is logged
  await post("/topic/create?topic=t");
  await post("/channel/create?topic=t&channel=c");
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

/** Lets the database of an object grow by so many bytes, and no more, as long as the object lives. */
async function limitGrowth(stub: Stub, bytes: number): Promise<void> {
  await runInDurableObject(stub as DurableObjectStub, (_, { storage: { sql } }) => {
    const pages = Math.ceil((sql.databaseSize + bytes) / PAGE_SIZE);
    (sql as unknown as { setMaxPageCountForTest(count: number): void }).setMaxPageCountForTest(
      Math.min(UNLIMITED, pages),
    );
  });
}

async function fillUp(stub: Stub): Promise<void> {
  await limitGrowth(stub, 0);
}

async function makeRoom(stub: Stub): Promise<void> {
  await limitGrowth(stub, Number.POSITIVE_INFINITY);
}

async function opened(path: string): Promise<V2Client> {
  const client = await V2Client.open(path);
  open.push(client);
  return client;
}

async function consumer(rdy: number): Promise<V2Client> {
  const client = await V2Client.consumer("t", "c");
  open.push(client);
  client.send(`RDY ${rdy}`);
  return client;
}

describe("a topic whose storage is full", () => {
  it("[DUR10] [LOG8] refuses messages by whatever way they come, and lives on", async () => {
    await publish("t", "x");
    const bystander = await opened(direct("t"));
    bystander.send("PUB t", "x");
    expect(await bystander.next()).toEqual({ response: "OK" });
    await fillUp(topicStub("t"));
    const isSame = await mark(topicStub("t"));
    expect(await post("/pub?topic=t", BODY)).toEqual(FULL);
    expect(await post("/mpub?topic=t", `${BODY}\n${BODY}`)).toEqual(FULL);
    for (const path of ["/v2", direct("t"), direct("other"), direct("t", "c")]) {
      const producer = await opened(path);
      producer.send("PUB t", BODY);
      expect([await producer.next(), await producer.next()]).toEqual([
        { error: "E_PUB_FAILED PUB failed storage is full" },
        { closed: 1000 },
      ]);
    }
    expect([await isSame(), bystander.closedWith]).toEqual([true, null]);
    await makeRoom(topicStub("t"));
    expect(await post("/pub?topic=t", BODY)).toEqual(OK);
    expect(await channelStats("t", "c")).toMatchObject({ depth: 3 });
  });

  it("[DUR10] goes on serving what it has", async () => {
    const bodies = Array.from({ length: 20 }, (_, i) => `m${i}`);
    for (const body of bodies) await publish("t", body);
    await fillUp(topicStub("t"));
    const client = await consumer(3);
    const received: string[] = [];
    while (received.length < bodies.length) {
      expect(await post("/pub?topic=t", BODY)).toEqual(FULL);
      const { id, body, attempts } = await client.message();
      expect(attempts).toBe(1);
      received.push(body);
      client.send(`FIN ${id}`);
    }
    expect(received).toEqual(bodies);
    await client.settled();
    expect(await channelStats("t", "c")).toMatchObject({ depth: 0, in_flight_count: 0, message_count: 20 });
  });

  it("[DUR10] stores the messages of an MPUB all or not at all, over several rows, too", async () => {
    await limitGrowth(topicStub("t"), 2_500_000);
    const million = "x".repeat(1_000_000);
    const bodies = [million, million, million, million].join("\n");
    expect(await post("/mpub?topic=t", bodies)).toEqual(FULL);
    expect(await channelStats("t", "c")).toMatchObject({ depth: 0, message_count: 0 });
    expect(await post("/mpub?topic=t", "a\nb")).toEqual(OK);
    const client = await consumer(10);
    expect((await client.messages(2)).map(({ body }) => body)).toEqual(["a", "b"]);
    expect(await client.settled()).toEqual([]);
  });

  it("[DUR10] keeps a row that has no room to be overwritten", async () => {
    const client = await consumer(1);
    await publish("t", "old");
    client.send(`FIN ${(await client.message()).id}`);
    await client.settled();
    await expect.poll(async () => (await channelStats("t", "c")).in_flight_count).toBe(0);
    await publish("t", "next"); // tells the topic how far the channel has saved
    client.send(`FIN ${(await client.message()).id}`);
    await client.settled();
    await fillUp(topicStub("t"));
    const isSame = await mark(topicStub("t"));
    for (let i = 0; i < 3; i++) expect(await post("/pub?topic=t", BODY)).toEqual(FULL);
    expect(await isSame()).toBe(true);
    await publish("t", "small"); // fits into the row
    expect((await client.message()).body).toBe("small");
  });

  it("[DUR10] carries out an order wholly or not at all, and says so", async () => {
    await publish("t", "x");
    await fillUp(topicStub("t"));
    const before = await stats("t");
    const made: string[] = [];
    for (let answer = { status: 200, text: "" }; answer.status === 200; ) {
      const name = `${made.length}`.padStart(64, "c");
      answer = await post(`/channel/create?topic=t&channel=${name}`);
      if (answer.status === 200) made.push(name);
      else expect(answer).toEqual(INTERNAL_ERROR);
    }
    const after = await stats("t");
    expect(after?.channels.map(({ channel_name }) => channel_name)).toEqual([...made, "c"].sort());
    expect(after?.channels.find(({ channel_name }) => channel_name === "c")).toEqual(before?.channels[0]);
    expect(await post("/pub?topic=t", "y")).toEqual(OK);
  });
});

describe("a channel whose storage is full", () => {
  it("[DUR10] [DUR5] goes on from what it has saved: nothing is lost, and attempts never fall", async () => {
    const client = await consumer(COUNT);
    for (let i = 0; i < COUNT; i++) await publish("t", `m${i}`.padEnd(1_000));
    const first = await client.messages(COUNT);
    for (const { id } of first) client.send(`REQ ${id} 0`);
    const second = await client.messages(COUNT);
    await fillUp(channelStub("t", "c"));
    for (const { id } of second) client.send(`REQ ${id} ${HOUR_MS}`); // the channel holds them itself from now on
    while (!("closed" in (await client.next())));
    const third = await (await consumer(COUNT)).messages(COUNT);
    expect(new Set(third.map(({ body }) => body))).toEqual(new Set(first.map(({ body }) => body)));
    for (const { attempts } of third) expect(attempts).toBeGreaterThanOrEqual(2);
  });
});
