// What `OK` means, door by door: the process is killed as soon as it was said.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { command, mpub } from "../helpers/commands.ts";
import { Client } from "./client.ts";
import { channelStats } from "./stats.ts";

const POLL = { timeout: 10_000, interval: 1 };
const SETTINGS: Record<string, string>[] = [{}, { linger: "20ms" }, { "sync-timeout": "1m", "sync-every": "1000000" }];

type Publish = (broker: BrokerProcess, topic: string) => Promise<string>;

/** Each publishes and returns what it was answered. */
const DOORS: Readonly<Record<string, Publish>> = {
  "/pub": ({ http }, topic) => post(`${http}/pub?topic=${topic}`, "a"),
  "/pub?defer=": ({ http }, topic) => post(`${http}/pub?topic=${topic}&defer=1`, "a"),
  "/mpub": ({ http }, topic) => post(`${http}/mpub?topic=${topic}`, "a\nb"),
  "PUB over TCP": ({ tcp }, topic) => tell(tcp, command(`PUB ${topic}`, "a")),
  "MPUB over TCP": ({ tcp }, topic) => tell(tcp, mpub(topic, ["a", "b"])),
  "PUB over /v2": ({ ws }, topic) => tell(ws, command(`PUB ${topic}`, "a")),
  "DPUB over /v2": ({ ws }, topic) => tell(ws, command(`DPUB ${topic} 1`, "a")),
  "PUB over /v2?topic=": ({ ws }, topic) => tell(`${ws}?topic=${topic}`, command(`PUB ${topic}`, "a")),
  "MPUB over /v2?topic=": ({ ws }, topic) => tell(`${ws}?topic=${topic}`, mpub(topic, ["a", "b"])),
  "PUB over /v2?topic= of another topic": ({ ws }, topic) => tell(`${ws}?topic=another`, command(`PUB ${topic}`, "a")),
  "PUB over /v2?topic=&channel=": ({ ws }, topic) =>
    tell(`${ws}?topic=another&channel=ch`, command(`PUB ${topic}`, "a")),
};

async function post(url: string, body: string): Promise<string> {
  const response = await fetch(url, { method: "POST", body });
  return response.text();
}

async function tell(address: string, publish: string): Promise<string> {
  const client = await Client.open(address);
  client.write(Buffer.from(publish, "latin1"));
  await expect.poll(() => client.replies.length + Number(client.isClosed), POLL).toBeGreaterThan(0);
  client.close();
  return client.replies.join();
}

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-ok-"));
});
afterAll(() => rm(dataDir, { recursive: true }));

/** Starts a broker on the same data; it is killed at the latest when the test is over. */
async function start(options: Record<string, string>): Promise<BrokerProcess> {
  const broker = await startBroker({ dataDir, options });
  onTestFinished(() => broker.stop("SIGKILL"));
  return broker;
}

describe.each(SETTINGS)("the broker with %j, killed as soon as it has said OK", (options) => {
  it.each(Object.entries(DOORS))("[DUR1] has stored what was published by %s", async (door, publish) => {
    const topic = `t${Object.keys(DOORS).indexOf(door)}-${SETTINGS.indexOf(options)}`;
    const killed = await start(options);
    await post(`${killed.http}/topic/create?topic=${topic}`, "");
    await post(`${killed.http}/channel/create?topic=${topic}&channel=ch`, "");
    expect(await publish(killed, topic)).toBe("OK");
    await killed.stop("SIGKILL");

    const broker = await start(options);
    const consumer = await Client.open(broker.tcp);
    const bodies: string[] = [];
    consumer.onMessage = (body) => bodies.push(body.toString());
    await consumer.subscribe(topic, "ch");
    consumer.ready(10);
    const expected = door.toLowerCase().includes("mpub") ? ["a", "b"] : ["a"];
    await expect.poll(() => bodies, POLL).toEqual(expected);
    const stats = await channelStats(broker.http, topic, "ch");
    expect(stats).toMatchObject({ message_count: expected.length, depth: 0 });
    consumer.close();
  });
});
