// The recorded scenarios against our broker: over TCP, over /v2, over the direct paths, and over both with the stream cut into
// odd slices.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { DIFFERENCES, DIRECT_DIFFERENCES } from "./differences.ts";
import { runSuite } from "./run-suite.ts";
import type { Target } from "./target.ts";

const NSQLOOKUPD_AREAS = ["cluster", "lookup-http", "lookup-tcp"];
const AREAS = [
  "auth",
  "channels",
  "control",
  "delivery",
  "ephemeral",
  "features",
  "framing",
  "heartbeat",
  "http-admin",
  "http-misc",
  "http-publish",
  "http-stats",
  "identify",
  "publish",
  "states",
  "subscribe",
  "timing",
];
/** The areas that speak V2; the others are the same whatever the V2 door. */
const V2_AREAS = AREAS.filter((area) => !area.startsWith("http-admin") && area !== "http-misc");
const SLICES = [1, 3, 7, 2, 13, 64, 5];
const MINUTES = 60_000;

describe("nsqd's and nsqlookupd's recorded behaviour", () => {
  let broker: BrokerProcess;
  beforeAll(async () => {
    broker = await startBroker();
  });
  afterAll(() => broker.stop());

  it("[HTTP1] [STAT1] [DOOR1] holds over TCP", { timeout: 5 * MINUTES }, async () => {
    await expectConformance({ http: broker.http, tcp: broker.tcp }, AREAS);
  });

  it("[LKP2] [LKP6] holds for nsqlookupd", { timeout: 5 * MINUTES }, async () => {
    const target = { http: broker.http, tcp: broker.tcp, lookupHttp: `${broker.http}/lookupd`, lookupTcp: broker.tcp };
    await expectConformance(target, NSQLOOKUPD_AREAS, 100);
  });

  it("[DOOR1] holds over /v2", { timeout: 5 * MINUTES }, async () => {
    await expectConformance({ http: broker.http, ws: broker.ws }, V2_AREAS);
  });

  it("[DOOR1] holds over /v2 with both directions cut into odd slices", { timeout: 5 * MINUTES }, async () => {
    await expectConformance({ http: broker.http, ws: broker.ws, slices: SLICES }, V2_AREAS);
  });

  it("[DOOR1] holds on the direct paths", { timeout: 5 * MINUTES }, async () => {
    await expectConformance({ http: broker.http, ws: broker.ws, direct: true }, V2_AREAS);
  });

  it("[DOOR1] holds on the direct paths, both directions cut into odd slices", { timeout: 5 * MINUTES }, async () => {
    await expectConformance({ http: broker.http, ws: broker.ws, direct: true, slices: SLICES }, V2_AREAS);
  });
});

async function expectConformance(target: Target, areas: string[], atLeast = 400): Promise<void> {
  const skip = target.direct ? { ...DIFFERENCES, ...DIRECT_DIFFERENCES } : DIFFERENCES;
  const results = await runSuite({ ...target, scanDelay: 0 }, { areas, quirks: true, skip });
  const failures = results.filter(({ status }) => status === "failed");
  expect(failures).toEqual([]);
  expect(results.filter(({ status }) => status === "passed").length).toBeGreaterThan(atLeast);
}
