import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TopicFigures } from "../../src/durable/figures.ts";
import { FAMILIES } from "../../src/http/metric-families.ts";
import { metricsText } from "../../src/http/metrics.ts";
import { expositionErrors, samplesOf } from "../helpers/exposition.ts";
import { readExposition } from "../helpers/read-exposition.ts";

const usage = { rowsRead: 1, rowsWritten: 2, calls: 3, webSocketMessages: 4, alarms: 5 };
const latency = {
  count: 7,
  percentiles: [
    { quantile: 0.99, value: 1_500_000_000 },
    { quantile: 0.5, value: 2_000_000 },
  ],
};

function figures(topic: string): TopicFigures {
  const topicStats = {
    topic_name: topic,
    depth: 1,
    backend_depth: 0,
    message_count: 9,
    message_bytes: 900,
    paused: true,
  };
  const counts = { in_flight_count: 4, deferred_count: 5, requeue_count: 6, timeout_count: 7, client_count: 2 };
  const channelStats = { channel_name: "c#ephemeral", depth: 3, backend_depth: 2, message_count: 8, ...counts };
  const e2e_processing_latency = latency;
  return {
    stats: { ...topicStats, e2e_processing_latency },
    producers: 3,
    usage,
    channels: [{ stats: { ...channelStats, paused: false, e2e_processing_latency }, ready: 250, usage }],
  };
}

const scraped = { topics: [figures("t"), figures("u")], there: 3, asked: 1, failed: ["u"] };
const text = metricsText(scraped, usage, 1_700_000_000);

describe("the text of /metrics", () => {
  it("[MET1] is what Prometheus reads", () => {
    expect(expositionErrors(text)).toEqual([]);
    const families = readExposition(text);
    expect(families.map(({ name, type }) => [name, type])).toEqual(
      FAMILIES.map(({ name, type }) => [name, type.toUpperCase()]),
    );
    expect(families.find(({ name }) => name === "nsq_topic_depth")?.metrics).toEqual([
      { value: "1", labels: { topic: "t" } },
      { value: "1", labels: { topic: "u" } },
    ]);
  });

  it("[MET2] has all figures of topics and channels, in base units", () => {
    const samples = samplesOf(text);
    const of = (prefix: string, labels: string) =>
      Object.fromEntries(
        [...samples]
          .filter(([series]) => series.startsWith(prefix) && series.endsWith(`{${labels}}`))
          .map(([series, value]) => [series.slice(prefix.length, series.indexOf("{")), value]),
      );
    expect(of("nsq_topic_", 'topic="t"')).toEqual({
      depth: 1,
      backend_depth: 0,
      messages_total: 9,
      message_bytes_total: 900,
      paused: 1,
      channels: 1,
      producers: 3,
      e2e_processing_latency_messages: 7,
    });
    expect(of("nsq_channel_", 'topic="t",channel="c#ephemeral"')).toEqual({
      depth: 3,
      backend_depth: 2,
      in_flight: 4,
      deferred: 5,
      messages_total: 8,
      requeued_total: 6,
      timed_out_total: 7,
      clients: 2,
      ready: 250,
      paused: 0,
      e2e_processing_latency_messages: 7,
    });
    expect(samples.get('nsq_topic_e2e_processing_latency_seconds{topic="t",quantile="0.99"}')).toBe(1.5);
    expect(
      samples.get('nsq_channel_e2e_processing_latency_seconds{topic="t",channel="c#ephemeral",quantile="0.5"}'),
    ).toBe(0.002);
    expect(of("nsqedge_", 'object="channel",topic="t",channel="c#ephemeral"')).toEqual({
      rows_read_total: 1,
      rows_written_total: 2,
      object_calls_total: 3,
      websocket_messages_total: 4,
      alarms_total: 5,
    });
    expect(samples.get("nsqedge_start_time_seconds")).toBe(1_700_000_000);
    expect(samples.get("nsqedge_scrape_errors")).toBe(1);
    expect(samples.get("nsqedge_topics")).toBe(3);
  });

  it("[MET2] says nothing of latencies that are not measured", () => {
    const { stats, ...rest } = figures("t");
    const e2e_processing_latency = { count: 0, percentiles: null };
    const topic = { ...rest, stats: { ...stats, e2e_processing_latency }, channels: [] };
    expect(metricsText({ topics: [topic], there: 1, asked: 0, failed: [] }, usage, 0)).not.toContain("latency");
  });
});

