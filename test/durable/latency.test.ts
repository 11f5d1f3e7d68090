import { evictDurableObject, reset } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { TopicView } from "../../src/admin/api.ts";
import { samplesOf } from "../helpers/exposition.ts";
import { channelStats, channelStub, post, publish, stats } from "./broker-api.ts";
import { kill } from "./objects.ts";
import { type ReceivedMessage, V2Client } from "./v2-client.ts";

const OPTIONS = {
  "e2e-processing-latency-percentile": "0.99,0.5",
  "e2e-processing-latency-window-time": "1h",
};
const NOW = 1_800_000_000_000;
const NS_PER_MS = 1e6;
const open: V2Client[] = [];

beforeEach(() => {
  Object.assign(env, OPTIONS);
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
});

afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  for (const name of Object.keys(OPTIONS)) Reflect.deleteProperty(env, name);
  vi.useRealTimers();
  await exports.default.fetch("http://broker/stats"); // objects that sleep are not reset
  await reset();
});

async function consumer(channel: string): Promise<V2Client> {
  const client = await V2Client.consumer("t", channel);
  open.push(client);
  client.send("RDY 10");
  return client;
}

/** Finishes the next message of a channel, so long after it was published. */
async function finishAfter(ms: number, client: V2Client): Promise<void> {
  await finish(ms, client, (await client.message()).id);
}

async function finish(ms: number, client: V2Client, id: string): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  client.send(`FIN ${id}`);
  await client.settled();
}

/** Right to 1 %. */
function percentiles(p99Ms: number, p50Ms: number) {
  const near = (ms: number) => expect.closeTo(ms * NS_PER_MS, -Math.log10(2 * 0.0101 * ms * NS_PER_MS));
  return [
    { quantile: 0.99, value: near(p99Ms) },
    { quantile: 0.5, value: near(p50Ms) },
  ];
}

const NOTHING = {
  count: 0,
  percentiles: [
    { quantile: 0.99, value: 0 },
    { quantile: 0.5, value: 0 },
  ],
};

describe("e2e-processing-latency-percentile", () => {
  it("[LAT1] is in /stats as nsqd has it, in JSON and in text, and 0 as long as nothing was finished", async () => {
    await post("/topic/create?topic=t");
    const client = await consumer("c");
    expect((await stats("t"))?.e2e_processing_latency).toEqual(NOTHING);
    expect((await channelStats("t", "c")).e2e_processing_latency).toEqual(NOTHING);
    await publish("t", "x");
    await finishAfter(900, client);
    const latency = { count: 1, percentiles: percentiles(900, 900) };
    expect((await channelStats("t", "c")).e2e_processing_latency).toEqual(latency);
    const text = await (await exports.default.fetch("http://broker/stats?include_clients=false")).text();
    expect(text).toMatch(/^ {3}\[t .* e2e%: (89\d|90\d)\.\dms, (89\d|90\d)\.\dms$/m);
    expect(text).toMatch(/^ {6}\[c .* e2e%: (89\d|90\d)\.\dms, (89\d|90\d)\.\dms$/m);
  });

  it("[LAT3] of a topic is that of all its channels together", async () => {
    await post("/topic/create?topic=t");
    const [fast, slow] = [await consumer("fast"), await consumer("slow")];
    for (let i = 0; i < 3; i++) {
      await publish("t", "x");
      await finishAfter(10, fast);
    }
    await slow.message();
    await slow.message();
    await finishAfter(50_000, slow);
    expect((await channelStats("t", "slow")).e2e_processing_latency.count).toBe(1);
    expect((await stats("t"))?.e2e_processing_latency).toEqual({ count: 4, percentiles: percentiles(10, 10) });
    await publish("t", "x");
    await finishAfter(50_000, fast);
    expect((await stats("t"))?.e2e_processing_latency).toEqual({ count: 5, percentiles: percentiles(50_000, 10) });
  });

  it("[LAT4] is kept over a sleep and a crash of the channel", async () => {
    await post("/topic/create?topic=t");
    const client = await consumer("c");
    await publish("t", "x");
    await publish("t", "y");
    const [x, y] = (await client.messages(2)) as [ReceivedMessage, ReceivedMessage];
    await finish(400, client, x.id);
    await evictDurableObject(channelStub("t", "c"));
    await finish(600, client, y.id); // it was in flight meanwhile
    const latency = { count: 2, percentiles: percentiles(400, 400) };
    expect((await channelStats("t", "c")).e2e_processing_latency).toEqual(latency);
    await kill(channelStub("t", "c"));
    expect((await channelStats("t", "c")).e2e_processing_latency).toEqual(latency);
  });

  it("[LAT2] covers the last while only", async () => {
    await post("/topic/create?topic=t");
    const client = await consumer("c");
    await publish("t", "x");
    await finishAfter(5, client);
    expect((await channelStats("t", "c")).e2e_processing_latency.count).toBe(1);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect((await channelStats("t", "c")).e2e_processing_latency).toEqual(NOTHING);
  });

  it("[LAT1] is in /metrics in seconds, and in the admin API", async () => {
    await post("/topic/create?topic=t");
    const client = await consumer("c");
    await publish("t", "x");
    await finishAfter(2_000, client);
    const samples = samplesOf(await (await exports.default.fetch("http://broker/metrics")).text());
    expect(samples.get('nsq_channel_e2e_processing_latency_messages{topic="t",channel="c"}')).toBe(1);
    for (const labels of ['topic="t",quantile="0.99"', 'topic="t",quantile="0.5"']) {
      expect(Math.abs((samples.get(`nsq_topic_e2e_processing_latency_seconds{${labels}}`) ?? 0) - 2)).toBeLessThan(
        0.021,
      );
    }
    const view = (await (await exports.default.fetch("http://broker/admin/api/topics/t")).json()) as TopicView;
    const [p99] = view.e2e_processing_latency.percentiles ?? [];
    expect(p99).toMatchObject({ quantile: 0.99, count: 1 });
    expect(Math.abs((p99?.average ?? 0) - 2e9)).toBeLessThan(2.1e7);
  });
});

describe("without it", () => {
  it("[LAT1] nothing is measured, and /stats says so as nsqd does", async () => {
    for (const name of Object.keys(OPTIONS)) Reflect.deleteProperty(env, name);
    await post("/topic/create?topic=t");
    const client = await consumer("c");
    await publish("t", "x");
    await finishAfter(5, client);
    const nothing = { count: 0, percentiles: null };
    expect((await stats("t"))?.e2e_processing_latency).toEqual(nothing);
    expect((await channelStats("t", "c")).e2e_processing_latency).toEqual(nothing);
    expect(await (await exports.default.fetch("http://broker/stats")).text()).toMatch(/ e2e%: \n/);
  });
});
