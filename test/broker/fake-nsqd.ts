// An nsqd elsewhere, as far as the admin API sees one: it registers topics, tells figures and notes what it is ordered.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { V1Producer } from "./v1-producer.ts";

/** Answers GET /stats, or anything that is ordered. */
type Respond = (request: IncomingMessage, response: ServerResponse) => void;

export interface FakeNsqd {
  readonly address: string;
  /** Method and URL of what it was asked and ordered. */
  readonly calls: string[];
  respond: Respond;
}

/** Registers `topics`, each with the channel `ch`, with a broker. @param broker `host:port` of its TCP door */
export async function fakeNsqd(broker: string, hostname: string, topics: readonly string[]): Promise<FakeNsqd> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    nsqd.respond(request, response);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const nsqd: FakeNsqd = {
    address: `127.0.0.1:${port}`,
    calls,
    respond: (request, response) => {
      const isQuestion = request.method === "GET";
      response.end(isQuestion ? JSON.stringify({ topics: topics.map(topicStats) }) : "");
    },
  };
  await registerAt(broker, hostname, port, topics);
  return nsqd;
}

/** Registers topics of an nsqd at `127.0.0.1:port`, whether there is one or not. */
export async function registerAt(broker: string, hostname: string, port: number, topics: readonly string[]) {
  const told = { hostname, tcp_port: port, http_port: port, version: "1.2.0" };
  const producer = await V1Producer.open(broker, "127.0.0.1", told);
  onTestFinished(() => producer.close());
  producer.write(topics.map((topic) => `REGISTER ${topic} ch\n`).join(""));
  await producer.replies(topics.length);
  return producer;
}

/** What it tells of each of its topics. */
function topicStats(name: string): object {
  const channel = { channel_name: "ch", depth: 20, backend_depth: 5, message_count: 30, client_count: 0, clients: [] };
  return { topic_name: name, channels: [channel], depth: 3, backend_depth: 0, message_count: 33, paused: false };
}
