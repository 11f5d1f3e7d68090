import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { unstable_readConfig } from "wrangler";
import { WRANGLER_ENV } from "./scripts/wrangler.ts";

for (const [name, value] of Object.entries(WRANGLER_ENV)) process.env[name] ??= value;

// Not the whole of wrangler.toml: its TCP port may be taken, by a broker or by another run of the tests.
const { main, compatibility_date, compatibility_flags, durable_objects } = unstable_readConfig({
  config: "./wrangler.toml",
});
const durableObjects = durable_objects.bindings.map(
  ({ name, class_name }: { name: string; class_name: string }) =>
    [name, { className: class_name, useSQLite: true }] as const,
);

/** What they compare, speeds and memory, others would disturb. */
const ALONE = ["slow-consumer", "large-backlog", "gateway-memory", "bench"].map(
  (name) => `test/broker/${name}.test.ts`,
);
const FULL_STORAGE = "test/durable/full-storage.test.ts";
/** Nothing here is about the speed of a machine, and other runs may share it. */
const PATIENCE_MS = 60_000;

/** Tests that run in the isolate of the Worker and its objects. */
function insideRuntime(options: Record<string, string>, flags: string[] = []) {
  const plugin = cloudflareTest({
    ...(main !== undefined && { main }),
    miniflare: {
      ...(compatibility_date !== undefined && { compatibilityDate: compatibility_date }),
      compatibilityFlags: [...compatibility_flags, ...flags],
      durableObjects: Object.fromEntries(durableObjects),
      bindings: { open: "true", "log-level": "error", ...options },
    },
  });
  return { plugins: [plugin], logLevel: "error" as const };
}

export default defineConfig({
  test: {
    // Many tests wait for what a broker does in its own time, so that one file at a time would leave a second core idle.
    maxWorkers: 2,
    projects: [
      {
        // Plain Node, where nothing of the runtime can be imported: what passes here is pure.
        test: {
          name: "pure",
          include: [
            "test/*.test.ts",
            "test/{protocol,identity,auth,queue,session,lookup,storage,gateway,http,admin,client,structure,bench}/**/*.test.ts",
            "test/crash/checks/*.test.ts",
          ],
          testTimeout: PATIENCE_MS,
        },
      },
      {
        // Evictions wait for the timers of an object: states are saved soon, so that tests need not wait long.
        ...insideRuntime({ "sync-timeout": "10ms" }),
        test: {
          name: "durable",
          include: ["test/durable/**/*.test.ts"],
          exclude: [FULL_STORAGE],
          testTimeout: PATIENCE_MS,
          provide: { faultSeeds: Number(process.env.FAULT_SEEDS ?? 1) },
        },
      },
      {
        // Only with this flag the size of a database can be limited.
        ...insideRuntime({ "sync-timeout": "10ms" }, ["experimental"]),
        test: { name: "full-storage", include: [FULL_STORAGE], testTimeout: PATIENCE_MS },
      },
      {
        // What Cloudflare would bill, with the options that it would be run with.
        ...insideRuntime({}),
        test: { name: "cost", include: ["test/cost/**/*.test.ts"], testTimeout: PATIENCE_MS },
      },
      {
        // The production bundle on a workerd process of its own, spoken to from outside.
        test: {
          name: "broker",
          include: ["test/{conformance,broker,cli}/**/*.test.ts", "test/crash/*.test.ts"],
          exclude: ALONE,
          globalSetup: ["test/helpers/build.ts"],
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
        },
      },
      {
        // The same, after all others, and one file at a time.
        test: {
          name: "alone",
          include: ALONE,
          globalSetup: ["test/helpers/build.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
        },
      },
    ],
  },
});
