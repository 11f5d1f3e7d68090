import { evictAllDurableObjects, evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { Lookup } from "../../src/durable/Lookup.ts";
import { LOOKUP_OBJECT } from "../../src/durable/object-names.ts";
import { Topic } from "../../src/durable/Topic.ts";
import { expositionErrors, samplesOf } from "../helpers/exposition.ts";
import { channelStub, post, publish, topicStub, until } from "./broker-api.ts";
import { holdAnswer, loseCalls } from "./calls.ts";
import { alarmOf, kill, rowOf, type Stub } from "./objects.ts";
import { direct, V2Client } from "./v2-client.ts";

const open: V2Client[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await exports.default.fetch("http://broker/stats"); // objects that sleep are not reset
  await reset();
});

async function scrape(): Promise<Map<string, number>> {
  const response = await exports.default.fetch("http://broker/metrics");
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(expositionErrors(text)).toEqual([]);
  return samplesOf(text);
}

/** Scrapes until a topic or channel is shown so: marks come after what they tell of. */
async function scrapedUntil(series: string, value: number | undefined): Promise<void> {
  await until(
    async () => (await scrape()).get(series),
    (seen) => seen === value,
  );
}

/** Scrapes until nothing has changed any more. */
async function settled(): Promise<void> {
  await until(
    async () => (await scrape()).get("nsqedge_scrape_asked_topics"),
    (asked) => asked === 0,
  );
}

async function topicWith(topic: string, ...channels: string[]): Promise<void> {
  await post(`/topic/create?topic=${encodeURIComponent(topic)}`);
  for (const channel of channels) await post(`/channel/create?topic=${encodeURIComponent(topic)}&channel=${channel}`);
}

async function consumer(topic: string, channel: string): Promise<V2Client> {
  const client = await V2Client.consumer(topic, channel);
  open.push(client);
  return client;
}

/** The alarm of a topic rings. */
async function ring(stub: Stub): Promise<void> {
  await runInDurableObject(stub as unknown as DurableObjectStub, (instance) => instance.alarm?.());
}

/** Somebody who has published to a topic, over a connection to this one or another, or to a channel. */
async function producer(connectedTo: string, topic: string, channel?: string): Promise<V2Client> {
  const client = await V2Client.open(direct(connectedTo, channel));
  open.push(client);
  client.send(`PUB ${topic}`, "x");
  expect(await client.next()).toEqual({ response: "OK" });
  return client;
}

const lookupStub = () => env.LOOKUP.getByName(LOOKUP_OBJECT) as unknown as Stub;
const topicSeries = (name: string, topic = "t") => `nsq_topic_${name}{topic="${topic}"}`;
const channelSeries = (name: string) => `nsq_channel_${name}{topic="t",channel="c"}`;

