// The client as whoever installs it gets it.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { API_REPORT, apiReport, buildClient } from "../../scripts/build-client.ts";

/** Runs a tool of the project. */
function run(tool: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join("node_modules", ".bin", tool), args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

beforeAll(() => {
  buildClient();
});

describe("the package of the client", () => {
  it("[CLIENT12] has the surface that the report says: `npm run build` writes it anew", () => {
    expect(apiReport()).toBe(readFileSync(API_REPORT, "utf8"));
  });

  it("[CLIENT12] is small in a browser", () => {
    const { status, output } = run("size-limit", "--json");
    expect(output).toContain('"passed": true');
    expect(status).toBe(0);
  });

  it("[CLIENT12] resolves, and has types, wherever ES modules do", () => {
    expect(run("publint", "--strict", "--pack", "false")).toMatchObject({
      status: 0,
      output: expect.stringContaining("All good!"),
    });
    expect(run("attw", "--pack", ".", "--profile", "esm-only")).toMatchObject({ status: 0 });
  });

  it("[CLIENT12] needs no other package", () => {
    const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies?: object };
    expect(dependencies).toBeUndefined();
  });
});
