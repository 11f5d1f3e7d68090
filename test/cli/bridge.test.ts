// The unmodified nsqjs through the bridge to a broker that it reaches over WebSocket and HTTP alone.

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Message, Reader, type ReaderOptions, Writer } from "nsqjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { channelStats } from "../broker/stats.ts";
import { freePort } from "../helpers/free-port.ts";
import { type BridgeProcess, startBridge } from "./bridge-process.ts";

const POLL = { timeout: 20_000, interval: 20 };
const COUNT = 500;
const MODES = [
  ["plain", {}],
  ["deflate", { deflate: true }],
  ["snappy", { snappy: true }],
] as const;

let broker: BrokerProcess;
let bridge: BridgeProcess;
let dataDir: string;
let ports: { httpPort: number; tcpPort: number };
const ends: (() => void)[] = [];

const start = () => startBroker({ dataDir, ...ports });

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-bridge-"));
  ports = { httpPort: await freePort(), tcpPort: await freePort() };
  broker = await start();
  bridge = await startBridge([broker.http.replace("http", "ws")]);
});
afterAll(async () => {
  await bridge?.stop();
  await broker?.stop();
  await rm(dataDir, { recursive: true, force: true });
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function connectWriter(options: object = {}): Promise<Writer> {
  const [host = "", port] = bridge.tcp.split(":");
  const writer = new Writer(host, Number(port), options);
  ends.push(() => writer.close());
  writer.connect();
  await once(writer, "ready");
  return writer;
}

/** Resolves when it is stored. */
function publish(writer: Writer, topic: string, messages: string | string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.publish(topic, messages, (error) => (error ? reject(error) : resolve()));
  });
}

interface Reading {
  readonly reader: Reader;
  readonly bodies: string[];
  readonly errors: string[];
  closed: number;
}

function read(topic: string, options: ReaderOptions): Reading {
  const reader = new Reader(topic, "ch", { maxInFlight: 100, ...options });
  const reading: Reading = { reader, bodies: [], errors: [], closed: 0 };
  reader.on("message", (message: Message) => {
    reading.bodies.push(message.body.toString());
    message.finish();
  });
  reader.on("error", (error: Error) => reading.errors.push(error.message));
  reader.on("nsqd_closed", () => {
    reading.closed++;
  });
  ends.push(() => reader.close());
  reader.connect();
  return reading;
}

const bodiesOf = (topic: string) => Array.from({ length: COUNT }, (_, n) => `${topic} ${n} ${"x".repeat(n)}`);

describe.each(MODES)("nsqjs, %s", (name, mode) => {
  it.each(["address", "nsqlookupd"])("[BRIDGE1] publishes and consumes, by its %s", async (by) => {
    const topic = `${name}-${by}`;
    const bodies = bodiesOf(topic);
    const writer = await connectWriter(mode);
    await Promise.all(bodies.map((body) => publish(writer, topic, body)));
    const source = by === "address" ? { nsqdTCPAddresses: [bridge.tcp] } : { lookupdHTTPAddresses: [bridge.lookupd] };
    const { bodies: seen, errors } = read(topic, { ...mode, ...source });
    await expect.poll(() => seen.length, POLL).toBe(COUNT);
    expect([...new Set(seen)].sort()).toEqual(bodies.sort());
    await expect
      .poll(() => channelStats(broker.http, topic, "ch"), POLL)
      .toMatchObject({ depth: 0, in_flight_count: 0, message_count: COUNT });
    const stats = await channelStats(broker.http, topic, "ch");
    expect(stats?.clients).toMatchObject([{ deflate: name === "deflate", snappy: name === "snappy" }]);
    expect(errors).toEqual([]);
  });
});

describe("a broker that goes and comes back", () => {
  it("[BRIDGE6] closes the clients' connections, and a consumer that comes back misses nothing", async () => {
    const topic = "restarted";
    const writer = await connectWriter();
    await publish(writer, topic, "before");
    const reading = read(topic, { lookupdHTTPAddresses: [bridge.lookupd], lookupdPollInterval: 1 });
    await expect.poll(() => reading.bodies, POLL).toEqual(["before"]);
    await publish(writer, topic, bodiesOf(topic));
    const isClosed = once(writer, "closed");
    await broker.stop("SIGKILL");
    await isClosed;
    await expect.poll(() => reading.closed, POLL).toBe(1);
    expect(bridge.log).toMatch(/^nsq-edge: 127\.0\.0\.1:\d+: the connection to the broker was lost$/m);
    broker = await start();
    await expect.poll(() => new Set(reading.bodies).size, POLL).toBe(COUNT + 1);
    await publish(await connectWriter(), topic, "after");
    await expect.poll(() => reading.bodies.at(-1), POLL).toBe("after");
  });
});