describe("GET /metrics", () => {
  it("[MET1] is served as Prometheus wants it", async () => {
    const response = await exports.default.fetch("http://broker/metrics");
    expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(expositionErrors(text)).toEqual([]);
    expect(samplesOf(text).get("nsqedge_up")).toBe(1);
  });

  it("[MET2] shows what /stats shows", async () => {
    await topicWith("t", "c");
    const client = await consumer("t", "c");
    for (const body of ["one", "three"]) await publish("t", body);
    client.send("RDY 1");
    await client.message();
    await publish("t", "later", 60_000);
    await producer("t", "t");
    const samples = await scrape();
    const shown = (names: string[], series: (name: string) => string) =>
      Object.fromEntries(names.map((name) => [name, samples.get(series(name))]));
    expect(
      shown(["depth", "messages_total", "message_bytes_total", "paused", "channels", "producers"], topicSeries),
    ).toEqual({ depth: 0, messages_total: 4, message_bytes_total: 14, paused: 0, channels: 1, producers: 1 });
    expect(
      shown(["depth", "in_flight", "deferred", "messages_total", "clients", "ready", "paused"], channelSeries),
    ).toEqual({ depth: 2, in_flight: 1, deferred: 1, messages_total: 4, clients: 1, ready: 1, paused: 0 });
  });

  it("[MET2] counts as producers of a topic who has published to it, over its connections or a channel's, and no others", async () => {
    await topicWith("t", "c");
    await topicWith("u");
    await producer("t", "u");
    await producer("t", "t");
    await producer("t", "t", "c");
    const samples = await scrape();
    expect(["t", "u"].map((topic) => samples.get(topicSeries("producers", topic)))).toEqual([2, 0]);
  });

  it("[MET2] counts rows and requests of objects", async () => {
    await topicWith("t", "c");
    const before = await scrape();
    for (let i = 0; i < 3; i++) await publish("t", "x");
    const after = await scrape();
    const grown = (name: string) => {
      const series = `nsqedge_${name}_total{object="topic",topic="t"}`;
      return (after.get(series) ?? 0) - (before.get(series) ?? 0);
    };
    expect(grown("object_calls")).toBe(3);
    expect(grown("rows_written")).toBeGreaterThanOrEqual(3);
    expect(grown("rows_read")).toBeGreaterThan(0);
    expect(after.get('nsqedge_rows_written_total{object="lookup"}')).toBeGreaterThan(0);
  });
});

describe("a scrape", () => {
  it("[MET3] of a hundred idle topics wakes no object but Lookup", async () => {
    const names = Array.from({ length: 100 }, (_, index) => `t${index}`);
    await Promise.all(names.map((name) => publish(name, "x")));
    await settled();
    const before = await scrape();
    await evictAllDurableObjects();
    const ask = vi.spyOn(Topic.prototype, "figures");
    const samples = await scrape();
    expect(ask).not.toHaveBeenCalled();
    for (const name of names) expect(samples.get(topicSeries("messages_total", name))).toBe(1);
    expect([...samples.keys()]).toEqual([...before.keys()]);
  });

  it("[MET3] asks a topic that goes on changing each time, and stores nothing of it; one that rests, once", async () => {
    await topicWith("t");
    await scrape();
    await publish("t", "x");
    await until(stale, (count) => count === 1);
    const row = () => rowOf(lookupStub(), "SELECT figures, changes_at FROM figures");
    const marked = await row();
    for (let i = 0; i < 3; i++) {
      const samples = await scrape();
      expect(samples.get(topicSeries("messages_total"))).toBe(1 + i);
      expect(samples.get("nsqedge_scrape_asked_topics")).toBe(1);
      expect(await row()).toEqual(marked);
      await publish("t", "x");
    }
    await scrape();
    await scrape();
    expect((await scrape()).get("nsqedge_scrape_asked_topics")).toBe(0);
    expect(await row()).toMatchObject({ changes_at: null });
  });
});

