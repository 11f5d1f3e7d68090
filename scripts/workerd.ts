// A plain workerd process for tests and measurements: a Worker's bundle, with ports that nobody else has and data in a folder.

import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listeningPorts, spawnWorkerd } from "../src/cli/serve/workerd.ts";
import type { SocketKind, WorkerSettings } from "../src/cli/serve/workerd-config.ts";
import { endWithThis } from "./offspring.ts";

/** How long a process that was asked to end may take. */
const PATIENCE_MS = 1_000;

export interface WorkerdSettings
  extends Pick<WorkerSettings, "bundleDir" | "objects" | "vars" | "assets" | "mayCallHere"> {
  /** Ports by the kind of socket; 0 for any that is free. */
  readonly ports: Readonly<Partial<Record<SocketKind, number>>>;
  /** Where the data lies; a folder that is deleted in the end when it is not given. */
  readonly dataDir?: string | undefined;
  /** Whether a debugger may come: `ports` says where, as "inspector". */
  readonly isInspected?: boolean | undefined;
}

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

export async function startWorkerd({
  ports,
  isInspected = false,
  ...settings
}: WorkerdSettings): Promise<WorkerdProcess> {
  const workDir = await mkdtemp(join(tmpdir(), "nsq-edge-"));
  const dataDir = settings.dataDir ?? join(workDir, "data");
  await mkdir(dataDir, { recursive: true });
  const addresses = Object.fromEntries(Object.entries(ports).map(([kind, port]) => [kind, `127.0.0.1:${port}`]));
  const child = await spawnWorkerd(
    { ...settings, addresses, dataDir },
    { configFile: join(workDir, "worker.capnp"), isInspected },
  );
  endWithThis(child);
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      log += chunk;
    });
  }
  const opened = await listeningPorts(child, Object.keys(ports).length + (isInspected ? 1 : 0)).catch(
    async (error: Error) => {
      await rm(workDir, { recursive: true, force: true });
      throw new Error(`${error.message}\n${log}`);
    },
  );
  return {
    ports: opened,
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
