// The bridge's HTTP sides: what passes as it is, what tells of the bridge, and who may call.

import { once } from "node:events";
import http, { type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findNsqd } from "../../bench/nsqd.ts";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { V1Producer } from "../broker/v1-producer.ts";
import { type BridgeProcess, startBridge } from "./bridge-process.ts";

const POLL = { timeout: 20_000, interval: 20 };

let broker: BrokerProcess;
let bridge: BridgeProcess;
beforeAll(async () => {
  broker = await startBroker();
  bridge = await startBridge([], { env: { NSQ_EDGE_URL: broker.http } });
});
afterAll(async () => {
  await bridge?.stop();
  await broker?.stop();
});

const lookupd = () => `http://${bridge.lookupd}`;
const portOf = (address: string) => Number(address.split(":").at(-1));

interface Producer {
  readonly broadcast_address: string;
  readonly hostname: string;
  readonly remote_address: string;
  readonly tcp_port: number;
  readonly http_port: number;
  readonly topics?: readonly string[];
}

async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}

async function post(url: string, body = ""): Promise<string> {
  const response = await fetch(url, { method: "POST", body });
  return `${response.status} ${await response.text()}`;
}

/** The topics that the broker has. */
async function topics(): Promise<readonly string[]> {
  return (await get<{ topics: string[] }>(`${broker.http}/topics`)).topics;
}

const producersOf = async (url: string) => (await get<{ producers: Producer[] }>(url)).producers;

/** A request as no fetch would send it. */
async function ask(
  url: string,
  options: http.RequestOptions,
  body = "",
): Promise<{ answer: IncomingMessage; body: string }> {
  const request = http.request(url, options);
  request.end(body);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return { answer, body: await text(answer) };
}

/** The bridge as it tells of itself when it was called at an address. */
function ownNode(host: string, of: BridgeProcess = bridge) {
  const [tcp_port, http_port] = [portOf(of.tcp), portOf(of.http)];
  return { broadcast_address: host, hostname: host, remote_address: `${host}:${http_port}`, tcp_port, http_port };
}

describe("nsqd's and nsqlookupd's API", () => {
  it("[BRIDGE8] are the broker's, each at its own address", async () => {
    expect(await post(`${bridge.http}/pub?topic=api`, "hello")).toBe("200 OK");
    const stats = await get<{ topics: unknown[] }>(`${bridge.http}/stats?format=json&topic=api`);
    expect(stats.topics).toMatchObject([{ topic_name: "api", message_count: 1 }]);
    expect(await get(`${lookupd()}/topics`)).toEqual({ topics: ["api"] });
    expect(await post(`${lookupd()}/channel/create?topic=api&channel=ch`)).toBe("200 ");
    expect(await get(`${lookupd()}/channels?topic=api`)).toEqual({ channels: ["ch"] });
    expect(await post(`${lookupd()}/pub?topic=api`, "x")).toContain("404");
    const moved = await fetch(`${lookupd()}/lookup/?topic=api`, { redirect: "manual" });
    expect([moved.status, moved.headers.get("Location")]).toEqual([301, "/lookup?topic=api"]);
  });

  it("[BRIDGE8] the body of a GET stays its body, and is no request of its own", async () => {
    const smuggled = "POST /topic/create?topic=smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
    const { answer } = await ask(
      `${bridge.http}/ping`,
      { method: "GET", headers: { "Transfer-Encoding": "chunked" } },
      smuggled,
    );
    expect(answer.statusCode).toBe(200);
    expect(await post(`${bridge.http}/topic/create?topic=after`)).toBe("200 ");
    expect(await topics()).not.toContain("smuggled");
  });

  it("[BRIDGE8] answers and refusals are as they come, with their headers", async () => {
    const [theirs, ours] = await Promise.all(
      [broker.http, bridge.http].map(async (at) => {
        const response = await fetch(`${at}/pub?topic=$`, { method: "POST", body: "x" });
        const { date: _, connection: __, "keep-alive": ___, ...headers } = Object.fromEntries(response.headers);
        return { status: response.status, headers, body: await response.text() };
      }),
    );
    expect(ours).toEqual(theirs);
    expect(ours?.status).toBe(400);
  });

  it("[BRIDGE8] an unreachable broker is a bad gateway, and is said without what was asked for", async () => {
    const gone = await startBroker();
    const other = await startBridge([gone.http]);
    onTestFinished(() => void other.stop());
    await gone.stop();
    expect(await post(`${other.http}/pub?topic=private`, "x")).toBe('502 {"message":"BAD_GATEWAY"}');
    expect(other.log).toMatch(/^nsq-edge: POST \/pub: .*ECONNREFUSED.*$/m);
    expect(other.log).not.toContain("private");
  });
});

