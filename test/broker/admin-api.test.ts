// nsqadmin's API against the broker alone: what it shows, what it does, and what is written down of it.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import type {
  AuditAnswer,
  ChannelAnswer,
  CounterAnswer,
  InactiveTopicsAnswer,
  InfoAnswer,
  NodeAnswer,
  NodesAnswer,
  OverviewAnswer,
  TopicAnswer,
  TopicsAnswer,
} from "../../src/admin/api.ts";
import { Client } from "./client.ts";
import { channelStats } from "./stats.ts";

const POLL = { timeout: 10_000 };
const AUTHORIZATION = `Basic ${btoa("bob:secret")}`;

let broker: BrokerProcess;
let own: string;
const notified: Record<string, unknown>[] = [];
const endpoint = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  notified.push(JSON.parse(body));
  // That it fails once is nobody's concern but the log's.
  response.writeHead(body.includes("refused") ? 500 : 200).end();
});

beforeAll(async () => {
  endpoint.listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const { port } = endpoint.address() as AddressInfo;
  const options = { "notification-http-endpoint": `http://127.0.0.1:${port}/told?secret` };
  broker = await startBroker({ options, mayCallHere: true });
  own = new URL(broker.http).host;
});
afterAll(async () => {
  await broker.stop();
  endpoint.closeAllConnections();
  endpoint.close();
});

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${broker.http}/admin/api${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method, headers, ...(text !== undefined && { body: text }) };
  const response = await fetch(`${broker.http}/admin/api${path}`, init);
  return `${response.status} ${((await response.json()) as { message: string }).message}`;
}

async function nsqd(path: string, body = ""): Promise<void> {
  const { status } = await fetch(broker.http + path, { method: "POST", body });
  expect([path, status]).toEqual([path, 200]);
}

async function create(topic: string, channel: string): Promise<void> {
  expect(await ask("POST", "/topics", { topic, channel })).toBe("200 ");
}

/** What nsqd's API says of a topic; null when there is none. */
async function topicStats(topic: string) {
  const query = `format=json&include_mem=false&topic=${encodeURIComponent(topic)}`;
  const response = await fetch(`${broker.http}/stats?${query}`);
  type Stats = { depth: number; paused: boolean; channels: { channel_name: string; depth: number }[] };
  const { topics } = (await response.json()) as { topics: Stats[] | null };
  return topics?.[0] ?? null;
}

