// What is deployed to Cloudflare, as far as that can be seen without an account.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { unstable_readConfig } from "wrangler";
import { startBroker } from "../../scripts/broker.ts";
import { BUNDLE_DIR } from "../../scripts/build.ts";
import { optionFlags } from "../../src/options.ts";
import { Client } from "./client.ts";

const BUNDLE = join(BUNDLE_DIR, "index.js");
const MB = 1_000_000;
/**
 * A Worker may have 64 MiB; before 2026 it was 3 MB on the free plan and 10 MB on others, compressed
 * (developers.cloudflare.com/workers/platform/limits). Ours is for whoever waits for a cold start.
 */
const LIMITS = { bytes: 64 * 1_048_576, gzipped: 3 * MB };
const BUDGET = { gzipped: 300_000 };
/**
 * Calls and blocks while the module is loaded, for which Cloudflare gives 1 s of CPU time (the same page). V8's interpreter alone does
 * some ten million in that; parsing is lazy, and bounded by the size.
 */
const STARTUP_WORK = 30_000;

/** What the file asks for, without what is commented out. */
async function example(): Promise<Record<string, string>> {
  const lines = (await readFile(".dev.vars.example", "utf8")).split("\n").filter((line) => /^\w/.test(line));
  return Object.fromEntries(lines.map((line) => /^(\w+)="(.*)"$/.exec(line)?.slice(1) as [string, string]));
}

describe("what is deployed", () => {
  it("[DEPLOY1] is what `npm run deploy` would upload, far below the limits of size", async () => {
    const dir = await mkdtemp(join(tmpdir(), "nsq-edge-deploy-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const { stdout } = await promisify(execFile)("npm", ["run", "deploy", "--", "--dry-run", "--outdir", dir]);
    for (const binding of ["env.TOPIC (Topic)", "env.CHANNEL (Channel)", "env.LOOKUP (Lookup)", "env.ASSETS"]) {
      expect(stdout).toContain(binding);
    }
    const bundle = await readFile(join(dir, "index.js"));
    const gzipped = gzipSync(bundle).length;
    expect(bundle.length).toBeLessThan(LIMITS.bytes);
    expect(gzipped).toBeLessThan(LIMITS.gzipped);
    expect(gzipped).toBeLessThan(BUDGET.gzipped);
  });

  it("[DEPLOY2] does next to nothing when it is loaded", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["test/helpers/startup-work.ts", BUNDLE]);
    expect(Number(stdout)).toBeGreaterThan(1_000); // it was loaded
    expect(Number(stdout)).toBeLessThan(STARTUP_WORK);
  });

  it("[DEPLOY3] asks for its secrets in .dev.vars.example, explains them, and lets nobody in with what stands there", async () => {
    const asked = await example();
    const { cloudflare } = JSON.parse(await readFile("package.json", "utf8")) as {
      cloudflare: { bindings: Record<string, { description: string }> };
    };
    expect(Object.keys(cloudflare.bindings)).toEqual(Object.keys(asked));
    const secrets = optionFlags().filter(({ kind }) => kind === "secret");
    const file = await readFile(".dev.vars.example", "utf8");
    for (const { flag } of secrets)
      expect(file).toMatch(new RegExp(`^(# )?${flag.toUpperCase().replaceAll("-", "_")}=`, "m"));
    expect(
      Object.keys(asked).every((name) => secrets.some(({ flag }) => flag.toUpperCase().replaceAll("-", "_") === name)),
    ).toBe(true);
    const broker = await startBroker({ options: { ...asked, open: "false" } });
    onTestFinished(() => broker.stop("SIGKILL"));
    expect((await fetch(`${broker.http}/ping`)).status).toBe(200);
    const { status } = await fetch(`${broker.http}/pub?topic=t`, { method: "POST", body: "x" });
    expect(status).toBe(403);
  });

  it("[DEPLOY4] logs a line for what is made, deleted or goes wrong, none for a message, and no invocations", async () => {
    const { observability } = unstable_readConfig({ config: "wrangler.toml" });
    expect(observability).toMatchObject({ enabled: true, logs: { enabled: true, invocation_logs: false } });
    const broker = await startBroker();
    onTestFinished(() => broker.stop("SIGKILL"));
    const consumer = await Client.open(`${broker.ws}?topic=t&channel=c`);
    onTestFinished(() => consumer.close());
    await consumer.subscribe("t", "c");
    consumer.ready(10);
    for (let n = 1; n <= 100; n++) await fetch(`${broker.http}/pub?topic=t`, { method: "POST", body: `${n}` });
    await consumer.received(100);
    const lines = broker.log
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^.*INFO: /, ""));
    expect(lines.sort()).toEqual([
      "TOPIC(t): created",
      "TOPIC(t): new channel(c)",
      "open: whoever can reach this broker may use it (docs/security.md)",
    ]);
  });
});
