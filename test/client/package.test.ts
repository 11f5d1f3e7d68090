// The client as whoever installs it gets it.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { buildCli } from "../../scripts/build-cli.ts";
import { API_REPORT, apiReport, buildClient, CLIENT_DIR } from "../../scripts/build-client.ts";

/** Runs a tool of the project. */
function run(tool: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join("node_modules", ".bin", tool), args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

beforeAll(() => {
  buildClient();
  buildCli();
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
    const files = readdirSync(CLIENT_DIR, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
    const imported = files.flatMap((file) =>
      [...readFileSync(join(CLIENT_DIR, file), "utf8").matchAll(/(?:from|import) "([^."][^"]*)"/g)].map(
        ([, from]) => from,
      ),
    );
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((from) => !from?.startsWith("node:"))).toEqual([]);
  });
});
