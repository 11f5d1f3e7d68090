import { exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Lookup } from "../../src/durable/Lookup.ts";
import { publish } from "../durable/broker-api.ts";
import { MeteredBroker, TOPIC } from "./metered-broker.ts";
import { soon } from "./patience.ts";

async function scrape(): Promise<void> {
  const response = await exports.default.fetch("http://broker/metrics");
  expect(await response.text()).toContain("nsqedge_up 1");
}

/** By then all objects sleep, ms. */
const AWHILE_MS = 60_000;
const HOUR_MS = 3_600_000;
const publishOne = () => publish(TOPIC, "x");
const NO_ROWS = { rowsWritten: 0, alarms: 0, webSocketMessages: 0 };

afterEach(() => {
  vi.restoreAllMocks();
});

/** With one channel. */
function run(workload: (broker: MeteredBroker) => Promise<void>): Promise<void> {
  return MeteredBroker.run(1, async (broker) => {
    await workload(broker);
    await exports.default.fetch("http://broker/stats"); // objects that sleep are not reset
  });
}

describe("a scrape", () => {
  it("[COST7] of topics that rest costs a request to Lookup, two rows read for each, and no row written", async () => {
    await run(async (broker) => {
      await scrape();
      await broker.pass(AWHILE_MS);
      const asleep = await broker.measure(scrape); // Lookup opens its storage
      expect(asleep).toMatchObject({ ...NO_ROWS, objectRequests: 1, workerRequests: 1 });
      expect((await broker.measure(scrape)).rowsRead).toBeLessThanOrEqual(5);
    });
  });

  it("[COST7] a topic that changes and comes to rest again between two scrapes costs two rows and a call", async () => {
    await run(async (broker) => {
      await publishOne();
      await scrape();
      await broker.pass(AWHILE_MS);
      const mark = vi.spyOn(Lookup.prototype, "mark");
      const changed = await broker.measure(async () => {
        for (let i = 0; i < 5; i++) await publishOne();
        await soon("Lookup knows", () => mark.mock.results.length > 0);
      });
      // A row for each message and one for the mark; besides the publishes the channel is asked, since the topic slept.
      expect(changed).toMatchObject({ rowsWritten: 5 + 1, objectRequests: 5 + 1 + 1, alarms: 0 });
      // The row of its figures; the topic and its channel are asked.
      expect(await broker.measure(scrape)).toMatchObject({ ...NO_ROWS, rowsWritten: 1, objectRequests: 3 });
    });
  });

  it("[COST7] and as much once more when its alarm has rung, that a mark may not be lost with a life, and then nothing", async () => {
    await run(async (broker) => {
      await publishOne();
      await scrape();
      await broker.pass(AWHILE_MS);
      await publishOne();
      await scrape();
      const rest = () => broker.measure(() => broker.pass(HOUR_MS));
      expect(await rest()).toMatchObject({ ...NO_ROWS, rowsWritten: 1, alarms: 1 });
      expect(await broker.measure(scrape)).toMatchObject({ ...NO_ROWS, rowsWritten: 1, objectRequests: 3 });
      expect(await rest()).toMatchObject({ ...NO_ROWS, objectRequests: 0 });
      expect(await broker.measure(scrape)).toMatchObject({ ...NO_ROWS, objectRequests: 1 });
    });
  });

  it("[COST7] a topic that always changes costs no row", async () => {
    await run(async (broker) => {
      await scrape();
      const mark = vi.spyOn(Lookup.prototype, "mark");
      for (let i = 0; i < 3; i++) {
        await publishOne();
        if (i === 0) await soon("Lookup knows", () => mark.mock.results.length > 0);
        const counts = await broker.measure(scrape);
        expect(counts).toMatchObject({ ...NO_ROWS, objectRequests: 3 });
      }
    });
  });
});
