// A plain workerd process: a Worker's bundle, with ports that nobody else has and data in a folder.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { endWithThis } from "./offspring.ts";

/** How long a process that was asked to end may take. */
const PATIENCE_MS = 1_000;

export interface WorkerSettings {
  /** Where the bundle lies: `index.js`. */
  readonly bundleDir: string;
  /** Classes of objects and the names of their bindings. */
  readonly objects: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** A folder of static files, and the name of the binding to it. */
  readonly assets?: { readonly dir: string; readonly binding: string } | undefined;
  /** Ports by the kind of socket; 0 for any that is free. */
  readonly ports: Readonly<Partial<Record<SocketKind, number>>>;
  /** Where the data lies; a folder that is deleted in the end when it is not given. */
  readonly dataDir?: string | undefined;
  /** Whether it may call servers on this machine, too. */
  readonly mayCallHere?: boolean | undefined;
  /** Whether a debugger may come: `ports` says where, as "inspector". */
  readonly isInspected?: boolean | undefined;
}

export type SocketKind = "http" | "tcp";

export interface WorkerdProcess {
  /** The ports that were opened, by the kind of socket. */
  readonly ports: ReadonlyMap<string, number>;
  readonly dataDir: string;
  readonly pid: number;
  /** What it wrote to its log so far. */
  readonly log: string;
  /** Ends it, kindly or with SIGKILL, and keeps the data unless they were its own. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export async function startWorkerd(settings: WorkerSettings): Promise<WorkerdProcess> {
  const workDir = await mkdtemp(join(tmpdir(), "nsq-edge-"));
  const dataDir = settings.dataDir ?? join(workDir, "data");
  await mkdir(dataDir, { recursive: true });
  const config = join(workDir, "worker.capnp");
  await copyFile(join(settings.bundleDir, "index.js"), join(workDir, "index.js"));
  await writeFile(config, workerdConfig(settings, dataDir));
  const inspector = settings.isInspected ? ["--inspector-addr=127.0.0.1:0"] : [];
  const child = spawn(workerdPath(), ["serve", config, "--control-fd=3", ...inspector], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  endWithThis(child);
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log += chunk;
    });
  }
  const ports = await listeningPorts(child, Object.keys(settings.ports).length + inspector.length).catch(
    async (error: Error) => {
      await rm(workDir, { recursive: true, force: true });
      throw new Error(`${error.message}\n${log}`);
    },
  );
  return {
    ports,
    dataDir,
    pid: child.pid as number,
    get log() {
      return log;
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill(signal);
        // workerd waits long for open connections to end; what is stored survives being killed at any moment.
        const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
        await exited;
        clearTimeout(impatience);
      }
      await rm(workDir, { recursive: true, force: true });
    },
  };
}

/** Resolves when so many doors are open. */
async function listeningPorts(child: ChildProcess, count: number): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, socket, port } = JSON.parse(line) as { event: string; socket: string; port: number };
    if (event === "listen") ports.set(socket, port);
    if (event === "listen-inspector") ports.set("inspector", port);
    if (ports.size === count) return ports;
  }
  throw new Error("workerd ended before it listened");
}

function workerdPath(): string {
  const require = createRequire(import.meta.url);
  const { default: path } = require("workerd") as { default: string };
  return path;
}

function workerdConfig(settings: WorkerSettings, dataDir: string): string {
  const { objects, vars = {}, ports, mayCallHere = false, assets } = settings;
  const sockets = Object.entries(ports).map(
    ([kind, port]) => `(name = "${kind}", address = "127.0.0.1:${port}", ${kind} = (), service = "worker"),`,
  );
  const classes = Object.keys(objects);
  const namespaces = classes.map((name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true),`);
  const bindings = [
    ...classes.map((name) => `(name = "${objects[name]}", durableObjectNamespace = "${name}"),`),
    ...(assets ? [`(name = ${quote(assets.binding)}, service = "assets"),`] : []),
    ...Object.entries(vars).map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)}),`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public"${mayCallHere ? ', "private"' : ""}])),
    ${assets ? `(name = "assets", disk = (path = ${quote(resolve(assets.dir))})),` : ""}
    (name = "data", disk = (path = ${quote(resolve(dataDir))}, writable = true)),
  ],
  sockets = [
    ${sockets.join("\n    ")}
  ],
);

const worker :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = embed "index.js") ],
  compatibilityDate = "2026-10-20",
  compatibilityFlags = ["no_web_socket_compression"],
  durableObjectNamespaces = [
    ${namespaces.join("\n    ")}
  ],
  durableObjectStorage = (localDisk = "data"),
  bindings = [
    ${bindings.join("\n    ")}
  ],
);
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
