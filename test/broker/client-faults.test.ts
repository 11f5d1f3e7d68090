// The client while brokers come and go.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Consumer, NotConnectedError, Producer } from "../../src/client/index.ts";
import { tcpTransport } from "../../src/client/tcp.ts";
import { freePort } from "../helpers/free-port.ts";
import { channelStats } from "./stats.ts";

const POLL = { timeout: 30_000, interval: 20 };
const TOPIC = "t";
const CHANNEL = "ch";

async function post(url: string): Promise<void> {
  expect((await fetch(url, { method: "POST" })).status).toBe(200);
}

async function createChannel({ http }: BrokerProcess): Promise<void> {
  await post(`${http}/topic/create?topic=${TOPIC}`);
  await post(`${http}/channel/create?topic=${TOPIC}&channel=${CHANNEL}`);
}

describe("the client, with a broker that is killed under load", () => {
  it.each(["TCP", "the direct path"])(
    "[CLIENT3] [CLIENT9] every publish is resolved and delivered, or rejected; over %s",
    async (door) => {
      const dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-client-"));
      const settings = { dataDir, httpPort: await freePort(), tcpPort: await freePort() };
      let broker = await startBroker(settings);
      await createChannel(broker);
      const transport = tcpTransport();
      const producer =
        door === "TCP" ? new Producer(broker.tcp, { transport }) : new Producer(`${broker.ws}?topic=${TOPIC}`);
      const options = { maxInFlight: 100, maxAttempts: 0, msgTimeout: 2_000 };
      const consumer =
        door === "TCP"
          ? new Consumer(TOPIC, CHANNEL, { ...options, transport }).connect(broker.tcp)
          : new Consumer(TOPIC, CHANNEL, options).connectToEdge(broker.http);
      const delivered = new Set<string>();
      consumer.handle((message) => delivered.add(message.text()), { concurrency: 10 });

      const stored: string[] = [];
      const rejected: unknown[] = [];
      let count = 0;
      let goesOn = true;
      const publishing = (async () => {
        while (goesOn) {
          const batch = Array.from({ length: 20 }, () => `message ${count++}`);
          await Promise.all(
            batch.map((body) =>
              producer.publish(TOPIC, body).then(
                () => stored.push(body),
                (error) => rejected.push(error),
              ),
            ),
          );
        }
      })();
      for (let restarts = 0; restarts < 3; restarts++) {
        const before = stored.length;
        await vi.waitFor(() => expect(stored.length).toBeGreaterThan(before + 100), POLL);
        await broker.stop("SIGKILL");
        broker = await startBroker(settings);
      }
      const before = stored.length;
      await vi.waitFor(() => expect(stored.length).toBeGreaterThan(before + 100), POLL);
      goesOn = false;
      await publishing;

      expect(stored.length + rejected.length).toBe(count);
      expect(rejected.length).toBeGreaterThan(0);
      for (const error of rejected) expect(error).toBeInstanceOf(NotConnectedError);
      await vi.waitFor(() => expect(stored.filter((body) => !delivered.has(body))).toEqual([]), POLL);
      await vi.waitFor(async () => {
        expect(await channelStats(broker.http, TOPIC, CHANNEL)).toMatchObject({ depth: 0, in_flight_count: 0 });
      }, POLL);
      await consumer.stop();
      producer.stop();
      await broker.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  );
});

describe("the client, with lookups", () => {
  it.each(["TCP", "WebSocket"])(
    "[CLIENT9] finds a topic that is made later, on every broker that has it; over %s",
    async (door) => {
      const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
      const start = async (httpPort: number, tcpPort: number) =>
        startBroker({
          httpPort,
          tcpPort,
          options: {
            "broadcast-address": "127.0.0.1",
            "broadcast-http-port": String(httpPort),
            "broadcast-tcp-port": String(tcpPort),
          },
        });
      const brokers = await Promise.all([start(ports[0], ports[1]), start(ports[2], ports[3])]);
      const options = { lookupdPollInterval: 50, maxInFlight: 10 };
      const consumer = new Consumer(
        TOPIC,
        CHANNEL,
        door === "TCP" ? { ...options, transport: tcpTransport() } : options,
      );
      const bodies: string[] = [];
      const connected: string[] = [];
      consumer.on("connection", ({ address }) => connected.push(address));
      consumer.handle((message) => bodies.push(message.text()));
      consumer.connectToLookup(...brokers.map(({ http }) => http));
      for (const [index, broker] of brokers.entries()) {
        await createChannel(broker);
        await fetch(`${broker.http}/pub?topic=${TOPIC}`, { method: "POST", body: `from ${index}` });
      }
      await vi.waitFor(() => expect(bodies.toSorted()).toEqual(["from 0", "from 1"]), POLL);
      expect(connected.toSorted()).toEqual(brokers.map(({ tcp, ws }) => (door === "TCP" ? tcp : ws)).toSorted());
      await consumer.stop();
      await Promise.all(brokers.map((broker) => broker.stop()));
    },
  );
});
