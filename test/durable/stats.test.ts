import { reset } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Channel } from "../../src/durable/Channel.ts";
import { channelStats as statsOf } from "../../src/durable/topic-stats.ts";
import { NO_USAGE } from "../../src/durable/usage.ts";
import type { StatsDocument } from "../../src/http/stats.ts";
import { untouched } from "../../src/queue/channel-counts.ts";
import { TopicLog } from "../../src/queue/topic-log.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { topicLimits, topicState } from "../helpers/channel.ts";
import { draft, segmentsOf, T0 } from "../helpers/records.ts";
import { channelStats, post, publish } from "./broker-api.ts";
import { holdAnswer, holdCall } from "./calls.ts";
import { direct, V2Client } from "./v2-client.ts";

const open: V2Client[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of open.splice(0)) client.close();
  await reset();
});

async function connect(path: string): Promise<V2Client> {
  const client = await V2Client.open(path);
  open.push(client);
  return client;
}

async function producers(): Promise<StatsDocument["producers"]> {
  const response = await exports.default.fetch("http://broker/stats?format=json");
  return ((await response.json()) as StatsDocument).producers;
}

describe.each([
  { when: "before its channel has been asked", hold: holdCall },
  { when: "when its channel has answered", hold: holdAnswer },
])("/stats while a topic is published to, $when", ({ hold }) => {
  it.each([
    ["deferred messages", 60_000],
    ["messages", 0],
  ])("[STAT1] counts no %s that came since it began, and nothing falls below 0", async (_, deferMs) => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    await publish("t", "before");
    const call = hold(Channel.prototype, "stats");
    const asked = channelStats("t", "c");
    await call.isReached();
    for (let i = 0; i < 3; i++) await publish("t", "meanwhile", deferMs);
    call.open();
    expect(await asked).toMatchObject({ depth: 1, backend_depth: 0, deferred_count: 0, message_count: 1 });
    const counts = deferMs > 0 ? { depth: 1, deferred_count: 3 } : { depth: 4, deferred_count: 0 };
    expect(await channelStats("t", "c")).toMatchObject({ ...counts, message_count: 4 });
  });
});

describe("/stats", () => {
  it("[STAT1] nothing falls below 0 when the channel was asked before what it took ahead fell due", () => {
    const log = new TopicLog(new MemoryLogStore(), topicState({ start: 1 }), topicLimits());
    log.addChannel("c");
    log.append(segmentsOf([draft("d", T0 + 1)]), T0);
    const counts = { ...untouched(1, 2), depth: 0, deferredAhead: 1 };
    const none = { clients: [], producers: [], latency: null, changesAt: Number.POSITIVE_INFINITY, usage: NO_USAGE };
    const report = { counts, cursor: 1, ...none };
    const settings = { memQueueSize: 10, includesClients: false, quantiles: [] };
    const stats = statsOf(log, "c", report, 2, log.deferred(1, 2, T0 + 1).count, settings);
    expect(stats).toMatchObject({ depth: 0, deferred_count: 0 });
  });

  it("[STAT1] lists who publishes on the direct path to a channel without consuming from it", async () => {
    await post("/topic/create?topic=t");
    await post("/channel/create?topic=t&channel=c");
    const client = await connect(direct("t", "c"));
    client.send("IDENTIFY", JSON.stringify({ client_id: "p" }));
    for (const topic of ["t", "other", "t"]) client.send(`PUB ${topic}`, "x");
    for (let i = 0; i < 4; i++) expect(await client.next()).toEqual({ response: "OK" });
    const pub_counts = [
      { topic: "t", count: 2 },
      { topic: "other", count: 1 },
    ];
    expect(await producers()).toMatchObject([{ client_id: "p", state: 0, pub_counts }]);
    expect(await channelStats("t", "c")).toMatchObject({ client_count: 0, clients: [] });
  });

  it("[STAT1] lists a consumer that publishes as both", async () => {
    const client = await V2Client.consumer("t", "c", { client_id: "both" });
    open.push(client);
    client.send("PUB t", "x");
    expect(await client.next()).toEqual({ response: "OK" });
    const pub_counts = [{ topic: "t", count: 1 }];
    expect(await producers()).toMatchObject([{ client_id: "both", state: 3, pub_counts }]);
    expect((await channelStats("t", "c")).clients).toMatchObject([{ client_id: "both", pub_counts }]);
  });
});