describe("what changes between scrapes", () => {
  it.each([
    ["a publish", () => publish("t", "x"), topicSeries("depth"), 1],
    ["a pause", () => post("/topic/pause?topic=t"), topicSeries("paused"), 1],
    ["a new channel", () => post("/channel/create?topic=t&channel=c"), topicSeries("channels"), 1],
  ])("[MET4] is shown by the next one: %s, also after all objects slept", async (_, change, series, value) => {
    await topicWith("t");
    await settled();
    await evictAllDurableObjects();
    await change();
    await scrapedUntil(series, value);
    await evictAllDurableObjects();
    expect((await scrape()).get(series)).toBe(value);
  });

  it.each([
    ["its pausing", () => post("/channel/pause?topic=t&channel=c"), channelSeries("paused"), 1],
    ["its emptying", () => post("/channel/empty?topic=t&channel=c"), channelSeries("depth"), 0],
    ["its deletion", () => post("/channel/delete?topic=t&channel=c"), channelSeries("depth"), undefined],
    ["a publish to its topic", () => publish("t", "x"), channelSeries("depth"), 2],
  ])("[MET4] of a channel is shown, too: %s", async (_, change, series, value) => {
    await topicWith("t", "c");
    await publish("t", "x");
    await settled();
    await evictAllDurableObjects();
    await change();
    await scrapedUntil(series, value);
  });

  it("[MET4] consumers that come, ask for more, answer, and go are shown, also when the channel slept meanwhile", async () => {
    await topicWith("t", "c");
    await settled();
    const client = await consumer("t", "c");
    await scrapedUntil(channelSeries("clients"), 1);
    await settled();
    await evictDurableObject(channelStub("t", "c"));
    client.send("RDY 7");
    await scrapedUntil(channelSeries("ready"), 7);
    await settled();
    await publish("t", "x");
    const { id } = await client.message();
    await scrapedUntil(channelSeries("in_flight"), 1);
    await evictDurableObject(topicStub("t"));
    client.send(`FIN ${id}`);
    await scrapedUntil(channelSeries("in_flight"), 0);
    await settled();
    await evictAllDurableObjects();
    client.close();
    await scrapedUntil(channelSeries("clients"), 0);
  });

  it("[MET4] an answer is shown, however often was scraped while the message was in flight", async () => {
    await topicWith("t", "c");
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await publish("t", "x");
    const { id } = await client.message();
    for (let i = 0; i < 4; i++) expect((await scrape()).get(channelSeries("in_flight"))).toBe(1);
    client.send(`FIN ${id}`);
    await scrapedUntil(channelSeries("in_flight"), 0);
    await settled();
  });

  it("[MET4] a producer that goes is shown", async () => {
    await topicWith("t");
    const client = await producer("t", "t");
    await scrapedUntil(topicSeries("producers"), 1);
    await settled();
    client.close();
    await scrapedUntil(topicSeries("producers"), 0);
  });

  it("[MET4] what falls due while all sleep is shown when it is", async () => {
    await topicWith("t", "c");
    await publish("t", "x", 60_000);
    await settled();
    await evictAllDurableObjects();
    const ask = vi.spyOn(Topic.prototype, "figures");
    expect((await scrape()).get(channelSeries("deferred"))).toBe(1);
    expect(ask).not.toHaveBeenCalled();
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now: now + 61_000 });
    try {
      const samples = await scrape();
      expect([samples.get(channelSeries("deferred")), samples.get(channelSeries("depth"))]).toEqual([0, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[MET4] what falls due while the topic waits for the slowest of its channels is not missed", async () => {
    await topicWith("t", "c", "d");
    await publish("t", "x", 60_000);
    const now = Date.now();
    vi.useFakeTimers({ toFake: ["Date"], now });
    try {
      const slow = holdAnswer(Channel.prototype, "stats");
      const scraping = scrape();
      await slow.isReached();
      await scheduler.wait(50); // the other one answers
      vi.setSystemTime(now + 61_000);
      slow.open();
      await scraping;
      const samples = await scrape();
      const deferred = ["c", "d"].map((name) => samples.get(`nsq_channel_deferred{topic="t",channel="${name}"}`));
      expect(deferred).toEqual([0, 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ["consumers", () => consumer("t", "c"), channelSeries("clients")],
    ["producers", () => producer("t", "t"), topicSeries("producers")],
  ])(
    "[MET4] %s are looked after from time to time: an object may be lost with its connections, and nobody told",
    async (_, connect, series) => {
      await topicWith("t", "c");
      await connect();
      await scrapedUntil(series, 1);
      await settled();
      const ask = vi.spyOn(Topic.prototype, "figures");
      const now = Date.now();
      vi.useFakeTimers({ toFake: ["Date"], now: now + 9 * 60_000 });
      try {
        await scrape();
        expect(ask).not.toHaveBeenCalled();
        vi.setSystemTime(now + 11 * 60_000);
        await scrape();
        expect(ask).toHaveBeenCalledTimes(1);
      } finally {
        vi.useRealTimers();
      }
    },
  );

  it("[MET4] what changes while the topic is asked is not lost", async () => {
    await topicWith("t", "c");
    const answer = holdAnswer(Channel.prototype, "stats");
    const scraping = scrape();
    await answer.isReached();
    await publish("t", "x");
    answer.open();
    await scraping;
    await scrapedUntil(channelSeries("depth"), 1);
  });

  it("[MET4] a mark that Lookup could not be given is made good: by the next change, or by the alarm", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await topicWith("t");
    await settled();
    const mark = vi.spyOn(Lookup.prototype, "mark").mockImplementation(() => {
      throw new Error("not now");
    });
    await publish("t", "x");
    await until(
      async () => mark.mock.calls.length,
      (calls) => calls > 0,
    );
    mark.mockRestore();
    expect((await scrape()).get(topicSeries("depth"))).toBe(0);
    await kill(topicStub("t"));
    await runInDurableObject(topicStub("t") as unknown as DurableObjectStub, async (instance, { storage }) => {
      expect(await storage.getAlarm()).not.toBeNull();
      await instance.alarm?.();
    });
    await scrapedUntil(topicSeries("depth"), 1);
  });

  it("[MET4] a mark that the alarm could not give either is given by the next one, and the alarm waits for that", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await topicWith("t");
    await settled();
    const found = loseCalls(Lookup.prototype, "mark");
    await publish("t", "x");
    await ring(topicStub("t"));
    found();
    expect(await alarmOf(topicStub("t"))).toBeLessThanOrEqual(Date.now() + 60_000);
    const told = holdAnswer(Lookup.prototype, "mark");
    let isOver = false;
    const rung = ring(topicStub("t")).then(() => {
      isOver = true;
    });
    await told.isReached();
    expect(isOver).toBe(false);
    told.open();
    await rung;
    expect((await scrape()).get(topicSeries("depth"))).toBe(1);
  });

  it("[MET4] channels that a new topic learns of late are shown", async () => {
    await env.LOOKUP.getByName(LOOKUP_OBJECT).createChannel("t", "c");
    const announced = holdAnswer(Lookup.prototype, "announce");
    const publishing = publish("t", "x");
    await announced.isReached();
    expect((await scrape()).get(topicSeries("channels"))).toBe(0);
    announced.open();
    await publishing;
    await scrapedUntil(topicSeries("channels"), 1);
  });

  it("[MET4] a topic that is deleted is gone at once, and another of its name begins anew", async () => {
    await topicWith("t", "c");
    await publish("t", "x");
    await settled();
    await post("/topic/delete?topic=t");
    const samples = await scrape();
    expect([...samples.keys()].filter((series) => series.includes('topic="t"'))).toEqual([]);
    await topicWith("t");
    await scrapedUntil(topicSeries("messages_total"), 0);
    expect((await scrape()).get("nsqedge_topics")).toBe(1);
  });

  it("[MET4] an ephemeral topic is shown while it is there", async () => {
    await topicWith("t#ephemeral", "c");
    await settled();
    await publish("t#ephemeral", "x");
    await scrapedUntil('nsq_channel_depth{topic="t#ephemeral",channel="c"}', 1);
    await post("/topic/delete?topic=t%23ephemeral");
    expect((await scrape()).get("nsqedge_topics")).toBe(0);
  });

  it("[MET4] one that died with all its messages is shown without them ten minutes later", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const topic = "t#ephemeral";
    await topicWith(topic, "c");
    await publish(topic, "x");
    await settled();
    await kill(topicStub(topic));
    const series = 'nsq_channel_depth{topic="t#ephemeral",channel="c"}';
    expect((await scrape()).get(series)).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11 * 60_000 });
    try {
      expect((await scrape()).get(series)).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[MET4] a topic that is made anew while the earlier one answers is not taken for that", async () => {
    await topicWith("t", "c");
    await publish("t", "x");
    const answer = holdAnswer(Topic.prototype, "figures");
    const scraping = scrape();
    await answer.isReached();
    await post("/topic/delete?topic=t");
    await topicWith("t", "c");
    answer.open();
    await scraping;
    expect((await scrape()).get(topicSeries("messages_total"))).toBe(0);
  });
});

