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

const FULL_STORAGE = "test/durable/full-storage.test.ts";

function insideWorkerd(compatibilityFlags: string[]) {
  return cloudflareTest({
    ...(main !== undefined && { main }),
    miniflare: {
      ...(compatibility_date !== undefined && { compatibilityDate: compatibility_date }),
      compatibilityFlags,
      durableObjects: Object.fromEntries(durableObjects),
      // Evictions wait for the timers of an object: states are saved soon, so that tests need not wait long.
      bindings: { open: "true", "sync-timeout": "10ms", "log-level": "error" },
    },
  });
}

export default defineConfig({
  test: {
    projects: [
      {
        // Plain Node, where nothing of the runtime can be imported: what passes here is pure.
        test: {
          name: "pure",
          include: [
            "test/*.test.ts",
            "test/{protocol,queue,session,lookup,storage,gateway,http,structure}/**/*.test.ts",
          ],
        },
      },
      {
        plugins: [insideWorkerd(compatibility_flags)],
        logLevel: "error",
        test: {
          name: "durable",
          include: ["test/durable/**/*.test.ts"],
          exclude: [FULL_STORAGE],
          provide: { faultSeeds: Number(process.env.FAULT_SEEDS ?? 1) },
        },
      },
      {
        // Only with this flag the size of a database can be limited.
        plugins: [insideWorkerd([...compatibility_flags, "experimental"])],
        logLevel: "error",
        test: { name: "full-storage", include: [FULL_STORAGE] },
      },
      {
        // The production bundle on a workerd process of its own, spoken to from outside.
        test: {
          name: "broker",
          include: ["test/{conformance,broker}/**/*.test.ts"],
          globalSetup: ["test/helpers/build.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
