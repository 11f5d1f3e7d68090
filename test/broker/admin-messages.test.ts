// Looking inside topics and channels over the admin API, and dealing with single messages.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import type { Answer, MessagesAnswer, MessageView } from "../../src/admin/api.ts";
import { Client } from "./client.ts";
import { mpub } from "./commands.ts";
import { channelStats } from "./stats.ts";

const HOUR = 60 * 60_000;

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

async function get<T extends Answer = MessagesAnswer>(path: string): Promise<T> {
  const response = await fetch(`${broker.http}/admin/api${path}`);
  return (await response.json()) as T;
}

async function refusal(path: string, init?: RequestInit): Promise<string> {
  const response = await fetch(`${broker.http}/admin/api${path}`, init);
  return `${response.status} ${((await response.json()) as Answer).message}`;
}

async function post(path: string, body?: BodyInit): Promise<string> {
  const response = await fetch(broker.http + path, { method: "POST", ...(body !== undefined && { body }) });
  return `${response.status} ${await response.text()}`;
}

async function publish(topic: string, body: string | Uint8Array<ArrayBuffer>, defer = 0): Promise<void> {
  expect(await post(`/pub?topic=${topic}${defer > 0 ? `&defer=${defer}` : ""}`, body)).toBe("200 OK");
}

async function create(topic: string, channel: string): Promise<void> {
  await post(`/topic/create?topic=${topic}`);
  await post(`/channel/create?topic=${topic}&channel=${channel}`);
}

function text({ preview }: MessageView): string {
  return Buffer.from(preview, "base64").toString();
}

async function intervene(topic: string, message: MessageView, action: string): Promise<string> {
  const body = JSON.stringify({ action, ...(message.due !== null && { due: message.due }) });
  return post(`/admin/api/message/${topic}/ch/${message.id}`, body);
}

describe("/admin/api/messages", () => {
  it("[LOOK2] shows what waits, what is in flight and whose it is, and what is deferred, page by page", async () => {
    await create("pages", "ch");
    for (const body of ["m1", "m2", "m3", "m4"]) await publish("pages", body);
    await publish("pages", "later", HOUR);
    const client = await Client.open(broker.tcp);
    client.finishes = false;
    await client.subscribe("pages", "ch");
    client.ready(1);
    await client.received(1);
    const flying = await get("/messages/pages/ch?list=in_flight");
    expect(flying.messages).toMatchObject([{ attempts: 1, size: 2, client: { remote_address: expect.any(String) } }]);
    const first = await get("/messages/pages/ch?limit=2");
    const second = await get(`/messages/pages/ch?limit=2&page=${first.next}`);
    expect([first, second].map(({ messages }) => messages.map(text))).toEqual([["m2", "m3"], ["m4"]]);
    expect(second.next).toBe(null);
    const [later] = (await get("/messages/pages/ch?list=deferred")).messages;
    expect([later && text(later), later?.attempts, later?.client]).toEqual(["later", 0, null]);
    expect(later?.due).toBeGreaterThan(Date.now() + HOUR / 2);
    client.close();
  });

  it("[LOOK2] follows what is published to a topic, from the end of before", async () => {
    await publish("followed", "m1");
    await publish("followed", "m2");
    const { messages, next } = await get("/messages/followed?list=latest&limit=1");
    expect(messages.map(text)).toEqual(["m2"]);
    expect((await get(`/messages/followed?list=latest&page=${next}`)).messages).toEqual([]);
    await publish("followed", "m3");
    expect((await get(`/messages/followed?list=latest&page=${next}`)).messages.map(text)).toEqual(["m3"]);
  });

  it("[LOOK4] tells 512 bytes of a body unasked, and all of it when asked, as bytes and nothing else", async () => {
    const body = new Uint8Array(2 ** 20).map((_, i) => i % 251);
    await publish("large", body);
    const [message] = (await get("/messages/large")).messages;
    expect([message?.size, Buffer.from(message?.preview ?? "", "base64").length]).toEqual([2 ** 20, 512]);
    const response = await fetch(`${broker.http}/admin/api/message/large/${message?.id}`);
    expect(response.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(response.headers.get("Content-Disposition")).toContain("attachment");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), body)).toBe(0);
  });

  it("[LOOK5] searches the whole bodies of a page", async () => {
    await publish("searched", `${"x".repeat(600)} needle`);
    await publish("searched", "hay");
    const { messages } = await get("/messages/searched?search=NEEDLE");
    expect(messages.map(({ is_match }) => is_match)).toEqual([true, false]);
  });

  it("[ADM1] refuses with a clear code what cannot be", async () => {
    await create("refused", "ch");
    const id = "0000000000000001";
    expect(
      await Promise.all([
        refusal("/messages/refused?list=in_flight"),
        refusal("/messages/refused/ch?list=latest"),
        refusal("/messages/refused?limit=0"),
        refusal("/messages/refused?limit=101"),
        refusal("/messages/refused?page=7"),
        refusal("/messages/nothing"),
        refusal("/messages/refused/nothing"),
        refusal(`/message/refused/${id}`),
        refusal("/message/refused/xyz"),
        refusal(`/message/refused/ch/${id}`, { method: "POST", body: "{}" }),
        refusal(`/message/refused/ch/${id}`, { method: "POST", body: '{"action":"finish"}' }),
        refusal(`/message/refused/no/${id}`, { method: "POST", body: '{"action":"finish"}' }),
        refusal(`/message/nothing/ch/${id}`, { method: "POST", body: '{"action":"requeue"}' }),
        refusal("/message/refused", { method: "POST" }),
        refusal("/message/refused?defer=x", { method: "POST", body: "m" }),
        refusal("/message/bad$name", { method: "POST", body: "m" }),
      ]),
    ).toEqual([
      "400 INVALID_ARG_LIST",
      "400 INVALID_ARG_LIST",
      "400 INVALID_ARG_LIMIT",
      "400 INVALID_ARG_LIMIT",
      "400 INVALID_ARG_PAGE",
      "404 TOPIC_NOT_FOUND",
      "404 CHANNEL_NOT_FOUND",
      "404 MESSAGE_NOT_FOUND",
      "404 MESSAGE_NOT_FOUND",
      "400 INVALID_ACTION",
      "404 MESSAGE_NOT_FOUND",
      "404 CHANNEL_NOT_FOUND",
      "404 TOPIC_NOT_FOUND",
      "400 MSG_EMPTY",
      "400 INVALID_DEFER",
      "400 INVALID_TOPIC",
    ]);
  });
});

