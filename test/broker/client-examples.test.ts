// The examples, as whoever tries them would run them.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { endWithThis } from "../../scripts/offspring.ts";
import { startWorkerd, type WorkerdProcess } from "../../scripts/workerd.ts";
import { runWrangler } from "../../scripts/wrangler.ts";
import { channelStats } from "./stats.ts";

const POLL = { timeout: 20_000, interval: 20 };

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

/** An example Worker on a workerd of its own. */
async function startWorker(name: string, brokerAddress: string): Promise<WorkerdProcess & { readonly url: string }> {
  const bundleDir = `dist/examples/${name}`;
  const arguments_ = [
    "deploy",
    "--dry-run",
    "--config",
    `examples/${name}/wrangler.toml`,
    "--outdir",
    `../../${bundleDir}`,
  ];
  const { status, stdout, stderr } = runWrangler(arguments_);
  if (status !== 0) throw new Error(stdout + stderr);
  const vars = { BROKER: brokerAddress };
  const workerd = await startWorkerd({ bundleDir, objects: {}, vars, ports: { http: 0 }, mayCallHere: true });
  return Object.assign(workerd, { url: `http://127.0.0.1:${workerd.ports.get("http")}` });
}

describe("the examples", () => {
  it("[CLIENT14] a Worker publishes, and another one consumes what it published", async () => {
    const [publisher, consumer] = await Promise.all([
      startWorker("worker-publish", broker.ws),
      startWorker("worker-consume", broker.http),
    ]);
    await fetch(`${broker.http}/topic/create?topic=orders`, { method: "POST" });
    await fetch(`${broker.http}/channel/create?topic=orders&channel=worker`, { method: "POST" });
    for (let i = 0; i < 50; i++) {
      expect((await fetch(`${publisher.url}/orders`, { method: "POST", body: `order ${i}` })).status).toBe(201);
    }
    const refused = await fetch(`${publisher.url}/bad$topic`, { method: "POST", body: "x" });
    expect([refused.status, await refused.text()]).toEqual([400, "not stored: invalid topic name: bad$topic\n"]);
    expect(await (await fetch(consumer.url)).json()).toEqual({ handled: 50 });
    expect(await channelStats(broker.http, "orders", "worker")).toMatchObject({
      depth: 0,
      in_flight_count: 0,
      timeout_count: 0,
    });
    await Promise.all([publisher.stop(), consumer.stop()]);
  });

  it("[CLIENT14] a pool of threads shares a channel, and ends when it is told to", async () => {
    const pool: ChildProcess = spawn(process.execPath, ["examples/node-pool/pool.ts", "2"], {
      env: { ...process.env, NSQD: broker.tcp },
    });
    endWithThis(pool);
    let output = "";
    pool.stdout?.on("data", (data) => {
      output += data;
    });
    await vi.waitFor(() => expect(output.match(/ready/g)).toHaveLength(2), POLL);
    for (let i = 0; i < 20; i++) await fetch(`${broker.http}/pub?topic=test`, { method: "POST", body: `task ${i}` });
    await vi.waitFor(() => expect(new Set(output.match(/task \d+/g))).toHaveLength(20), POLL);
    pool.kill("SIGINT");
    const [code] = await once(pool, "exit");
    expect(code).toBe(0);
    expect(await channelStats(broker.http, "test", "pool")).toMatchObject({ depth: 0, in_flight_count: 0 });
  });
});
