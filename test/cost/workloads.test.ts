import { describe, expect, it, type TestContext } from "vitest";
import { direct } from "../durable/v2-client.ts";
import { TOPIC } from "./metered-broker.ts";
import { type Bound, judge, type Measured, type Outcome } from "./outcome.ts";
import {
  behindGateway,
  busy,
  busyFurtherChannel,
  deferred,
  deferredBatches,
  idle,
  mpubOverHttp,
  redelivery,
  singles,
  trickle,
} from "./workloads.ts";

declare module "vitest" {
  interface TaskMeta {
    /** What `npm run cost` prints. */
    cost?: Outcome;
  }
}

/** Judges what a workload costs, and leaves that for `npm run cost`. */
function check({ task }: TestContext, name: string, measured: Measured, wanted: Bound | null = null): void {
  const outcome = judge(name, measured, wanted);
  task.meta.cost = outcome;
  expect(outcome).toMatchObject({ holds: true });
}

describe("batches of a hundred on the direct paths", () => {
  it("[COST1] cost at most $0.05 for a million messages", async (context) => {
    check(context, "busy", await busy(1), { measure: "dollarsPerMillion", atMost: 0.05 });
  });

  it("[COST1] cost at most $0.03 more for each further channel", async (context) => {
    const wanted = { measure: "dollarsPerMillion", atMost: 0.03 } as const;
    check(context, "busy, each further channel", await busyFurtherChannel(), wanted);
  });
});

describe("messages that are published one by one, five hundred a second", () => {
  it("[COST2] write at most a row each, none of which is shared", async (context) => {
    const measured = await singles(300, 0, 0);
    check(context, "single publishes over HTTP, 500 a second", measured, { measure: "rowsWritten", atMost: 1 });
  });

  it("[COST6] what they cost with a consumer is shown", async (context) => {
    check(context, "the same with a consumer", await singles(300, 1, 0));
  });

  it("[COST2] write at most a tenth of a row each with linger, for topic and channel together", async (context) => {
    const measured = await singles(800, 1, 20);
    check(context, "the same with linger=20ms", measured, { measure: "rowsWritten", atMost: 0.1 });
  });
});

describe("a message a minute", () => {
  it("[COST3] writes at most 2.2 rows, for topic and channel, alarms and all", async (context) => {
    check(context, "trickle", await trickle(), { measure: "rowsWritten", atMost: 2.2 });
  });
});

describe.each([
  ["on the direct path", "idle consumer for a day", direct(TOPIC, "c0")],
  ["behind the gateway", "idle consumer for a day, behind the gateway", "/v2"],
])("a consumer that waits for a day %s", (_, name, path) => {
  it("[COST4] costs nothing, its channel sleeps, and it gets what comes then", async (context) => {
    const { slept, delivered, ...measured } = await idle(path);
    check(context, name, measured, { measure: "total", atMost: 0 });
    expect({ slept, attempts: delivered.attempts }).toEqual({ slept: true, attempts: 1 });
  });
});

describe("messages that are deferred for an hour, a hundred at a time", () => {
  it("[COST8] write at most a tenth of a row each", async (context) => {
    const measured = await deferredBatches();
    check(context, "deferred for an hour, a hundred at a time", measured, { measure: "rowsWritten", atMost: 0.1 });
  });
});

describe("what else there is", () => {
  it.for([
    ["MPUB of 100 over HTTP", mpubOverHttp],
    ["behind the gateway, 100 PUBs at a time", behindGateway],
    ["redelivery, every message requeued once", redelivery],
    ["deferred for an hour", deferred],
  ] as const)("[COST6] what it costs is shown: %s", async ([name, run], context) => {
    check(context, name, await run());
  });
});
