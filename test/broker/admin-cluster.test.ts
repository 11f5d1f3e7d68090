// nsqadmin's API for nodes elsewhere: those that have registered with the broker are asked and ordered over HTTP.

import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { findNsqd, startNsqd } from "../../bench/nsqd.ts";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import type {
  AuditAnswer,
  ChannelAnswer,
  CounterAnswer,
  NodeAnswer,
  NodesAnswer,
  OverviewAnswer,
  TopicAnswer,
} from "../../src/admin/api.ts";
import { freePort } from "../helpers/free-port.ts";
import { fakeNsqd, registerAt } from "./fake-nsqd.ts";
import { V1Producer } from "./v1-producer.ts";

let broker: BrokerProcess;
let own: string;
beforeAll(async () => {
  broker = await startBroker({ mayCallHere: true });
  own = new URL(broker.http).host;
});
afterAll(() => broker.stop());

/** A name of the test's own. */
let topic = "";
let count = 0;
beforeEach(() => {
  topic = `t${++count}`;
});

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${broker.http}/admin/api${path}`);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

async function ask(method: string, path: string, body?: object): Promise<string> {
  const init = { method, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(`${broker.http}/admin/api${path}`, init);
  return `${response.status} ${((await response.json()) as { message: string }).message}`;
}

async function nsqd(path: string, body = ""): Promise<void> {
  const { status } = await fetch(broker.http + path, { method: "POST", body });
  expect([path, status]).toEqual([path, 200]);
}

async function createHere(): Promise<void> {
  await nsqd(`/topic/create?topic=${topic}`);
  await nsqd(`/channel/create?topic=${topic}&channel=ch`);
}

/** A node that has registered and does not answer. */
async function lostNode(): Promise<string> {
  const port = await freePort();
  await registerAt(broker.tcp, "lost", port, [topic]);
  return `127.0.0.1:${port}`;
}

describe("a node elsewhere", () => {
  it("[ADM2] counts in what is shown of a topic and a channel", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    await createHere();
    await nsqd(`/pub?topic=${topic}`, "x");
    const shown = await get<TopicAnswer>(`/topics/${topic}`);
    expect(shown).toMatchObject({ node: "*", depth: 3, message_count: 34, message: "" });
    expect(shown.nodes?.map(({ node }) => node)).toEqual([own, other.address]);
    expect(shown.channels).toMatchObject([{ depth: 21, memory_depth: 16, backend_depth: 5, message_count: 31 }]);
    const channel = await get<ChannelAnswer>(`/topics/${topic}/ch`);
    expect(channel).toMatchObject({
      depth: 21,
      nodes: [{ hostname: "127.0.0.1" }, { hostname: "elsewhere", depth: 20 }],
    });
    expect(other.calls).toEqual([
      `GET /stats?format=json&include_clients=false&topic=${topic}`,
      `GET /stats?format=json&include_clients=true&topic=${topic}&channel=ch`,
    ]);
  });

  it("[ADM2] is listed, and shown by itself", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic, "b"]);
    const { nodes } = await get<NodesAnswer>("/nodes");
    const node = nodes.find(({ hostname }) => hostname === "elsewhere");
    const port = Number(other.address.split(":")[1]);
    expect(node).toMatchObject({
      broadcast_address: "127.0.0.1",
      tcp_port: port,
      http_port: port,
      version: "1.2.0",
      topics: ["b", topic].map((name) => ({ topic: name, tombstoned: false })),
      out_of_date: true,
    });
    expect(node?.remote_addresses).toEqual([`${own}/${node?.remote_address}`]);
    const shown = await get<NodeAnswer>(`/nodes/${other.address}`);
    expect(shown).toMatchObject({ node: other.address, total_messages: 66, total_clients: 0, message: "" });
    expect(shown.topics.map(({ topic_name }) => topic_name)).toEqual([topic, "b"]);
  });

  it("[ADM2] counts in the overview and the counter, and is asked once for a page", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic, `${topic}-b`]);
    await createHere();
    const page = await get<OverviewAnswer>(`/overview?search=${topic}`);
    expect(page).toMatchObject({ total: 2, message: "" });
    const figures = { depth: 3, message_count: 33, channel_count: 1, channel_depth: 20 };
    expect(page.topics).toMatchObject([
      { topic_name: topic, ...figures },
      { topic_name: `${topic}-b`, ...figures },
    ]);
    expect(other.calls).toEqual(["GET /stats?format=json&include_clients=false"]);
    const { stats } = await get<CounterAnswer>("/counter");
    expect(stats[`${topic}:ch:${other.address}`]).toMatchObject({ node: other.address, message_count: 30 });
    expect(stats[`${topic}:ch:${own}`]).toMatchObject({ node: own, message_count: 0 });
  });

  it("[ADM2] carries out what is ordered, like the broker itself", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    expect(await ask("POST", "/topics", { topic, channel: "ch" })).toBe("200 ");
    for (const path of [`/topics/${topic}`, `/topics/${topic}/ch`]) {
      for (const action of ["pause", "empty", "unpause"]) expect(await ask("POST", path, { action })).toBe("200 ");
    }
    expect(await ask("DELETE", `/topics/${topic}/ch`)).toBe("200 ");
    expect(await ask("DELETE", `/topics/${topic}`)).toBe("200 ");
    const verbs = ["pause", "empty", "unpause"];
    expect(other.calls).toEqual([
      `POST /channel/create?topic=${topic}&channel=ch`,
      ...verbs.map((verb) => `POST /topic/${verb}?topic=${topic}`),
      ...verbs.map((verb) => `POST /channel/${verb}?topic=${topic}&channel=ch`),
      `POST /channel/delete?topic=${topic}&channel=ch`,
      `POST /topic/delete?topic=${topic}`,
    ]);
    expect(await ask("GET", `/topics/${topic}`)).toBe("404 TOPIC_NOT_FOUND");
  });

  it("[ADM2] is tombstoned for a topic: it is hidden, and deletes it", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    expect(await ask("DELETE", `/nodes/${other.address}`, { topic })).toBe("200 ");
    expect(other.calls).toEqual([`POST /topic/delete?topic=${topic}`]);
    const { nodes } = await get<NodesAnswer>("/nodes");
    const node = nodes.find(({ http_port }) => other.address.endsWith(`:${http_port}`));
    expect(node?.topics).toEqual([{ topic, tombstoned: true }]);
    expect(await get<TopicAnswer>(`/topics/${topic}`)).toMatchObject({ nodes: [] });
    other.respond = (_request, response) => response.writeHead(404).end('{"message":"TOPIC_NOT_FOUND"}');
    expect(await ask("DELETE", `/nodes/${other.address}`, { topic: "unknown" })).toBe("404 TOPIC_NOT_FOUND");
  });

  it("[ADM2] that lacks what others have has nothing to do, and a failure of its own is a warning", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    await createHere();
    other.respond = (_request, response) => response.writeHead(404).end('{"message":"CHANNEL_NOT_FOUND"}');
    expect(await ask("POST", `/topics/${topic}/ch`, { action: "pause" })).toBe("200 ");
    expect(await ask("POST", `/topics/${topic}/none`, { action: "pause" })).toBe("404 CHANNEL_NOT_FOUND");
    other.respond = (_request, response) => response.writeHead(500).end('{"message":"INTERNAL_ERROR"}');
    const warning = `WARNING: ERROR querying http://${other.address}: got response 500`;
    expect(await ask("POST", `/topics/${topic}/ch`, { action: "unpause" })).toBe(`200 ${warning}`);
  });
});

