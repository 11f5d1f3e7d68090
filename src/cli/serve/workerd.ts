// A plain workerd process.

import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type WorkerSettings, workerdConfig } from "./workerd-config.ts";

export interface WorkerdStart {
  /** Written anew at each start. */
  readonly configFile: string;
  /** Whether it has a process group of its own, which the signals of a terminal do not reach. */
  readonly isDetached?: boolean;
  /** Whether a debugger may come: `listeningPorts` says where, as "inspector". */
  readonly isInspected?: boolean;
}

/** Its stdout and stderr are pipes, and `listeningPorts` reads what it says of its doors. */
export async function spawnWorkerd(settings: WorkerSettings, start: WorkerdStart): Promise<ChildProcess> {
  const { configFile, isDetached = false, isInspected = false } = start;
  await writeFile(configFile, workerdConfig(settings));
  const args = ["serve", configFile, "--control-fd=3", `--import-path=${resolve(settings.bundleDir)}`];
  return spawn(workerdPath(), isInspected ? [...args, "--inspector-addr=127.0.0.1:0"] : args, {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // And nothing else of this process's: whatever it holds is nothing to the Worker.
    env: { ...settings.vars },
    detached: isDetached,
  });
}

/** Resolves when so many doors are open. @throws {Error} when it ends before */
export async function listeningPorts(child: ChildProcess, count: number): Promise<Map<string, number>> {
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