describe("what is shown", () => {
  it("[ADM1] nothing, before there is anything", async () => {
    expect(await get("/topics")).toEqual({ topics: null, message: "" });
    expect(await get("/topics?inactive=true")).toEqual({ topics: {}, message: "" });
    expect(await get("/counter")).toEqual({ stats: {}, message: "" });
    expect(await get("/overview")).toEqual({ topics: [], total: 0, message: "" });
    expect(await get("/audit")).toEqual({ entries: [], next: null, message: "" });
  });

  it("[ADM1] the broker: its version and where it is", async () => {
    const { start_time, ...info } = await get<InfoAnswer>("/info");
    expect(info).toEqual({
      version: "1.3.0",
      node: own,
      nsqlookupd: [own],
      is_admin: true,
      identity: "",
      is_open_to_all: false,
      message: "",
    });
    expect(start_time).toBeGreaterThan(Date.now() / 1000 - 3600);
  });

  it("[ADM1] a topic and its channels, on the node and in all", async () => {
    await create("shown", "ch");
    await nsqd("/mpub?topic=shown", "a\nb\nc");
    const figures = { depth: 3, memory_depth: 3, backend_depth: 0, message_count: 3, paused: false };
    const topic = await get<TopicAnswer>("/topics/shown");
    expect(topic).toMatchObject({ node: "*", topic_name: "shown", depth: 0, message_count: 3, message: "" });
    expect(topic.channels).toMatchObject([{ node: "*", channel_name: "ch", ...figures, clients: null }]);
    expect(topic.nodes).toMatchObject([{ node: own, nodes: null, channels: [{ node: own, ...figures }] }]);
    expect(Object.keys(topic).at(-1)).toBe("message");
  });

  it("[ADM1] a channel with its consumers", async () => {
    await create("consumed", "ch#ephemeral");
    const client = await Client.open(broker.tcp);
    await client.subscribe("consumed", "ch#ephemeral");
    const channel = await get<ChannelAnswer>("/topics/consumed/ch%23ephemeral");
    expect(channel).toMatchObject({ node: "*", channel_name: "ch#ephemeral", client_count: 1, message: "" });
    expect(channel.clients).toMatchObject([{ node: own, version: "V2", connected: expect.any(Number), authed: false }]);
    expect(channel.nodes?.[0]?.clients).toEqual(channel.clients);
    const node = await get<NodeAnswer>(`/nodes/${own}`);
    expect(node.total_clients).toBe(1);
    client.close();
  });

  it("[ADM1] the node: its topics, with their clients, and how much it has done", async () => {
    await create("noded", "ch");
    await nsqd("/pub?topic=noded", "x");
    const node = await get<NodeAnswer>(`/nodes/${encodeURIComponent(own)}`);
    expect(node).toMatchObject({ node: own, message: "" });
    expect(node.topics.find(({ topic_name }) => topic_name === "noded")).toMatchObject({ node: own, nodes: null });
    expect(node.total_messages).toBe(node.topics.reduce((sum, { message_count }) => sum + message_count, 0));
    const { nodes } = await get<NodesAnswer>("/nodes");
    expect(nodes).toMatchObject([
      { remote_addresses: [`${own}/${own}`], broadcast_address: "127.0.0.1", version: "1.3.0", out_of_date: false },
    ]);
    expect(nodes[0]?.topics).toContainEqual({ topic: "noded", tombstoned: false });
  });

  it("[ADM1] how much each channel was given", async () => {
    await create("counted", "ch");
    await nsqd("/mpub?topic=counted", "a\nb");
    const { stats } = await get<CounterAnswer>("/counter");
    const entry = { node: own, topic_name: "counted", channel_name: "ch", message_count: 2 };
    expect(stats[`counted:ch:${own}`]).toEqual(entry);
  });

  it("[ADM1] an overview, page by page, of what contains a text", async () => {
    for (const name of ["Page-a", "page-b", "page-c"]) await create(name, "ch");
    await nsqd("/mpub?topic=page-b", "1\n2");
    await nsqd("/lookupd/topic/create?topic=page-d");
    const summary = { paused: false, depth: 0, message_count: 2, channel_count: 1, channel_depth: 2 };
    const rest = { in_flight_count: 0, deferred_count: 0, client_count: 0 };
    const page = await get<OverviewAnswer>("/overview?search=pAge-&offset=1&limit=2");
    expect(page).toMatchObject({ total: 4, message: "" });
    expect(page.topics.map(({ topic_name }) => topic_name)).toEqual(["page-b", "page-c"]);
    expect(page.topics[0]).toEqual({ topic_name: "page-b", ...summary, ...rest });
    expect((await get<OverviewAnswer>("/overview?search=page-d")).topics).toMatchObject([{ channel_count: 0 }]);
    expect((await get<OverviewAnswer>("/overview?search=nowhere")).topics).toEqual([]);
  });

  it("[ADM1] a topic that nobody produces: empty, and inactive with its channels", async () => {
    await nsqd("/lookupd/topic/create?topic=idle");
    await nsqd("/lookupd/channel/create?topic=idle2&channel=ch");
    expect((await get<TopicsAnswer>("/topics")).topics).toEqual(expect.arrayContaining(["idle", "idle2", "shown"]));
    const { topics } = await get<InactiveTopicsAnswer>("/topics?inactive=true");
    expect(topics).toMatchObject({ idle: null, idle2: ["ch"] });
    expect(topics).not.toHaveProperty("shown");
    expect(await get<TopicAnswer>("/topics/idle")).toMatchObject({ node: "*", depth: 0, nodes: [], channels: [] });
    expect(await get<ChannelAnswer>("/topics/idle2/ch")).toMatchObject({ node: "*", client_count: 0, clients: null });
  });

  it.each([
    ["GET", "/topics/none", undefined, "404 TOPIC_NOT_FOUND"],
    ["GET", "/topics/none/ch", undefined, "404 TOPIC_NOT_FOUND"],
    ["GET", "/topics/shown/none", undefined, "404 CHANNEL_NOT_FOUND"],
    ["GET", "/topics/no%20name", undefined, "404 TOPIC_NOT_FOUND"],
    ["GET", "/topics/%ff", undefined, "400 INVALID_REQUEST"],
    ["GET", "/nodes/none:1", undefined, "404 NODE_NOT_FOUND"],
    ["GET", "/overview?limit=201", undefined, "400 INVALID_ARG_LIMIT"],
    ["GET", "/overview?offset=-1", undefined, "400 INVALID_ARG_OFFSET"],
    ["GET", "/audit?before=x", undefined, "400 INVALID_ARG_BEFORE"],
    ["POST", "/topics", "", "400 EOF"],
    ["POST", "/topics", "{", "400 INVALID_BODY"],
    ["POST", "/topics", [], "400 INVALID_BODY"],
    ["POST", "/topics", {}, "400 INVALID_TOPIC"],
    ["POST", "/topics", { topic: "no name" }, "400 INVALID_TOPIC"],
    ["POST", "/topics", { topic: "t", channel: "no name" }, "400 INVALID_CHANNEL"],
    ["POST", "/topics/shown", { action: "explode" }, "400 INVALID_ACTION"],
    ["POST", "/topics/shown", "", "400 EOF"],
    ["POST", "/topics/none", { action: "pause" }, "404 TOPIC_NOT_FOUND"],
    ["POST", "/topics/none/ch", { action: "pause" }, "404 TOPIC_NOT_FOUND"],
    ["POST", "/topics/shown/none", { action: "empty" }, "404 CHANNEL_NOT_FOUND"],
    ["POST", "/topics/shown/%23", { action: "empty" }, "404 CHANNEL_NOT_FOUND"],
    ["DELETE", "/topics/none", undefined, "404 TOPIC_NOT_FOUND"],
    ["DELETE", "/topics/none/ch", undefined, "404 TOPIC_NOT_FOUND"],
    ["DELETE", "/topics/shown/none", undefined, "404 CHANNEL_NOT_FOUND"],
    ["DELETE", "/nodes/none:1", { topic: "shown" }, "404 NODE_NOT_FOUND"],
    ["DELETE", "/nodes/none:1", "", "400 INVALID_BODY"],
    ["DELETE", "/nodes/none:1", {}, "400 INVALID_TOPIC"],
    ["PUT", "/topics", {}, "405 METHOD_NOT_ALLOWED"],
    ["GET", "/nothing", undefined, "404 NOT_FOUND"],
  ])("[ADM1] %s %s %j is refused: %s", async (method, path, body, refusal) => {
    expect(await ask(method, path, body)).toBe(refusal);
  });
});

