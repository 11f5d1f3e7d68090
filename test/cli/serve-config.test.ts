// What `serve` gives its workerd, beside what wrangler.toml gives Cloudflare.

import { describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { isLoopback, listenAddress, reachedAt, toWorkerd } from "../../src/cli/listen-address.ts";
import { entryOf } from "../../src/cli/serve/log.ts";
import { ASSETS, OBJECTS } from "../../src/cli/serve/packaged-broker.ts";
import { COMPATIBILITY } from "../../src/cli/serve/workerd-config.ts";

describe("serve", () => {
  it("[SERVE12] runs the Worker with the compatibility, objects and pages of wrangler.toml", () => {
    const config = unstable_readConfig({ config: "wrangler.toml" });
    expect({ date: config.compatibility_date, flags: config.compatibility_flags }).toEqual(COMPATIBILITY);
    const bindings = config.durable_objects.bindings as { class_name: string; name: string }[];
    expect(Object.fromEntries(bindings.map(({ class_name, name }) => [class_name, name]))).toEqual(OBJECTS);
    expect(config.assets?.binding).toBe(ASSETS);
  });

  it.each([
    ["127.0.0.1:4151", true, "127.0.0.1:4151", "http://127.0.0.1:4151"],
    ["127.1.2.3:0", true, "127.1.2.3:0", "http://127.1.2.3:0"],
    ["localhost:4151", true, "localhost:4151", "http://localhost:4151"],
    ["[::1]:4151", true, "[::1]:4151", "http://[::1]:4151"],
    [":4151", false, "*:4151", "http://127.0.0.1:4151"],
    ["0.0.0.0:4151", false, "0.0.0.0:4151", "http://127.0.0.1:4151"],
    ["[::]:4151", false, "[::]:4151", "http://[::1]:4151"],
    ["10.0.0.1:80", false, "10.0.0.1:80", "http://10.0.0.1:80"],
    ["127.0.0.1.example:80", false, "127.0.0.1.example:80", "http://127.0.0.1.example:80"],
  ])("[SERVE4] knows what can be reached from elsewhere: %s", (text, isHere, told, reached) => {
    const address = listenAddress(text);
    expect([isLoopback(address), toWorkerd(address), reachedAt(address, address.port)]).toEqual([
      isHere,
      told,
      reached,
    ]);
  });

  it.each([
    [{ level: "info", message: "[nsqd] INFO: TOPIC(t): created" }, "info", "TOPIC(t): created"],
    [
      { level: "error", message: "CHANNEL(t:c): alarm: Error: x\n    at y" },
      "error",
      "CHANNEL(t:c): alarm: Error: x\n    at y",
    ],
    [{ level: "WARNING", message: "disk" }, "warn", "disk"],
    [{ level: "log", message: "hello" }, "info", "hello"],
  ])("[SERVE2] takes over what workerd logs: %j", (line, level, msg) => {
    expect(entryOf(JSON.stringify(line), "[nsqd] ")).toEqual({ level, msg });
  });

  it.each(["*** Fatal uncaught kj::Exception", '{"half', "null", "[1]"])(
    "[SERVE2] and what is none of its records, whole: %s",
    (line) => {
      expect(entryOf(line, "[nsqd] ")).toEqual({ level: "error", msg: line });
    },
  );
});
