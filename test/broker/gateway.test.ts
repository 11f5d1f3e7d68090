// Producers at the doors that lead through the gateway: what they send in one go, in pieces, and to many topics.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { Client } from "./client.ts";
import { identify, pub, times } from "./commands.ts";
import { messageCount } from "./topic-stats.ts";

const POLL = { timeout: 5_000, interval: 20 };
/** So long is a publish without an answer, and what is behind it waits. */
const LINGER_MS = 200;
const MAX_TOPIC_BYTES = 2 ** 20;

let broker: BrokerProcess;
/** Stores slowly, and not much. */
let slow: BrokerProcess;
beforeAll(async () => {
  const options = { linger: `${LINGER_MS}ms`, "max-topic-bytes": String(MAX_TOPIC_BYTES) };
  [broker, slow] = await Promise.all([startBroker(), startBroker({ options })]);
});
afterAll(() => Promise.all([broker.stop(), slow.stop()]));

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

let topics = 0;
function newTopic(): string {
  return `gateway-${topics++}`;
}

const DOORS = { TCP: (of: BrokerProcess) => of.tcp, "/v2": (of: BrokerProcess) => of.ws };

describe.each(Object.entries(DOORS))("a producer on %s", (_door, address) => {
  it.each<[string, (xEnd: number) => number[]]>([
    ["three pieces of their own", (xEnd) => [0, xEnd - 100, xEnd + 100]],
    ["two pieces, the first of them with the IDENTIFY", (xEnd) => [xEnd + 600]],
  ])(
    "[SES2] has publishes behind an IDENTIFY that waits stored whole when they come in %s",
    async (_pieces, cutsBehind) => {
      const topic = newTopic();
      const [x, y] = ["x".repeat(1_000), "y".repeat(1_200)];
      const client = await open(address(slow));
      // Once there is a link, what is published is on its way at once, and not copied before.
      client.write(pub(topic, "first"));
      await answered(client, 1);
      const waiting = Buffer.concat([pub(topic, "second"), identify()]);
      const stream = Buffer.concat([waiting, pub(topic, x), pub(topic, y)]);
      const cuts = cutsBehind(pub(topic, x).length).map((at) => waiting.length + at);
      for (const [i, end] of [3, ...cuts, stream.length].entries()) {
        client.write(stream.subarray([0, 3, ...cuts][i], end));
        await ping(); // so that the next piece comes by itself
      }
      expect(client.replies).toEqual(["OK"]);
      await answered(client, 5);
      expect(await consume(topic, 4)).toEqual(["first", "second", x, y]);
    },
  );

  it("[SES3] is answered for what it published before it is refused another publish", async () => {
    const [full, fresh] = [newTopic(), newTopic()];
    const client = await open(address(slow));
    client.write(pub(full, "there is room yet"));
    await answered(client, 1);
    await fill(full);
    client.write(Buffer.concat([pub(fresh, "1"), pub(full, "2")]));
    await expect.poll(() => client.isClosed, POLL).toBe(true);
    expect(client.replies).toEqual(["OK", "OK", expect.stringMatching(/^E_PUB_FAILED PUB failed/)]);
    expect(await consume(fresh, 1)).toEqual(["1"]);
  });

  it("[SES2] waits hardly longer when it publishes to two topics in turns", async ({ annotate }) => {
    const COUNT = 50_000;
    const MAX_RATIO = 5;
    const [a, b] = [newTopic(), newTopic()];
    const client = await open(address(broker));
    client.write(Buffer.concat([pub(a, "x"), pub(b, "x")]));
    await answered(client, 2);
    /** How long it takes to have all published, to these two topics in turns, in ms. */
    const timed = async (first: string, second: string): Promise<number> => {
      const start = performance.now();
      const before = client.replies.length;
      client.write(times(COUNT / 2, Buffer.concat([pub(first, "x"), pub(second, "x")])));
      await answered(client, before + COUNT);
      return performance.now() - start;
    };
    await timed(b, b); // what was never done takes longer
    const [one, two] = [await timed(a, a), await timed(a, b)];
    await annotate(`one topic ${Math.round(one)} ms, two in turns ${Math.round(two)} ms`);
    expect(two / one).toBeLessThan(MAX_RATIO);
  });
});

describe("a producer of very many topics", () => {
  const MANY = 200;

  it("[PUB1] may publish to 200 topics, without waiting and one after the other", async () => {
    const names = Array.from({ length: MANY }, newTopic);
    const client = await open(broker.tcp);
    client.write(Buffer.concat(names.map((topic) => pub(topic, "1"))));
    await answered(client, MANY);
    for (const [i, topic] of names.entries()) {
      client.write(pub(topic, "2"));
      await answered(client, MANY + i + 1);
    }
    expect(await messageCounts(names)).toEqual(names.map(() => 2));
  });

  it("[STAT1] is shown as a producer of a topic also when it went on to others, up to 64", async () => {
    const [first, ...others] = Array.from({ length: 64 }, newTopic) as [string, ...string[]];
    const client = await open(broker.tcp);
    client.write(pub(first, "x"));
    await answered(client, 1);
    client.write(Buffer.concat(others.map((topic) => pub(topic, "x"))));
    await answered(client, 1 + others.length);
    const response = await fetch(`${broker.http}/stats?format=json&topic=${first}`);
    expect(await response.json()).toMatchObject({ producers: [{ pub_counts: [{ topic: first, count: 1 }] }] });
  });

  it("[SES2] is answered by a topic to which it publishes again just when its link was closed as idle", async () => {
    const idle = newTopic();
    const others = Array.from({ length: 100 }, newTopic);
    const client = await open(broker.tcp);
    client.write(pub(idle, "1"));
    await answered(client, 1);
    client.write(Buffer.concat([...others.map((topic) => pub(topic, "x")), pub(idle, "2")]));
    await expect.poll(() => messageCounts([idle]), POLL).toEqual([2]);
    await answered(client, 2 + others.length);
  });
});

async function open(address: string): Promise<Client> {
  const client = await Client.open(address);
  clients.push(client);
  return client;
}

/** Waits until a client has so many replies, all of them OK. */
async function answered(client: Client, count: number): Promise<void> {
  await expect
    .poll(() => client.isClosed || client.replies.length >= count, { timeout: 6_000, interval: 1 })
    .toBe(true);
  expect(client.replies.filter((reply) => reply !== "OK")).toEqual([]);
  expect(client.replies).toHaveLength(count);
}

/** The first messages of a topic. */
async function consume(topic: string, count: number): Promise<string[]> {
  const bodies: string[] = [];
  const consumer = await open(slow.tcp);
  consumer.onMessage = (body) => bodies.push(String(body));
  await consumer.subscribe(topic, "ch");
  consumer.ready(count + 1);
  await consumer.received(count);
  return bodies;
}

function messageCounts(names: readonly string[]): Promise<number[]> {
  return Promise.all(names.map((topic) => messageCount(broker.http, topic)));
}

/** Publishes until the topic takes no more. */
async function fill(topic: string): Promise<void> {
  const body = Buffer.alloc(MAX_TOPIC_BYTES / 8);
  const publish = () => fetch(`${slow.http}/pub?topic=${topic}`, { method: "POST", body });
  const responses = await Promise.all(Array.from({ length: 12 }, publish));
  expect(responses.some(({ status }) => status === 503)).toBe(true);
}

async function ping(): Promise<void> {
  await fetch(`${slow.http}/ping`);
}