describe("what is done", () => {
  it("[ADM1] a topic is created, with and without a channel, and known to whoever looks it up", async () => {
    expect(await ask("POST", "/topics", { topic: "made" })).toBe("200 ");
    expect(await topicStats("made")).toMatchObject({ channels: [] });
    expect(await ask("POST", "/topics", { topic: "made", channel: "ch" })).toBe("200 ");
    expect(await topicStats("made")).toMatchObject({ channels: [{ channel_name: "ch" }] });
    const lookup = await fetch(`${broker.http}/lookup?topic=made`);
    expect(await lookup.json()).toMatchObject({ channels: ["ch"], producers: [{ broadcast_address: "127.0.0.1" }] });
  });

  it("[ADM1] a topic is paused, unpaused and emptied", async () => {
    await create("acted", "ch");
    expect(await ask("POST", "/topics/acted", { action: "pause" })).toBe("200 ");
    await nsqd("/mpub?topic=acted", "a\nb");
    expect(await topicStats("acted")).toMatchObject({ paused: true, depth: 2 });
    expect(await ask("POST", "/topics/acted", { action: "empty" })).toBe("200 ");
    expect(await topicStats("acted")).toMatchObject({ paused: true, depth: 0 });
    expect(await ask("POST", "/topics/acted", { action: "unpause" })).toBe("200 ");
    expect(await topicStats("acted")).toMatchObject({ paused: false, channels: [{ depth: 0 }] });
  });

  it("[ADM1] a channel is paused, unpaused, emptied and deleted, whatever characters its name has", async () => {
    const path = "/topics/acted2%23ephemeral/ch%23ephemeral";
    await create("acted2#ephemeral", "ch#ephemeral");
    await nsqd("/pub?topic=acted2%23ephemeral", "a");
    const channel = () => channelStats(broker.http, "acted2#ephemeral", "ch#ephemeral");
    expect(await ask("POST", path, { action: "pause" })).toBe("200 ");
    expect(await channel()).toMatchObject({ paused: true, depth: 1 });
    expect(await ask("POST", path, { action: "empty" })).toBe("200 ");
    expect(await channel()).toMatchObject({ paused: true, depth: 0 });
    expect(await ask("POST", path, { action: "unpause" })).toBe("200 ");
    expect(await channel()).toMatchObject({ paused: false });
    expect(await ask("DELETE", path)).toBe("200 ");
    expect(await channel()).toBeNull();
    expect(await ask("DELETE", path)).toMatch(/^404 /);
  });

  it("[ADM1] an order whose path has lost its last part is carried out on nothing", async () => {
    await ask("POST", "/topics", { topic: "spared", channel: "." });
    for (const [method, body] of [
      ["DELETE", undefined],
      ["POST", '{"action":"pause"}'],
    ] as const) {
      const init = { method, ...(body !== undefined && { body }) };
      // What a URL makes of /topics/spared/.
      const response = await fetch(`${broker.http}/admin/api/topics/spared/`, init);
      expect([response.status, response.redirected]).toEqual([404, false]);
    }
    expect(await get<TopicAnswer>("/topics/spared")).toMatchObject({ paused: false });
    await ask("DELETE", "/topics/spared");
  });

  it("[ADM1] a topic is deleted, and found nowhere", async () => {
    await create("deleted", "ch");
    expect(await ask("DELETE", "/topics/deleted")).toBe("200 ");
    expect(await topicStats("deleted")).toBeNull();
    expect(await ask("GET", "/topics/deleted")).toBe("404 TOPIC_NOT_FOUND");
    expect(await ask("DELETE", "/topics/deleted")).toBe("404 TOPIC_NOT_FOUND");
    await nsqd("/lookupd/topic/create?topic=idle3");
    expect(await ask("DELETE", "/topics/idle3")).toBe("200 ");
    expect(await ask("GET", "/topics/idle3")).toBe("404 TOPIC_NOT_FOUND");
  });

  it("[ADM1] the broker's topic is tombstoned: it is gone", async () => {
    await create("tombstoned", "ch");
    expect(await ask("DELETE", `/nodes/${own}`, { topic: "tombstoned" })).toBe("200 ");
    expect(await topicStats("tombstoned")).toBeNull();
    expect(await ask("DELETE", `/nodes/${own}`, { topic: "tombstoned" })).toBe("404 TOPIC_NOT_FOUND");
  });
});

