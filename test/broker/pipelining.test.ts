// Commands that are sent in one piece with what they must wait for, on every door.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";

const CHANNEL = "ch";
const POLL = { timeout: 3_000, interval: 20 };

let broker: BrokerProcess;
beforeAll(async () => {
  // No timer of the broker's own is to bring about what a client waits for.
  broker = await startBroker({ options: { "sync-timeout": "1m" } });
});
afterAll(() => broker.stop());

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

type Address = (topic: string) => string;

const PRODUCER_DOORS: Readonly<Record<string, Address>> = {
  TCP: () => broker.tcp,
  "/v2": () => broker.ws,
  "/v2?topic=": (topic) => `${broker.ws}?topic=${topic}`,
};
const CONSUMER_DOORS: Readonly<Record<string, Address>> = {
  TCP: () => broker.tcp,
  "/v2": () => broker.ws,
  "/v2?topic=&channel=": (topic) => `${broker.ws}?topic=${topic}&channel=${CHANNEL}`,
};

let topics = 0;
function newTopic(): string {
  return `pipelined-${topics++}`;
}

describe.each(Object.entries(PRODUCER_DOORS))("a producer on %s", (_door, address) => {
  it("[SES2] is answered for publishes on both sides of an IDENTIFY", async () => {
    const topic = newTopic();
    const client = await open(address(topic));
    client.write(Buffer.concat([pub(topic, "1"), command("IDENTIFY", "{}"), pub(topic, "2")]));
    await expect.poll(() => client.replies, POLL).toEqual(["OK", "OK", "OK"]);
  });

  it("[SES2] is answered for publishes to several topics in the order of the commands", async () => {
    const [first, second] = [newTopic(), newTopic()];
    const client = await open(address(first));
    const commands = [pub(first, "1"), pub(second, "2"), command("IDENTIFY", "{}"), pub(second, "3"), pub(first, "4")];
    client.write(Buffer.concat(commands));
    await expect.poll(() => client.replies, POLL).toEqual(Array(5).fill("OK"));
  });
});

describe.each(Object.entries(CONSUMER_DOORS))("a consumer on %s", (_door, address) => {
  it("[SES2] is answered for publishes on both sides of SUB and CLS", async () => {
    const topic = newTopic();
    const client = await open(address(topic));
    const commands = [
      pub(topic, "1"),
      command(`SUB ${topic} ${CHANNEL}`),
      pub(topic, "2"),
      command("CLS"),
      pub(topic, "3"),
    ];
    client.write(Buffer.concat(commands));
    await expect.poll(() => client.replies, POLL).toEqual(["OK", "OK", "OK", "CLOSE_WAIT", "OK"]);
  });

  it("[SES2] has what waited behind a publish carried out for others at once, too", async () => {
    const [topic, other] = [newTopic(), newTopic()];
    const [leaving, staying] = [await open(address(topic)), await open(address(topic))];
    leaving.finishes = false;
    const ids: string[] = [];
    leaving.onMessage = (_body, id) => ids.push(id);
    await leaving.subscribe(topic, CHANNEL);
    await staying.subscribe(topic, CHANNEL);
    leaving.ready(1);
    const producer = await open(broker.tcp);
    producer.write(pub(topic, "1"));
    await expect.poll(() => ids.length, POLL).toBe(1);
    staying.ready(1);
    leaving.write(Buffer.concat([pub(other, "2"), command("CLS"), command(`REQ ${ids[0]} 0`)]));
    await expect.poll(() => staying.count, POLL).toBe(1);
  });
});

async function open(address: string): Promise<Client> {
  const client = await Client.open(address);
  clients.push(client);
  return client;
}

function pub(topic: string, message: string): Buffer {
  return command(`PUB ${topic}`, message);
}

function command(line: string, body?: string): Buffer {
  if (body === undefined) return Buffer.from(`${line}\n`);
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.byteLength(body));
  return Buffer.concat([Buffer.from(`${line}\n`), size, Buffer.from(body)]);
}
