// The HTTP API of a running broker, where it takes topics that live, clients that vanish, or an address to be called at.

import { once } from "node:events";
import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { pub } from "./commands.ts";
import { messageCount, topicStats } from "./topic-stats.ts";

const POLL = { timeout: 5_000, interval: 20 };

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

describe("GET /stats of one channel", () => {
  const TOPIC = "stats-of-a-channel";

  beforeAll(async () => {
    await post(`/topic/create?topic=${TOPIC}`);
    await post(`/channel/create?topic=${TOPIC}&channel=there`);
  });

  it("[STAT1] has no topics, and no producers, when there is no such topic", async () => {
    expect(await stats("topic=none&channel=there")).toMatchObject({ topics: null, producers: null });
  });

  it("[STAT1] has an empty list of topics, and the producers, when the topic lacks the channel", async () => {
    await openProducer(TOPIC);
    const producers = [{ pub_counts: [{ topic: TOPIC, count: 1 }] }];
    expect(await stats(`topic=${TOPIC}&channel=none`)).toMatchObject({ topics: [], producers });
  });

  it("[STAT1] has the topic with this channel alone when there is one", async () => {
    await post(`/channel/create?topic=${TOPIC}&channel=another`);
    const topics = [{ topic_name: TOPIC, channels: [{ channel_name: "there" }] }];
    expect(await stats(`topic=${TOPIC}&channel=there`)).toMatchObject({ topics });
  });

  it("[STAT1] has an empty list of topics when none has the channel, and no topic is asked for", async () => {
    expect(await stats("channel=none")).toMatchObject({ topics: [] });
  });
});

describe("GET /config", () => {
  it.each(["broadcast_address", "broadcast_tcp_port", "broadcast_http_port"])(
    "[HTTP1] shows the %s that /info shows",
    async (name) => {
      const info = (await getJson("/info")) as Record<string, unknown>;
      const value = info[name.replace(/^broadcast_(?=.*port)/, "")];
      expect(await getText(`/config/${name}`)).toBe(String(value));
    },
  );

  it("[HTTP1] shows the port at which the broker is called", async () => {
    expect(await getText("/config/broadcast_http_port")).toBe(new URL(broker.http).port);
  });
});

describe("a client that is gone in the middle of its request", () => {
  it.each([
    ["/pub", "Content-Length: 10\r\n\r\nabc"],
    ["/pub", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"],
    ["/mpub", "Content-Length: 10\r\n\r\nabc\nd"],
    ["/mpub", "Transfer-Encoding: chunked\r\n\r\n6\r\nabc\nde\r\n"],
    ["/mpub?binary=true&", "Content-Length: 30\r\n\r\n\0\0\0\x01\0\0\0\x03abc"],
  ])("[HTTP3] leaves nothing in the log, and publishes nothing: %s %j", async (path, request) => {
    const topic = `cut-${path.length}-${request.length}`;
    const before = broker.log;
    const target = path.includes("?") ? `${path}topic=${topic}` : `${path}?topic=${topic}`;
    await sendAndVanish(`POST ${target} HTTP/1.1\r\nHost: broker\r\n${request}`);
    // Requests behind it are answered after the broker has seen the end of this one.
    await post("/pub?topic=after", "x");
    await expect.poll(() => messageCount(broker.http, "after"), POLL).toBeGreaterThan(0);
    expect(await topicStats(broker.http, topic)).toBeOneOf([null, expect.objectContaining({ message_count: 0 })]);
    expect(linesOf(broker.log.slice(before.length))).toEqual([]);
  });

  it("[HTTP3] leaves nothing in the log, and changes nothing, when it sends a value of /config", async () => {
    const [before, level] = [broker.log, await getText("/config/log_level")];
    await sendAndVanish("PUT /config/log_level HTTP/1.1\r\nHost: broker\r\nContent-Length: 10\r\n\r\nde");
    await post("/pub?topic=after", "x");
    expect(await getText("/config/log_level")).toBe(level);
    expect(linesOf(broker.log.slice(before.length))).toEqual([]);
  });
});

async function openProducer(topic: string): Promise<void> {
  const client = await Client.open(broker.tcp);
  clients.push(client);
  client.write(pub(topic, "x"));
  await expect.poll(() => client.replies, POLL).toEqual(["OK"]);
}

/** Sends the beginning of a request, and closes the connection. */
async function sendAndVanish(request: string): Promise<void> {
  const { hostname, port } = new URL(broker.http);
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  await new Promise<void>((resolve) => socket.write(request, "latin1", () => resolve()));
  await getText("/ping"); // the broker reads the beginning before it sees the end
  socket.destroy();
  await once(socket, "close");
}

/** What was logged, but for topics that came to be. */
function linesOf(log: string): string[] {
  return log.split("\n").filter((line) => line !== "" && !line.endsWith(": created"));
}

async function post(path: string, body = ""): Promise<void> {
  const response = await fetch(broker.http + path, { method: "POST", body });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

async function getText(path: string): Promise<string> {
  const response = await fetch(broker.http + path);
  return response.text();
}

async function getJson(path: string): Promise<unknown> {
  return JSON.parse(await getText(path));
}

function stats(query: string): Promise<unknown> {
  return getJson(`/stats?format=json&include_mem=false&${query}`);
}
