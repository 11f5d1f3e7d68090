// What stands in deploy/: that it names what there is, and that what an image would have is enough.

import { execFile, spawnSync } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../src/cli/failure.ts";
import { variableOf } from "../../src/cli/serve/broker-flags.ts";
import { folder, Served } from "./served.ts";

const UNIT = "deploy/nsq-edge.service";
const DOCKERFILE = "deploy/Dockerfile";
const run = promisify(execFile);

/** The instructions of a Dockerfile: what a backslash goes on with is one line. */
async function instructions(): Promise<string[]> {
  const text = (await readFile(DOCKERFILE, "utf8")).replace(/\\\n\s*/g, "");
  return text.split("\n").filter((line) => /^[A-Z]/.test(line));
}

/** The packages that are installed without those of developers, as the lock file has them. */
async function productionPackages(): Promise<string[]> {
  const { packages } = JSON.parse(await readFile("package-lock.json", "utf8")) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  const paths = Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== "" && !dev && !devOptional);
  return paths.map(([path]) => path);
}

describe.skipIf(process.platform === "win32")("an installation", () => {
  it("[SERVE13] of the image runs the server on what is copied into it and no other package", async () => {
    const copies = (await instructions()).filter((line) => line.startsWith("COPY --from="));
    const app = await folder();
    for (const [, from = "", to = ""] of copies.map((line) => line.split(" ").slice(1))) {
      await mkdir(dirname(join(app, to)), { recursive: true });
      if (from.startsWith("/src/dist/cli"))
        await run("node_modules/.bin/tsc", ["-p", "src/cli", "--outDir", join(app, to)]);
      else if (from.startsWith("/src/")) await cp(from.replace("/src/", ""), join(app, to), { recursive: true });
    }
    for (const path of await productionPackages()) {
      // Of those for other machines there is none here; the image has a Node of its own.
      if (/^node-linux-/.test(basename(path))) continue;
      await mkdir(dirname(join(app, path)), { recursive: true });
      await symlink(resolve(path), join(app, path));
    }
    const [program, ...args] = JSON.parse(
      (await instructions()).find((line) => line.startsWith("ENTRYPOINT"))?.slice(11) ?? "[]",
    ) as string[];
    expect(program).toBe("node");
    const broker = await Served.start(await folder(), [], {}, { args, cwd: app });
    expect(await (await fetch(`${broker.http}/ping`)).text()).toBe("OK");
    expect((await fetch(`${broker.http}/admin/`)).status).toBe(200);
  });

  it("[SERVE13] of the image ends with its server, is nobody's but its user's, and can be looked after", async () => {
    const lines = await instructions();
    const { scripts, engines } = JSON.parse(await readFile("package.json", "utf8")) as {
      scripts: Record<string, string>;
      engines: { node: string };
    };
    for (const [, script = ""] of lines.join("\n").matchAll(/npm run (\S+)/g))
      expect(Object.keys(scripts)).toContain(script);
    expect(engines.node).toMatch(/^>=2\d/);
    expect(
      lines.filter((line) => line.startsWith("FROM")).every((line) => line.startsWith("FROM node:24-bookworm-slim")),
    ).toBe(true);
    expect(lines).toContain("USER node");
    expect(lines).toContain("VOLUME /data");
    expect(lines).toContain("EXPOSE 4150 4151");
    const variables =
      lines
        .find((line) => line.startsWith("ENV"))
        ?.split(" ")
        .slice(1) ?? [];
    expect(variables.slice(1)).toEqual([
      ...[`${variableOf("data")}=/data`, `${variableOf("http-address")}=:4151`, `${variableOf("tcp-address")}=:4150`],
    ]);
    const [, check] = /CMD (\[.*\])$/.exec(lines.find((line) => line.startsWith("HEALTHCHECK")) ?? "") ?? [];
    const [, ...args] = JSON.parse(check as string) as [string, ...string[]];
    const broker = await Served.start(await folder());
    const statusOf = (port: string) =>
      run(
        process.execPath,
        args.map((arg) => arg.replace("127.0.0.1:4151", port)),
      ).then(
        () => 0,
        ({ code }: { code: number }) => code,
      );
    expect(await statusOf(broker.http.replace("http://", ""))).toBe(0);
    await broker.kill("SIGTERM");
    expect(await statusOf(broker.http.replace("http://", ""))).toBe(1);
  });

  it("[SERVE14] as a service has its data, ends kindly, and starts again unless its flags are wrong", async () => {
    const unit = await readFile(UNIT, "utf8");
    for (const line of [
      ...["DynamicUser=yes", "StateDirectory=nsq-edge", "ProtectSystem=strict", "NoNewPrivileges=yes"],
      // Else workerd would be told to end, too, and its end be taken for a crash.
      ...["KillMode=mixed", "KillSignal=SIGTERM", "Restart=on-failure", `RestartPreventExitStatus=${EXIT.usage}`],
    ]) {
      expect(unit.split("\n")).toContain(line);
    }
    expect(unit).toContain(`${variableOf("data")}=%S/nsq-edge `);
    const { bin } = JSON.parse(await readFile("package.json", "utf8")) as { bin: Record<string, string> };
    const [, program = ""] = /^ExecStart=(\S+) serve$/m.exec(unit) ?? [];
    expect(Object.keys(bin)).toContain(basename(program));
  });

  it.skipIf(spawnSync("systemd-analyze", ["--version"]).error !== undefined)(
    "[SERVE14] as a service is what systemd takes without a word",
    async () => {
      const dir = await folder();
      const unit = join(dir, "nsq-edge.service");
      // Where it is installed is nothing to this machine.
      await writeFile(unit, (await readFile(UNIT, "utf8")).replace(/^ExecStart=\S+/m, "ExecStart=/bin/true"));
      const { stdout, stderr } = await run("systemd-analyze", ["verify", unit]);
      expect(stdout + stderr).toBe("");
    },
  );
});
