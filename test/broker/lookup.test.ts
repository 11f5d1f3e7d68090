// The broker as its own nsqlookupd, for clients that know nothing but its address.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Message, Reader } from "nsqjs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { freePort } from "../helpers/free-port.ts";
import { V1Producer } from "./v1-producer.ts";

const POLL = { timeout: 10_000 };
const MANY = 10_000;
/** Of so many answers one of the quickest counts: what else the machine does says nothing. */
const MEASURED = 50;
const COUNTS = 4;

let broker: BrokerProcess;
beforeAll(async () => {
  const tcpPort = await freePort();
  broker = await startBroker({ tcpPort, options: { "broadcast-tcp-port": String(tcpPort) } });
});
afterAll(() => broker.stop());

async function get<T>(path: string): Promise<T> {
  const response = await fetch(broker.http + path);
  return (await response.json()) as T;
}

async function post(path: string, body = ""): Promise<number> {
  const response = await fetch(broker.http + path, { method: "POST", body });
  await response.arrayBuffer();
  return response.status;
}

interface Lookup {
  readonly channels: string[];
  readonly producers: { readonly broadcast_address: string; readonly tcp_port: number; readonly http_port: number }[];
}

async function producer(host: string): Promise<V1Producer> {
  const opened = await V1Producer.open(broker.tcp, host);
  onTestFinished(() => opened.close());
  return opened;
}

/** An address that passes look-ups on to the broker, and tells what was answered. */
async function startRelay(): Promise<{ address: string; answers: number[] }> {
  const answers: number[] = [];
  const server = createServer(async (request, response) => {
    const answer = await fetch(broker.http + request.url);
    response.writeHead(answer.status).end(await answer.text());
    answers.push(answer.status);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, answers };
}

/** How long an undisturbed answer takes, ms. */
async function answerTime(path: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < MEASURED; i++) {
    const start = performance.now();
    await (await fetch(broker.http + path)).arrayBuffer();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[COUNTS] as number;
}

describe("nsqjs", () => {
  it("[LKP10] that knows only where to look up finds a topic that is made after it started, and consumes it", async () => {
    const relay = await startRelay();
    const reader = new Reader("found", "ch", {
      lookupdHTTPAddresses: [relay.address],
      lookupdPollInterval: 1,
      lookupdPollJitter: 0.1,
    });
    onTestFinished(() => reader.close());
    const errors: Error[] = [];
    reader.on("error", (error) => errors.push(error));
    const received = once(reader, "message") as Promise<[Message]>;
    reader.connect();
    await expect.poll(() => relay.answers, POLL).toContain(404); // looked up in vain
    expect(await post("/pub?topic=found", "hello")).toBe(200);
    const [message] = await received;
    expect(message.body.toString()).toBe("hello");
    message.finish();
    await expect.poll(() => get<Lookup>("/lookup?topic=found"), POLL).toMatchObject({ channels: ["ch"] });
    expect(errors).toEqual([]);
  });
});

describe("/lookup", () => {
  it("[LKP10] tells the address that was called, and the port that the options say", async () => {
    await post("/topic/create?topic=address");
    const { hostname, port } = new URL(broker.http);
    const { producers } = await get<Lookup>("/lookup?topic=address");
    expect(producers).toMatchObject([
      { broadcast_address: hostname, http_port: Number(port), tcp_port: Number(broker.tcp.split(":")[1]) },
    ]);
  });

  it("[LKP12] answers about as fast with ten thousand topics as with a few", async () => {
    await post("/topic/create?topic=one-of-many");
    const paths = ["/lookup?topic=one-of-many", "/topics"];
    const few = [];
    for (const path of paths) few.push(await answerTime(path));
    const other = await producer("many");
    other.write(Array.from({ length: MANY }, (_, i) => `REGISTER topic_number_${i} ch\n`).join(""));
    expect(new Set(await other.replies(MANY))).toEqual(new Set(["OK"]));
    const ratios = [];
    for (const [index, path] of paths.entries()) ratios.push((await answerTime(path)) / (few[index] as number));
    expect(ratios[0]).toBeLessThan(5);
    expect(ratios[1]).toBeLessThan(25); // it is 200 KB that must come over
    expect((await get<{ topics: string[] }>("/topics")).topics.length).toBeGreaterThan(MANY);
  }, 60_000);
});

describe("a producer on TCP", () => {
  it("[LKP4] is found as long as it is connected", async () => {
    const other = await producer("elsewhere");
    other.write("REGISTER there ch\nPING\n");
    expect(await other.replies(2)).toEqual(["OK", "OK"]);
    expect(await get("/lookup?topic=there")).toMatchObject({
      channels: ["ch"],
      producers: [{ broadcast_address: "elsewhere" }],
    });
    other.close();
    await expect.poll(() => get("/lookup?topic=there"), POLL).toEqual({ channels: ["ch"], producers: [] });
  });

  it("[LKP3] that sends garbage or lies about sizes is closed, and others do not notice", async () => {
    const good = await producer("good");
    good.write("REGISTER t\n");
    await good.replies(1);
    const garbage = [Buffer.alloc(100_000, 0x41), Buffer.from("\xff\xfe\n", "latin1"), Buffer.from("IDENTIFY\n")];
    for (const bytes of garbage) {
      const bad = await producer("bad");
      bad.write(bytes);
      bad.write("\n".repeat(10));
      expect((await bad.replies(2)).length).toBeLessThan(2);
      expect(bad.isClosed).toBe(true);
    }
    good.write("PING\n");
    expect(await good.replies(1)).toEqual(["OK"]);
    expect(await get("/lookup?topic=t")).toMatchObject({ producers: [{ broadcast_address: "good" }] });
  });
});