describe("a caller of the broker's door", () => {
  /** A broker that tells what it was sent, and answers piece by piece. */
  async function startEcho() {
    const seen: { url: string; headers: OutgoingHttpHeaders; body: string }[] = [];
    const server = http.createServer();
    const answers = { body: null as http.ServerResponse | null };
    server.on("request", async (request, response) => {
      response.writeHead(200, "Fine", { "X-Two": ["a", "b"], Connection: "close, X-Hop", "X-Hop": "1" });
      if (request.url === "/refused") {
        response.end("too much");
      } else if (request.url === "/slow") {
        response.write("first");
        answers.body = response;
      } else {
        seen.push({ url: request.url ?? "", headers: request.headers, body: await text(request) });
        response.end("done");
      }
    });
    // It lets in whoever comes.
    const { WebSocketServer } = await import("ws");
    new WebSocketServer({ server });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const echo = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const to = await startBridge([echo, "--token", "secret-of-the-bridge"]);
    onTestFinished(() => void to.stop());
    return { at: to, echo, seen, answers };
  }

  it("[BRIDGE8] is the bridge with its token, and nothing of the connection itself passes", async () => {
    const { at, echo, seen } = await startEcho();
    const headers = {
      "X-Own": ["1", "2"],
      Connection: "close, X-Hop",
      "X-Hop": "1",
      TE: "trailers",
      Cookie: "of-another=program",
      Expect: "100-continue",
    };
    const { answer, body } = await ask(`${at.http}/a%2Fb/../c?d=%20`, { method: "PUT", headers }, "body");
    expect([answer.statusCode, answer.statusMessage, answer.headersDistinct["x-two"], body]).toEqual([
      200,
      "Fine",
      ["a", "b"],
      "done",
    ]);
    expect(answer.headers).not.toHaveProperty("x-hop");
    await ask(`${at.http}/own`, { headers: { Authorization: "Bearer mine" } });
    expect(seen).toMatchObject([
      { body: "body", headers: { authorization: "Bearer secret-of-the-bridge", "x-own": "1, 2" } },
      { url: "/own", headers: { authorization: "Bearer mine" } },
    ]);
    expect(seen[0]?.headers.host).toBe(new URL(echo).host);
    for (const name of ["x-hop", "te", "cookie", "expect"]) expect(seen[0]?.headers).not.toHaveProperty(name);
    expect(at.log).not.toContain("secret");
  });

  it("[BRIDGE8] may send without end, and hears that it is too much while it sends", async () => {
    const { at } = await startEcho();
    const request = http.request(`${at.http}/refused`, { method: "POST" });
    const responded = once(request, "response") as Promise<[IncomingMessage]>;
    request.write("x".repeat(100_000));
    expect(await text((await responded)[0])).toBe("too much");
    request.destroy();
  });

  it("[BRIDGE8] hears the beginning of an answer before its end, and that it broke off", async () => {
    const { at, answers } = await startEcho();
    const request = http.get(`${at.http}/slow`);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    expect(`${(await once(answer, "data"))[0]}`).toBe("first");
    answers.body?.destroy();
    await expect(text(answer)).rejects.toThrow("aborted");
  });

  it("[BRIDGE8] that has gone asks for nothing more", async () => {
    const { at, answers } = await startEcho();
    const request = http.get(`${at.http}/slow`);
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    await once(answer, "data");
    const gone = once(answers.body as http.ServerResponse, "close");
    answer.destroy();
    await gone;
    expect(at.log).not.toContain("/slow");
  });
});

describe("look-ups", () => {
  it("[BRIDGE5] tell the bridge in the broker's place, as it was called, and others as they are", async () => {
    const elsewhere = await V1Producer.open(broker.tcp, "elsewhere");
    onTestFinished(() => elsewhere.close());
    elsewhere.write("REGISTER shared\n");
    await elsewhere.replies(1);
    await post(`${broker.http}/topic/create?topic=shared`);
    await expect.poll(async () => (await producersOf(`${broker.http}/lookup?topic=shared`)).length, POLL).toBe(2);
    const [, other] = await producersOf(`${broker.http}/lookup?topic=shared`);
    for (const url of [`${lookupd()}/lookup?topic=shared`, `${bridge.http}/lookup?topic=shared`]) {
      const own = { ...ownNode("127.0.0.1"), version: "1.3.0", topology_zone: "", topology_region: "" };
      expect(await producersOf(url)).toEqual([own, other]);
      const named = url.replace("127.0.0.1", "localhost");
      expect((await producersOf(named))[0]).toEqual({ ...own, ...ownNode("localhost") });
    }
    const [own, ...others] = await producersOf(`${lookupd()}/nodes`);
    expect(own).toMatchObject(ownNode("127.0.0.1"));
    expect(own?.topics).toContain("shared");
    expect(others).toMatchObject([{ broadcast_address: "elsewhere", topics: ["shared"] }]);
    const debug = await get<Record<string, object[]>>(`${lookupd()}/debug`);
    const { remote_address: id, ...rest } = ownNode("127.0.0.1");
    expect(debug["topic:shared:"]).toMatchObject([{ id, ...rest }, { broadcast_address: "elsewhere" }]);
  });

  it("[BRIDGE5] tell what --broadcast-address says", async () => {
    const other = await startBridge([broker.http, "--broadcast-address=bridge.example"]);
    onTestFinished(() => void other.stop());
    await post(`${broker.http}/topic/create?topic=told`);
    await expect
      .poll(() => producersOf(`http://${other.lookupd}/lookup?topic=told`), POLL)
      .toMatchObject([ownNode("bridge.example", other)]);
    const host = `bridge.example:${portOf(other.http)}`;
    expect((await ask(`${other.http}/ping`, { headers: { host } })).body).toBe("OK");
  });

  it("[BRIDGE5] a tombstone for the bridge is one for the broker", async () => {
    await post(`${broker.http}/topic/create?topic=buried`);
    const own = () => producersOf(`${lookupd()}/lookup?topic=buried`);
    await expect.poll(async () => (await own()).length, POLL).toBe(1);
    const bury = (node: string) => post(`${lookupd()}/topic/tombstone?topic=buried&node=${node}`);
    expect(await bury("127.0.0.1:1")).toBe("200 ");
    expect(await own()).toHaveLength(1);
    expect(await bury(`127.0.0.1:${portOf(bridge.http)}`)).toBe("200 ");
    expect(await own()).toEqual([]);
  });

  it("[BRIDGE5] what is no such answer passes as it is", async () => {
    expect(await post(`${lookupd()}/lookup?topic=x`)).toContain("405");
    const none = await fetch(`${lookupd()}/lookup?topic=never`);
    expect([none.status, await none.text()]).toEqual([404, '{"message":"TOPIC_NOT_FOUND"}']);
  });
});

