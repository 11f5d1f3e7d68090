// The broker as it lies in this package: its bundle, its pages, and what it binds.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Failure } from "../failure.ts";

/** Classes of objects and the names of their bindings, as in wrangler.toml. */
export const OBJECTS = { Topic: "TOPIC", Channel: "CHANNEL", Lookup: "LOOKUP" } as const;
/** The name of the binding to the pages, as in wrangler.toml. */
export const ASSETS = "ASSETS";

export interface PackagedBroker {
  readonly bundleDir: string;
  readonly uiDir: string;
}

/** @throws {Failure} when it is not built, as in a new clone */
export function packagedBroker(): PackagedBroker {
  const require = createRequire(import.meta.url);
  return brokerIn(dirname(require.resolve("nsq-edge/package.json")));
}

/** @throws {Failure} */
export function brokerIn(packageDir: string): PackagedBroker {
  const broker = { bundleDir: join(packageDir, "dist", "worker"), uiDir: join(packageDir, "dist", "ui") };
  for (const file of [join(broker.bundleDir, "index.js"), join(broker.uiDir, "admin", "index.html")]) {
    if (!existsSync(file)) throw new Failure("failed", `${file} is missing: npm run build makes it`);
  }
  return broker;
}
