import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";

/** What each folder of src may import of the others. Imports go one way: what stands above knows nothing of what stands below. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  identity: ["protocol"],
  queue: ["protocol"],
  session: ["protocol", "identity", "queue"],
  lookup: ["protocol"],
  storage: ["protocol", "queue", "lookup"],
  durable: ["protocol", "identity", "queue", "session", "lookup", "storage", "options.ts", "limits.ts"],
  auth: ["protocol", "identity", "options.ts", "read-up-to.ts"],
  gateway: ["protocol", "identity", "auth", "session", "durable", "options.ts", "limits.ts", "own-node.ts"],
  http: [
    "protocol",
    "identity",
    "auth",
    "queue",
    "session",
    "lookup",
    "durable",
    "options.ts",
    "limits.ts",
    "own-node.ts",
    "read-up-to.ts",
  ],
  admin: [
    "protocol",
    "identity",
    "auth",
    "queue",
    "lookup",
    "storage",
    "durable",
    "http",
    "options.ts",
    "limits.ts",
    "own-node.ts",
    "read-up-to.ts",
  ],
  client: ["protocol"],
  cli: ["protocol", "client", "options.ts"],
  "options.ts": ["protocol", "queue"],
  "limits.ts": ["protocol", "session", "options.ts"],
  "own-node.ts": ["lookup", "options.ts", "limits.ts"],
  "read-up-to.ts": ["protocol"],
  "routes.ts": ["admin", "http"],
  "index.ts": ["admin", "auth", "durable", "gateway", "http", "options.ts", "routes.ts"],
};
/** Folders that know no runtime, no clock and no I/O. */
const PURE = ["protocol", "identity", "queue", "session", "lookup"];
/** Time and chance come to the client from one place. */
const CLOCK = "client/clock.ts";
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  protocol: ["snappyjs"],
  identity: ["re2js"],
  queue: ["@datadog/sketches-js"],
};
const IMPURE = /\b(Date\.now|new Date\(\)|Math\.random|crypto\.|setTimeout|setInterval|console\.|(?<!get )fetch\()/;

/** A program of its own, which runs in a browser: of the rest of src it knows only what the admin API answers, and what names are. */
const UI = join("admin", "ui");
const UI_SHARES = [join("admin", "api.ts"), join("protocol", "names.ts")];
const UI_LIBRARIES = ["preact", "preact/hooks", "@preact/signals", "uplot"];
/** Builds it, and is no part of it. */
const UI_BUILD = join(UI, "vite.config.ts");

const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
const files = sources.filter((file) => !file.startsWith(UI));
const uiFiles = sources.filter((file) => file.startsWith(UI) && file !== UI_BUILD);

function importsOf(file: string): string[] {
  const text = readFileSync(join("src", file), "utf8");
  return [...text.matchAll(/^(?:import|export)[^;]*?from "([^"]+)";/gm)].map(([, from]) => from as string);
}

/** The folder, or the file itself when it lies in src. */
function partOf(file: string): string {
  return file.split("/")[0] as string;
}

describe("src", () => {
  it.each(files)("imports only what lies further in: %s", (file) => {
    const part = partOf(file);
    const allowed = [part, ...(MAY_IMPORT[part] ?? [])];
    const inner = importsOf(file)
      .filter((from) => from.startsWith("."))
      .map((from) => partOf(normalize(join(dirname(file), from))));
    expect(inner.filter((other) => !allowed.includes(other))).toEqual([]);
  });

  it.each(uiFiles)("knows little of the broker but its admin API: %s", (file) => {
    const outer = importsOf(file).map((from) => (from.startsWith(".") ? normalize(join(dirname(file), from)) : from));
    const isAllowed = (from: string) =>
      from.startsWith(`${UI}/`) || UI_SHARES.includes(from) || UI_LIBRARIES.includes(from);
    expect(outer.filter((from) => !isAllowed(from))).toEqual([]);
  });

  it.each(files.filter((file) => PURE.includes(partOf(file))))("is pure: %s", (file) => {
    const outer = importsOf(file).filter((from) => !from.startsWith("."));
    expect(outer.filter((library) => !LIBRARIES[partOf(file)]?.includes(library))).toEqual([]);
    expect(readFileSync(join("src", file), "utf8").replace(/^\s*(\/\/|\*|\/\*).*$/gm, "")).not.toMatch(IMPURE);
  });

  it.each(files.filter((file) => partOf(file) === "client" && file !== CLOCK))(
    "reads no clock of its own: %s",
    (file) => {
      expect(readFileSync(join("src", file), "utf8")).not.toMatch(
        /(?<!\.)\b(Date\.now|Math\.random|setTimeout|setInterval)\b/,
      );
    },
  );
});
