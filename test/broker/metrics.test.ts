// /metrics of a running broker, read by a parser that is not ours.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { expositionErrors } from "../helpers/exposition.ts";
import { readExposition } from "../helpers/read-exposition.ts";
import { Client } from "./client.ts";

const POLL = { timeout: 10_000, interval: 20 };

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker({ options: { "e2e-processing-latency-percentile": "0.99,0.5" } });
});
afterAll(() => broker.stop());

describe("GET /metrics of a running broker", () => {
  it("[MET1] [LAT1] is read by a parser of Prometheus' format, latencies included", async () => {
    await fetch(`${broker.http}/topic/create?topic=metrics`, { method: "POST" });
    const client = await Client.open(broker.tcp);
    try {
      await client.subscribe("metrics", "c");
      client.ready(1);
      await fetch(`${broker.http}/pub?topic=metrics`, { method: "POST", body: "x" });
      const measured = { value: "1", labels: { topic: "metrics", channel: "c" } };
      await expect
        .poll(async () => (await families()).get("nsq_channel_e2e_processing_latency_messages")?.metrics, POLL)
        .toEqual([measured]);
    } finally {
      client.close();
    }
    const all = await families();
    const messages = { value: "1", labels: { topic: "metrics", channel: "c" } };
    expect(all.get("nsq_channel_messages_total")).toMatchObject({ type: "COUNTER", metrics: [messages] });
    const quantiles = all
      .get("nsq_topic_e2e_processing_latency_seconds")
      ?.metrics.map(({ labels }) => labels?.quantile);
    expect(quantiles).toEqual(["0.99", "0.5"]);
  });
});

async function families() {
  const response = await fetch(`${broker.http}/metrics`);
  expect(response.headers.get("Content-Type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  expect(expositionErrors(text)).toEqual([]);
  return new Map(readExposition(text).map((family) => [family.name, family]));
}