describe("a node that does not answer", () => {
  it("[ADM2] is a warning, in what is shown and in what is done", async () => {
    const lost = await lostNode();
    await createHere();
    const warning = `WARNING: ERROR querying http://${lost}: no answer`;
    for (const path of [`/topics/${topic}`, `/topics/${topic}/ch`, "/counter", `/overview?search=${topic}`]) {
      expect([path, await ask("GET", path)]).toEqual([path, `200 ${warning}`]);
    }
    expect(await ask("POST", `/topics/${topic}`, { action: "pause" })).toBe(`200 ${warning}`);
    expect(await get<TopicAnswer>(`/topics/${topic}`)).toMatchObject({ paused: true });
    expect((await get<AuditAnswer>("/audit?limit=1")).entries).toMatchObject([{ outcome: warning }]);
    expect(await ask("DELETE", `/topics/${topic}`)).toBe(`200 ${warning}`);
  });

  it("[ADM2] and keeps its connection open is waited for 5 s", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    await createHere();
    other.respond = () => {};
    const warning = `200 WARNING: ERROR querying http://${other.address}: no answer`;
    expect(await ask("GET", `/topics/${topic}`)).toBe(warning);
    other.respond = (_request, response) => response.writeHead(200).write('{"topics":');
    expect(await ask("GET", `/topics/${topic}`)).toBe(warning);
  });

  it("[ADM2] is an error where nobody else can answer", async () => {
    const lost = await lostNode();
    const error = `502 UPSTREAM_ERROR: failed to query any nsqd: ERROR querying http://${lost}: no answer`;
    expect(await ask("GET", `/topics/${topic}`)).toBe(error);
    expect(await ask("GET", `/nodes/${lost}`)).toBe(error);
  });

  it.each([
    ["another status", (status: number) => ({ status, body: "{}" }), 500, "got response 500"],
    ["no JSON", (status: number) => ({ status, body: "<html>" }), 200, "got response 200"],
    ["a redirect", (status: number) => ({ status, body: "" }), 302, "got response 302"],
    [
      "more than can be read",
      (status: number) => ({ status, body: "x".repeat(3 * 2 ** 20) }),
      200,
      "the answer is too long",
    ],
    [
      "more things than can be shown, each of which is nothing",
      (status: number) => ({ status, body: manyThings(20_000) }),
      200,
      "the answer is too long",
    ],
  ])("[ADM2] as it should, but with %s, is a warning", async (_, answer, code, what) => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    await createHere();
    other.respond = (_request, response) => {
      const { status, body } = answer(code);
      response.writeHead(status, { Location: `${broker.http}/ping` }).end(body);
    };
    const warning = `200 WARNING: ERROR querying http://${other.address}: ${what}`;
    expect(await ask("GET", `/topics/${topic}`)).toBe(warning);
  });

  it("[ADM2] and tells of what is no topic is shown none of it", async () => {
    const other = await fakeNsqd(broker.tcp, "elsewhere", [topic]);
    other.respond = (_request, response) => {
      const channels = [{ channel_name: "ch", message_count: 5 }];
      const named = [7, "bad name", topic].map((topic_name) => ({ topic_name, channels }));
      response.end(JSON.stringify({ topics: [...named, null] }));
    };
    const response = await fetch(`${broker.http}/admin/api/counter`);
    const { stats } = (await response.json()) as { stats: Record<string, { node: string; topic_name: string }> };
    const told = Object.values(stats).filter(({ node }) => node === other.address);
    expect(told.map(({ topic_name }) => topic_name)).toEqual([topic]);
  });

  it.each(["a/b?", "user@host", "x#", "bad host", "::1/"])(
    "[ADM2] and whose address is none is not called: %s",
    async (address) => {
      const producer = await V1Producer.open(broker.tcp, address);
      onTestFinished(() => producer.close());
      producer.write(`REGISTER ${topic} ch\n`);
      await producer.replies(1);
      await createHere();
      const warning = `200 WARNING: ERROR querying http://${address}:4151: no such address`;
      expect(await ask("GET", `/topics/${topic}`)).toBe(warning);
    },
  );
});