describe("a topic that cannot answer", () => {
  it("[MET4] [MET5] one whose figures fit into no row can, and is shown", async () => {
    await topicWith("t");
    const large = await topicStub("t").figures();
    if (large === null) throw new Error("no topic");
    const usage = { rowsRead: 0, rowsWritten: 0, calls: 0, webSocketMessages: 0, alarms: 0 };
    const e2e_processing_latency = { count: 0, percentiles: null };
    const counts = { depth: 0, backend_depth: 0, in_flight_count: 0, deferred_count: 0, message_count: 0 };
    const more = { requeue_count: 0, timeout_count: 0, client_count: 0, paused: false, e2e_processing_latency };
    const channels = Array.from({ length: 5_000 }, (_, index) => {
      return { stats: { channel_name: `channel-${index}`, ...counts, ...more }, ready: 0, usage };
    });
    const { figures } = large;
    vi.spyOn(Topic.prototype, "figures").mockImplementation(async () => {
      return { figures: { ...figures, channels }, changesAt: Number.POSITIVE_INFINITY };
    });
    for (let i = 0; i < 2; i++) {
      const samples = await scrape();
      expect([samples.get(topicSeries("channels")), samples.get("nsqedge_scrape_errors")]).toEqual([5_000, 0]);
    }
  });

  it("[MET5] is shown as it was last, and counted", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await topicWith("t");
    await topicWith("u");
    await publish("t", "x");
    await settled();
    for (const topic of ["t", "u"]) await publish(topic, "x");
    await until(
      () => stale(),
      (count) => count === 2,
    );
    const broken = await runInDurableObject(topicStub("t") as unknown as DurableObjectStub, (instance) => instance);
    const original = Topic.prototype.figures;
    vi.spyOn(Topic.prototype, "figures").mockImplementation(function (this: Topic) {
      return this === (broken as unknown) ? Promise.reject(new Error("not now")) : original.call(this);
    });
    const samples = await scrape();
    expect(samples.get("nsqedge_scrape_errors")).toBe(1);
    expect(samples.get(topicSeries("messages_total"))).toBe(1);
    expect(samples.get(topicSeries("messages_total", "u"))).toBe(1);
    vi.restoreAllMocks();
    await scrapedUntil(topicSeries("messages_total"), 2);
    expect((await scrape()).get("nsqedge_scrape_errors")).toBe(0);
  });
});

/** How many topics are marked. */
async function stale(): Promise<number> {
  const { count } = await rowOf(lookupStub(), "SELECT count(*) AS count FROM figures WHERE changes_at = 0");
  return count as number;
}

describe("a broker that is never scraped", () => {
  it("[MET6] tells Lookup nothing of changes", async () => {
    const calls = vi.spyOn(Lookup.prototype, "mark");
    await topicWith("t", "c");
    const client = await consumer("t", "c");
    client.send("RDY 1");
    await publish("t", "x");
    client.send(`FIN ${(await client.message()).id}`);
    await evictDurableObject(topicStub("t"));
    await publish("t", "x");
    await client.message();
    expect(calls).not.toHaveBeenCalled();
  });

  it("[MET6] and one that is, once for all that happens between two scrapes", async () => {
    await topicWith("t");
    await settled();
    const calls = vi.spyOn(Lookup.prototype, "mark");
    for (let i = 0; i < 5; i++) await publish("t", "x");
    await until(stale, (count) => count === 1);
    expect(calls).toHaveBeenCalledTimes(1);
  });
});
