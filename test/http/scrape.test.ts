import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ScrapeAnswer, TopicFigures } from "../../src/durable/figures.ts";
import { Scrape } from "../../src/durable/scrape.ts";
import { FiguresStore } from "../../src/storage/figures-store.ts";
import { RegistrationDb } from "../../src/storage/registration-db.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});

afterEach(() => {
  vi.useRealTimers();
});

const usage = { rowsRead: 0, rowsWritten: 0, calls: 0, webSocketMessages: 0, alarms: 0 };
const e2e_processing_latency = { count: 0, percentiles: null };

/** Figures of a topic with so many channels. */
function figures(topic: string, channels = 0): TopicFigures {
  const counts = { depth: 1, backend_depth: 0, message_count: 1, paused: false, e2e_processing_latency };
  const more = { in_flight_count: 0, deferred_count: 0, requeue_count: 0, timeout_count: 0, client_count: 0 };
  return {
    stats: { topic_name: topic, message_bytes: 1, ...counts },
    producers: 0,
    usage,
    channels: Array.from({ length: channels }, (_, index) => {
      return { stats: { channel_name: `channel-${index}`, ...counts, ...more }, ready: 0, usage };
    }),
  };
}

function atRest(topic: string, channels = 0): ScrapeAnswer {
  return { figures: figures(topic, channels), changesAt: Number.POSITIVE_INFINITY };
}

const never = () => new Promise<never>(() => {});

/** Scrapes of a broker that has some topics, which answer so. */
function broker(topics: readonly string[], answer: (topic: string) => Promise<ScrapeAnswer | null>) {
  const sql = new Database();
  const db = new RegistrationDb(sql);
  for (const topic of topics) db.announce(topic, []);
  const errors: string[] = [];
  const asked: string[] = [];
  const ask = (topic: string) => {
    asked.push(topic);
    return answer(topic);
  };
  const scrape = new Scrape(new FiguresStore(sql), ask, (topic) => errors.push(topic));
  return { sql, db, scrape, asked, errors };
}

/** What a scrape shows, after so long, ms. */
async function shown(scrape: Scrape, ms = 0) {
  const running = scrape.run(Date.now());
  await vi.advanceTimersByTimeAsync(ms);
  const { topics, ...rest } = await running;
  return { topics: topics.map(({ stats }) => stats.topic_name), ...rest };
}

const names = (count: number, prefix = "t") =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(3, "0")}`);

describe("a scrape of topics that never answer", () => {
  it("[MET5] ends after five seconds, however many they are, and counts them, also those of which nothing is known", async () => {
    const silent = names(100);
    const { scrape, errors } = broker([...silent, "z"], (topic) =>
      topic === "z" ? Promise.resolve(atRest(topic)) : never(),
    );
    const running = scrape.run(Date.now());
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await running).toMatchObject({ topics: [], there: 101, asked: 101, failed: [...silent, "z"] });
    expect(errors.toSorted()).toEqual([...silent, "z"]);
  });

  it("[MET5] shows what was known of them, and asks those first that answered last", async () => {
    const silent = new Set<string>();
    const all = [...names(40), "z"];
    const { scrape } = broker(all, (topic) => (silent.has(topic) ? never() : Promise.resolve(atRest(topic))));
    expect(await shown(scrape)).toMatchObject({ there: 41, failed: [] });
    for (const topic of names(40)) silent.add(topic);
    for (const topic of all) scrape.mark(topic);
    expect(await shown(scrape, 5_000)).toMatchObject({ topics: all, failed: all });
    expect(await shown(scrape, 5_000)).toMatchObject({ topics: all, failed: names(40) });
    silent.clear();
    expect(await shown(scrape)).toMatchObject({ topics: all, failed: [] });
    expect(await shown(scrape)).toMatchObject({ topics: all, asked: 0 });
  });
});

describe("figures that cannot be stored", () => {
  it("[MET4] of a topic with thousands of channels are shown, and asked for each time", async () => {
    const { scrape, sql } = broker(["t", "u"], async (topic) => atRest(topic, topic === "t" ? 4_000 : 0));
    for (let i = 0; i < 2; i++) {
      expect(await shown(scrape)).toMatchObject({ topics: ["t", "u"], asked: 2 - i, failed: [] });
      expect(sql.rows("figures")).toBe(1);
    }
  });

  it("[MET4] whatever the reason, are shown all the same", async () => {
    const { scrape, sql, errors } = broker(["t"], async (topic) => atRest(topic));
    sql.fails = (statement) => statement.startsWith("INSERT OR REPLACE INTO figures");
    for (let i = 0; i < 2; i++) expect(await shown(scrape)).toMatchObject({ topics: ["t"], asked: 1, failed: [] });
    expect(errors).toEqual(["t", "t"]);
    sql.fails = () => false;
    await shown(scrape);
    expect(await shown(scrape)).toMatchObject({ topics: ["t"], asked: 0 });
  });
});

describe("a topic that is deleted and made anew while it is asked", () => {
  it("[MET4] is asked again: what the earlier one said is not what the new one is", async () => {
    let answer = Promise.withResolvers<ScrapeAnswer | null>();
    const { scrape, db, asked } = broker(["t"], () => answer.promise);
    const running = scrape.run(Date.now());
    db.withdraw("t");
    scrape.forget("t");
    db.announce("t", []);
    answer.resolve(atRest("t"));
    await running;
    answer = Promise.withResolvers();
    answer.resolve(atRest("t", 1));
    const { topics } = await scrape.run(Date.now());
    expect([asked, topics[0]?.channels.length]).toEqual([["t", "t"], 1]);
  });

  it("[MET4] and one that is only deleted is shown no more", async () => {
    const { scrape } = broker(["t", "u"], async (topic) => (topic === "t" ? null : atRest(topic)));
    expect(await shown(scrape)).toMatchObject({ topics: ["u"], there: 1, failed: [] });
  });
});