const binary = findNsqd();

describe.skipIf(binary === null)("the real nsqd", () => {
  it("[ADM2] that looks to the broker for nsqlookupd is shown and ordered about", async () => {
    const flags = [`--lookupd-tcp-address=${broker.tcp}`, "--broadcast-address=127.0.0.1"];
    const real = await startNsqd(binary as string, flags);
    onTestFinished(() => real.stop());
    const path = `topic=${topic}`;
    for (const what of [`/topic/create?${path}`, `/channel/create?${path}&channel=ch`, `/pub?${path}`]) {
      expect((await fetch(real.http + what, { method: "POST", body: "x" })).status).toBe(200);
    }
    const lookedUp = async () => (await (await fetch(`${broker.http}/lookup?${path}`)).json()) as object;
    await expect.poll(lookedUp, { timeout: 20_000 }).toMatchObject({ channels: ["ch"], producers: [{}] });
    const node = new URL(real.http).host;
    const shown = () => get<TopicAnswer>(`/topics/${topic}`);
    await expect
      .poll(shown)
      .toMatchObject({ message_count: 1, channels: [{ depth: 1 }], nodes: [{ node }], message: "" });
    expect(await ask("POST", `/topics/${topic}/ch`, { action: "pause" })).toBe("200 ");
    expect(await shown()).toMatchObject({ channels: [{ paused: true }] });
    expect(await ask("POST", `/topics/${topic}/ch`, { action: "empty" })).toBe("200 ");
    expect(await get<ChannelAnswer>(`/topics/${topic}/ch`)).toMatchObject({ depth: 0, clients: [], nodes: [{ node }] });
    expect(await ask("DELETE", `/nodes/${node}`, { topic })).toBe("200 ");
    expect(await (await fetch(`${real.http}/stats?format=json&${path}`)).json()).toMatchObject({ topics: null });
  });
});

describe("a producer at the broker's own address", () => {
  it("[ADM2] is the broker: nothing is counted twice", async () => {
    await createHere();
    await nsqd(`/pub?topic=${topic}`, "x");
    await registerAt(broker.tcp, "itself", Number(own.split(":")[1]), [topic]);
    expect(await get<TopicAnswer>(`/topics/${topic}`)).toMatchObject({ message_count: 1, nodes: [{ node: own }] });
  });
});

/** Figures of the topic with so many channels that say nothing. */
function manyThings(count: number): string {
  return JSON.stringify({ topics: [{ topic_name: topic, channels: Array(count).fill({}) }] });
}
