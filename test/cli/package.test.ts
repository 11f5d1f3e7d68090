// The package as somebody gets it who installs it: with what it depends on, and nothing of its development.

import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { endWithThis } from "../../scripts/offspring.ts";
import { folder, Served } from "./served.ts";

const run = promisify(execFile);
const CLI = "dist/cli";

interface Manifest {
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Installs it in a folder. Returns the program there. */
async function install(app: string): Promise<string> {
  const { files, bin, dependencies } = JSON.parse(await readFile("package.json", "utf8")) as Manifest;
  const modules = join(app, "node_modules");
  const place = join(modules, "nsq-edge");
  await mkdir(place, { recursive: true });
  await cp("package.json", join(place, "package.json"));
  for (const file of files) {
    if (file === CLI) await run("node_modules/.bin/tsc", ["-p", "src/cli", "--outDir", join(place, CLI)]);
    else if (file !== "dist/client") await cp(file, join(place, file), { recursive: true });
  }
  const { packages } = JSON.parse(await readFile("package-lock.json", "utf8")) as {
    packages: Record<string, { dependencies?: object; optionalDependencies?: object }>;
  };
  const needed = new Set<string>();
  const need = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    const { dependencies = {}, optionalDependencies = {} } = packages[`node_modules/${name}`] ?? {};
    Object.keys({ ...dependencies, ...optionalDependencies }).forEach(need);
  };
  Object.keys(dependencies).forEach(need);
  for (const name of needed) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(resolve("node_modules", name), join(modules, name)); // those for other machines lead nowhere
  }
  return join(place, bin["nsq-edge"] as string);
}

/** A Node on PATH that cannot run the program itself; the project's own is newer. */
const oldNode = (process.env.PATH ?? "").split(delimiter).find((dir) => {
  const { stdout } = spawnSync(join(dir, "node"), ["--version"], { encoding: "utf8" });
  return /^v(\d|1\d|2[01])\./.test(stdout ?? "");
});

describe.skipIf(process.platform === "win32")("the package", () => {
  it.skipIf(oldNode === undefined)("[CLI16] needs no newer Node than whoever clones it has", async () => {
    const program = resolve("bin/nsq-edge.mjs");
    const { stdout } = await run(join(oldNode ?? "", "node"), [program, "--version"]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const again = run(join(oldNode ?? "", "node"), [program, "--version"], { env: { NSQ_EDGE_NODE: "old, too" } });
    await expect(again).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^nsq-edge: Node 22\.18 or later is needed/),
    });
    const failed = run(join(oldNode ?? "", "node"), [program, "tail"]);
    await expect(failed).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("--topic") });
  });

  it.skipIf(oldNode === undefined)("[CLI12] is told to end by any signal, whichever Node it runs on", async () => {
    const lookup = createServer((_, response) => response.end("{}")).listen(0, "127.0.0.1");
    await once(lookup, "listening");
    onTestFinished(() => void lookup.close());
    const asked = once(lookup, "request");
    const { port } = lookup.address() as AddressInfo;
    const flags = ["tail", "--topic", "t", "--lookupd-http-address", `127.0.0.1:${port}`];
    const child = spawn(join(oldNode ?? "", "node"), [resolve("bin/nsq-edge.mjs"), ...flags], { stdio: "pipe" });
    endWithThis(child);
    await asked; // by then it listens to signals
    await once(lookup, "request");
    child.kill("SIGINT");
    expect((await once(child, "exit"))[0]).toBe(0);
  });

  it("[CLI16] gets whoever has Node from nothing to a consumed message in three commands", async () => {
    const app = await folder();
    const program = await install(app);
    const broker = await Served.start(await folder(), [], {}, { args: [program, "serve"], cwd: app });
    const call = (...args: string[]) => run(process.execPath, [program, ...args, "--url", broker.http], { cwd: app });
    expect(await call("pub", "test", "hello world")).toEqual({ stdout: "", stderr: "" });
    expect(await call("tail", "--topic", "test", "-n", "1")).toEqual({ stdout: "hello world\n", stderr: "" });
  });
});
