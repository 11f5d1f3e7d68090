// npm run bench as a user runs it: nothing here says how fast anything is.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { consume, flow, publish } from "../../bench/load/flow.ts";
import { createTopic, direct, generic } from "../../bench/target.ts";
import { startBroker } from "../../scripts/broker.ts";
import { channelStats } from "./stats.ts";

const MINUTE = 60_000;

async function bench(...args: string[]): Promise<{ code: number; output: string }> {
  // Without an nsqd, whatever is on PATH here.
  const PATH = (process.env.PATH ?? "")
    .split(":")
    .filter((folder) => folder.includes("node_modules"))
    .join(":");
  const child = spawn(process.execPath, ["bench/cli.ts", ...args], { env: { ...process.env, PATH, NSQD: "" } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

describe("npm run bench", () => {
  it("[BENCH1] [BENCH2] [BENCH3] prints a table and writes JSON and a chart, with or without nsqd", {
    timeout: MINUTE,
  }, async () => {
    const dir = await mkdtemp(join(tmpdir(), "nsq-edge-bench-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const { code, output } = await bench("--quick", "--only", "publish-single", "--json", join(dir, "figures.json"));
    const figures = JSON.parse(await readFile(join(dir, "figures.json"), "utf8"));
    const scenario = "V2 publish one at a time, messages/s";
    expect(figures).toMatchObject([
      { scenario, against: "floor: a row a frame", ours: expect.any(Number), theirs: expect.any(Number) },
      { scenario, against: "nsqd", theirs: null, ratio: null, holds: null },
      { scenario, against: "nsqd that syncs each message", theirs: null },
    ]);
    expect(figures[0].ratio).toBe(figures[0].ours / figures[0].theirs);
    expect(figures[0].ours).toBeGreaterThan(0);
    expect(output).toMatch(/^\| V2 publish one at a time, messages\/s +\| nsqd +\| .*not at hand/m);
    expect(output).toMatch(/^\| V2 publish one at a time, messages\/s: floor +\| 0\.\d\d/m);
    expect(await readFile(join(dir, "figures.svg"), "utf8")).toContain("<svg");
    expect(code).toBe(0);
  });

  it("[BENCH6] says where the broker spends its time when it is asked to", { timeout: MINUTE }, async () => {
    const dir = await mkdtemp(join(tmpdir(), "nsq-edge-bench-test-"));
    onTestFinished(() => rm(dir, { recursive: true }));
    const json = join(dir, "figures.json");
    const { output } = await bench("--quick", "--profile", "--only", "publish-single", "--json", json);
    expect(output).toMatch(/^\| V2 publish one at a time, messages\/s: direct +\| time/m);
    expect(output).toMatch(/^\| [#\w]+, line \d+ +\|/m);
  });

  it("[BENCH1] names the scenarios there are when it is asked for another", { timeout: MINUTE }, async () => {
    const { code, output } = await bench("--only", "everything");
    expect(code).toBe(2);
    expect(output).toContain("no scenario everything");
    expect(output).toContain("publish-pipelined");
  });
});

describe("the load", () => {
  it("[BENCH5] publishes, consumes, and leaves nothing in flight", { timeout: MINUTE }, async () => {
    const broker = await startBroker();
    onTestFinished(() => broker.stop());
    for (const target of [
      direct(broker.http, broker.ws, broker.pid),
      generic(broker.http, `tcp://${broker.tcp}`, broker.pid),
    ]) {
      const topic = await createTopic(target, ["ch"]);
      const command = { kind: "pub", topic, size: 200 } as const;
      const producers = [{ endpoint: target.producer(topic), command, perWrite: 10, open: 100 }];
      const consumers = [{ endpoint: target.consumer(topic, "ch"), rdy: 50 }];
      await publish({ kind: "publish", producers, extent: { messages: 1_000 }, server: broker.pid });
      await consume({ kind: "consume", consumers, messages: 500, server: broker.pid });
      const stats = () => channelStats(broker.http, topic, "ch");
      await expect.poll(stats, { timeout: 10_000 }).toMatchObject({ in_flight_count: 0, client_count: 0 });
      const { depth } = (await stats()) as { depth: number };
      expect(depth).toBeGreaterThan(0);
      expect(depth).toBeLessThanOrEqual(500);
      const { values } = await flow({
        kind: "flow",
        producers,
        consumers,
        copies: 1,
        extent: { messages: 100 },
        server: broker.pid,
      });
      expect(values.value).toBeGreaterThan(0);
    }
  });
});