describe("/admin/api/message", () => {
  it("[CHN22] finishes and requeues messages wherever they are, as nsqd's API shows", async () => {
    await create("orders", "ch");
    for (const body of ["m1", "m2", "m3"]) await publish("orders", body);
    for (const body of ["d4", "d5"]) await publish("orders", body, HOUR);
    const [, second] = (await get("/messages/orders/ch")).messages;
    const [fourth, fifth] = (await get("/messages/orders/ch?list=deferred")).messages;
    if (!second || !fourth || !fifth) throw new Error("they were published");
    expect(await intervene("orders", second, "finish")).toBe('200 {"message":""}');
    expect(await intervene("orders", fourth, "finish")).toBe('200 {"message":""}');
    expect(await intervene("orders", fifth, "requeue")).toBe('200 {"message":""}');
    expect(await channelStats(broker.http, "orders", "ch")).toMatchObject({ depth: 3, deferred_count: 0 });
    const client = await Client.open(broker.tcp);
    const bodies: string[] = [];
    client.onMessage = (body) => bodies.push(body.toString());
    await client.subscribe("orders", "ch");
    client.ready(9);
    await client.received(3);
    expect(bodies).toEqual(["m1", "m3", "d5"]);
    client.close();
  });

  it("[ADM1] publishes a message, at once or later", async () => {
    expect(await post("/admin/api/message/tried", "now")).toBe('200 {"message":""}');
    expect(await post(`/admin/api/message/tried?defer=${HOUR}`, "later")).toBe('200 {"message":""}');
    expect((await get("/messages/tried")).messages.map(text)).toEqual(["now"]);
    expect((await get("/messages/tried?list=deferred")).messages.map(text)).toEqual(["later"]);
  });
});

describe("a million messages", () => {
  const MILLION = 1_000_000;
  const BATCH = 5_000;
  const PAGES = 40;

  async function fill(topic: string, count: number): Promise<void> {
    await create(topic, "ch");
    const client = await Client.open(`${broker.ws}?topic=${topic}`);
    for (let sent = 0; sent < count; sent += BATCH) client.write(mpub(topic, BATCH, 20));
    await client.replied(count / BATCH);
    client.close();
  }

  /** How long pages took, ms: the median. */
  async function pageTime(topic: string): Promise<number> {
    const times: number[] = [];
    let page = "";
    for (let i = 0; i < PAGES; i++) {
      const start = performance.now();
      const { messages, next } = await get(`/messages/${topic}/ch?limit=50&page=${page}`);
      times.push(performance.now() - start);
      expect(messages).toHaveLength(50);
      page = next ?? "";
    }
    return times.sort((a, b) => a - b)[PAGES / 2] as number;
  }

  it("[LOOK3] are paged through as fast as a few thousand", async ({ annotate }) => {
    await fill("few", BATCH);
    await fill("many", MILLION);
    expect(await channelStats(broker.http, "many", "ch")).toMatchObject({ depth: MILLION });
    await pageTime("few");
    const [few, many] = [await pageTime("few"), await pageTime("many")];
    await annotate(`a page of a few takes ${few.toFixed(1)} ms, of a million ${many.toFixed(1)} ms`);
    expect(many / few).toBeLessThan(3);
  });
});