describe("what is written down", () => {
  it("[ADM3] each action with its caller and its outcome, the newest first", async () => {
    const headers = { Authorization: AUTHORIZATION, "User-Agent": "curl/8", "CF-Connecting-IP": "192.0.2.9" };
    expect(await ask("POST", "/topics", { topic: "audited", channel: "ch" }, headers)).toBe("200 ");
    expect(await ask("POST", "/topics/audited/none", { action: "pause" }, headers)).toBe("404 CHANNEL_NOT_FOUND");
    const { entries } = await get<AuditAnswer>("/audit?limit=3");
    const caller = { user: "bob", remote_ip: "192.0.2.9", user_agent: "curl/8", node: "", message_id: "" };
    expect(entries.map(({ id, timestamp, ...entry }) => entry)).toEqual([
      { ...caller, action: "pause_channel", topic: "audited", channel: "none", outcome: "CHANNEL_NOT_FOUND" },
      { ...caller, action: "create_channel", topic: "audited", channel: "ch", outcome: "done" },
      { ...caller, action: "create_topic", topic: "audited", channel: "", outcome: "done" },
    ]);
    const newest = entries[0]?.id as number;
    const older = await get<AuditAnswer>(`/audit?limit=2&before=${newest}`);
    expect(older.entries.map(({ id }) => id)).toEqual([newest - 1, newest - 2]);
    expect(older.next).toBe(newest - 2);
    expect((await get<AuditAnswer>("/audit?limit=2&before=3")).next).toBeNull();
  });

  it("[ADM3] whoever wants to know is told of each action, in order, and no failure of his changes anything", async () => {
    await create("refused", "ch");
    const headers = { Authorization: AUTHORIZATION, "User-Agent": "curl/8" };
    expect(await ask("POST", "/topics/refused/ch", { action: "pause" }, headers)).toBe("200 ");
    expect(await ask("POST", "/topics/refused/none", { action: "empty" })).toBe("404 CHANNEL_NOT_FOUND");
    expect(await ask("DELETE", "/topics/refused/none")).toBe("404 CHANNEL_NOT_FOUND");
    expect(await ask("DELETE", "/topics/refused")).toBe("200 ");
    const told = () => notified.filter(({ topic }) => topic === "refused").map(({ action }) => action);
    // nsqadmin, too, tells of what failed only when it is one of these.
    const all = ["create_topic", "create_channel", "pause_channel", "empty_channel", "delete_topic"];
    await expect.poll(told, POLL).toEqual(all);
    expect(notified.find(({ action, topic }) => action === "pause_channel" && topic === "refused")).toEqual({
      action: "pause_channel",
      topic: "refused",
      channel: "ch",
      timestamp: expect.any(Number),
      user: "bob",
      remote_ip: "",
      user_agent: "curl/8",
      url: `${broker.http}/admin/api/topics/refused/ch`,
      via: "127.0.0.1",
    });
    await expect.poll(() => broker.log, POLL).toContain("a notification was refused");
    expect(broker.log).not.toContain("secret");
  });
});

describe("a page of another origin", () => {
  it.each([{ Origin: "http://elsewhere" }, { "Sec-Fetch-Site": "cross-site" }])(
    "[ADM4] cannot act: %j",
    async (headers) => {
      await create("guarded", "ch");
      const requests = [
        ["POST", "/topics", { topic: "forged" }],
        ["POST", "/topics/guarded", { action: "pause" }],
        ["POST", "/message/guarded", "x"],
        ["DELETE", "/topics/guarded", undefined],
        ["DELETE", `/nodes/${own}`, { topic: "guarded" }],
      ] as const;
      for (const [method, path, body] of requests) {
        expect([path, await ask(method, path, body, headers)]).toEqual([path, "403 FORBIDDEN"]);
      }
      expect(await topicStats("guarded")).toMatchObject({ paused: false, depth: 0 });
      expect(await topicStats("forged")).toBeNull();
      const mine = { Origin: broker.http, "Sec-Fetch-Site": "same-origin" };
      expect(await ask("POST", "/topics/guarded", { action: "pause" }, mine)).toBe("200 ");
      expect(await ask("POST", "/topics/guarded", { action: "unpause" }, mine)).toBe("200 ");
    },
  );
});