describe("docs/metrics.md", () => {
  const doc = readFileSync("docs/metrics.md", "utf8");

  it("[MET7] has each family in its table, and no other", () => {
    const rows = [...doc.matchAll(/^\| `(nsq\w+)` \| (counter|gauge) \|/gm)].map(([, name, type]) => ({ name, type }));
    expect(rows).toEqual(FAMILIES.map(({ name, type }) => ({ name, type })));
  });

  it("[MET7] names metrics that there are, everywhere", () => {
    const names: string[] = FAMILIES.map(({ name }) => name);
    const named = [...doc.matchAll(/\bnsq(?:edge)?_(?!exporter)\w+\b/g)].map(([name]) => name);
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("[MET7] says what stands for each of nsqd's statsd metrics", () => {
    for (const name of ["message_count", "message_bytes", "depth", "backend_depth", "e2e_processing_latency_99"]) {
      expect(doc).toContain(`| \`topic.<t>.${name}\` |`);
    }
    for (const name of [
      ...["message_count", "depth", "backend_depth", "in_flight_count", "deferred_count"],
      ...["requeue_count", "timeout_count", "clients", "e2e_processing_latency_99"],
    ]) {
      expect(doc).toContain(`| \`topic.<t>.channel.<c>.${name}\` |`);
    }
  });
});

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: Readonly<Record<"h" | "w" | "x" | "y", number>>;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

describe("deploy/grafana-dashboard.json", () => {
  const dashboard = JSON.parse(readFileSync("deploy/grafana-dashboard.json", "utf8")) as {
    readonly schemaVersion: number;
    readonly title: string;
    readonly templating: { readonly list: readonly { name: string; type: string; definition?: string }[] };
    readonly panels: readonly Panel[];
  };
  const charts = dashboard.panels.filter(({ type }) => type !== "row");
  const expressions = [
    ...charts.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.flatMap(({ definition }) => definition ?? []),
  ];

  it("[MET7] asks for metrics that there are, and for all that tell something", () => {
    const names: string[] = FAMILIES.map(({ name }) => name);
    const used = new Set(expressions.flatMap((expr) => [...expr.matchAll(/\bnsq\w+/g)].map(([name]) => name)));
    expect([...used].filter((name) => !names.includes(name))).toEqual([]);
    expect(names.filter((name) => !used.has(name) && !name.endsWith("_backend_depth"))).toEqual([]);
  });

  it("[MET7] takes rates of counters, and of nothing else", () => {
    for (const expr of expressions) {
      const isRate = /\b(rate|increase)\(/.test(expr);
      expect([expr, isRate]).toEqual([expr, /_total\b/.test(expr)]);
    }
  });

  it("[MET7] can be imported: datasource, topic and channel are chosen, and every panel has its place", () => {
    expect(dashboard).toMatchObject({ title: expect.any(String), schemaVersion: expect.any(Number) });
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ["datasource", "datasource"],
      ["topic", "query"],
      ["channel", "query"],
    ]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const rows = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
    expect(rows).toEqual(["Overview", "Topics", "Channels", "Latency", "Cost"]);
    for (const { title, gridPos, datasource, targets = [] } of charts) {
      expect({ title, ...datasource }).toMatchObject({ uid: "$datasource" });
      expect(targets.length).toBeGreaterThan(0);
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    }
  });
});
