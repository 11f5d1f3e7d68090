// A broker of one's own: the production bundle on a plain workerd process, with ports that nobody else has and data in a folder.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { BUNDLE_DIR } from "./build.ts";

/** How long a broker that was asked to end may take. */
const PATIENCE_MS = 1_000;

export interface BrokerSettings {
  /** Options of the broker by nsqd's names. */
  readonly options?: Readonly<Record<string, string>>;
  /** Where the data lies; a folder that is deleted in the end when it is not given. */
  readonly dataDir?: string;
  readonly httpPort?: number;
  readonly tcpPort?: number;
  /** Where the bundle lies. */
  readonly bundleDir?: string;
}

export interface BrokerProcess {
  /** `http://127.0.0.1:port` */
  readonly http: string;
  /** `ws://127.0.0.1:port/v2` */
  readonly ws: string;
  /** `127.0.0.1:port` */
  readonly tcp: string;
  readonly dataDir: string;
  readonly pid: number;
  /** What it wrote to its log so far. */
  readonly log: string;
  /** Ends it, kindly or with SIGKILL, and keeps the data unless they were its own. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export async function startBroker(settings: BrokerSettings = {}): Promise<BrokerProcess> {
  const workDir = await mkdtemp(join(tmpdir(), "nsq-edge-"));
  const dataDir = settings.dataDir ?? join(workDir, "data");
  await mkdir(dataDir, { recursive: true });
  const config = join(workDir, "broker.capnp");
  await copyFile(join(settings.bundleDir ?? BUNDLE_DIR, "index.js"), join(workDir, "index.js"));
  await writeFile(config, workerdConfig(settings, dataDir));
  const child = spawn(workerdPath(), ["serve", config, "--control-fd=3"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log += chunk;
    });
  }
  const ports = await listeningPorts(child).catch(async (error: Error) => {
    await rm(workDir, { recursive: true, force: true });
    throw new Error(`${error.message}\n${log}`);
  });
  return {
    http: `http://127.0.0.1:${ports.http}`,
    ws: `ws://127.0.0.1:${ports.http}/v2`,
    tcp: `127.0.0.1:${ports.tcp}`,
    dataDir,
    pid: child.pid as number,
    get log() {
      return log;
    },
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, "exit");
        child.kill(signal);
        // workerd waits long for open connections to end; a broker may be killed at any moment.
        const impatience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
        await exited;
        clearTimeout(impatience);
      }
      await rm(workDir, { recursive: true, force: true });
    },
  };
}

/** Resolves when both doors are open. */
async function listeningPorts(child: ChildProcess): Promise<{ http: number; tcp: number }> {
  const ports = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    const { event, socket, port } = JSON.parse(line) as { event: string; socket: string; port: number };
    if (event === "listen") ports.set(socket, port);
    const http = ports.get("http");
    const tcp = ports.get("tcp");
    if (http !== undefined && tcp !== undefined) return { http, tcp };
  }
  throw new Error("workerd ended before it listened");
}

function workerdPath(): string {
  const require = createRequire(import.meta.url);
  const { default: path } = require("workerd") as { default: string };
  return path;
}

function workerdConfig(settings: BrokerSettings, dataDir: string): string {
  const { options = {}, httpPort = 0, tcpPort = 0 } = settings;
  const vars = Object.entries({ open: "true", ...options });
  const bindings = vars.map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)}),`);
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "broker", worker = .broker),
    (name = "data", disk = (path = ${quote(resolve(dataDir))}, writable = true)),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${httpPort}", http = (), service = "broker"),
    (name = "tcp", address = "127.0.0.1:${tcpPort}", tcp = (), service = "broker"),
  ],
);

const broker :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = embed "index.js") ],
  compatibilityDate = "2026-10-20",
  compatibilityFlags = ["no_web_socket_compression"],
  durableObjectNamespaces = [
    (className = "Topic", uniqueKey = "Topic", enableSql = true),
    (className = "Channel", uniqueKey = "Channel", enableSql = true),
    (className = "Lookup", uniqueKey = "Lookup", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "data"),
  bindings = [
    (name = "TOPIC", durableObjectNamespace = "Topic"),
    (name = "CHANNEL", durableObjectNamespace = "Channel"),
    (name = "LOOKUP", durableObjectNamespace = "Lookup"),
    ${bindings.join("\n    ")}
  ],
);
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