describe("producers elsewhere", () => {
  it("[BRIDGE5] register through the bridge, and are told where it answers look-ups", async () => {
    const producer = await V1Producer.open(bridge.tcp, "nsqd.example");
    onTestFinished(() => producer.close());
    producer.write("REGISTER of-nsqd ch\nPING\n");
    expect(await producer.replies(2)).toEqual(["OK", "OK"]);
    expect(await producersOf(`${lookupd()}/lookup?topic=of-nsqd`)).toMatchObject([
      { broadcast_address: "nsqd.example", tcp_port: 4150, http_port: 4151 },
    ]);
    producer.close();
    await expect.poll(() => producersOf(`${broker.http}/lookup?topic=of-nsqd`), POLL).toEqual([]);
  });

  it.skipIf(findNsqd() === null)("[BRIDGE5] a real nsqd does, and finds the channels of a new topic", async () => {
    const { startNsqd } = await import("../../bench/nsqd.ts");
    await post(`${lookupd()}/channel/create?topic=known&channel=first`);
    const nsqd = await startNsqd(findNsqd() as string, [`--lookupd-tcp-address=${bridge.tcp}`]);
    onTestFinished(() => void nsqd.stop());
    const others = async () => (await producersOf(`${broker.http}/nodes`)).slice(1);
    await expect.poll(async () => (await others()).length, POLL).toBe(1);
    expect(await post(`${nsqd.http}/topic/create?topic=known`)).toBe("200 ");
    const stats = () => get<{ topics: { channels: { channel_name: string }[] }[] }>(`${nsqd.http}/stats?format=json`);
    await expect
      .poll(async () => (await stats()).topics[0]?.channels.map(({ channel_name }) => channel_name), POLL)
      .toEqual(["first"]);
  });
});

describe("who may call", () => {
  it.each([
    ["an address", { host: "127.0.0.1:4151" }, 200],
    ["another address", { host: "[::1]" }, 200],
    ["localhost", { host: "LocalHost:1" }, 200],
    ["a name that points here", { host: "attacker.example:4151" }, 403],
    ["something that only looks like an address", { host: "127.0.0.1.attacker.example" }, 403],
    ["a page that came from here", { host: "localhost:4151", origin: "http://localhost:4151" }, 200],
    ["a page from elsewhere", { origin: "https://attacker.example" }, 403],
    ["a page of another port", { host: "localhost:4151", origin: "http://localhost:3000" }, 403],
    ["a page that does not say whose it is", { origin: "null" }, 403],
    ["an image in a page from elsewhere", { "sec-fetch-site": "cross-site" }, 403],
    ["an image in a page of another port", { "sec-fetch-site": "same-site" }, 403],
    ["a page that came from here, as a browser says it", { "sec-fetch-site": "same-origin" }, 200],
    ["somebody at a browser", { "sec-fetch-site": "none" }, 200],
  ])("[BRIDGE9] %s", async (_, headers, status) => {
    for (const url of [bridge.http, lookupd()]) {
      const { answer, body } = await ask(`${url}/ping`, { headers });
      expect([answer.statusCode, body]).toEqual([status, status === 200 ? "OK" : '{"message":"FORBIDDEN"}']);
    }
  });

  it("[BRIDGE9] a target that is another server's is refused", async () => {
    const { answer } = await ask(bridge.http, { path: "http://other.example/ping" });
    expect(answer.statusCode).toBe(400);
  });
});
