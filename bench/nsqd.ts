// The real nsqd, if there is one: named by NSQD, or on PATH.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { endWithThis } from "../scripts/offspring.ts";

export interface NsqdProcess {
  /** `http://127.0.0.1:port` */
  readonly http: string;
  /** `127.0.0.1:port` */
  readonly tcp: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Null when there is none. */
export function findNsqd(): string | null {
  const named = process.env.NSQD;
  if (named !== undefined && named !== "") return named;
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, "nsqd")).find(isExecutable) ?? null;
}

export async function startNsqd(binary: string, flags: readonly string[] = []): Promise<NsqdProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), "nsqd-"));
  const child = spawn(
    binary,
    ["--tcp-address=127.0.0.1:0", "--http-address=127.0.0.1:0", `--data-path=${dataDir}`, ...flags],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  endWithThis(child);
  const exited = once(child, "exit");
  const addresses = new Map<string, string>();
  const lines = createInterface({ input: child.stderr });
  await Promise.race([
    exited.then(() => Promise.reject(new Error("nsqd ended before it listened"))),
    new Promise<void>((resolve) => {
      lines.on("line", (line) => {
        const [, kind, address] = /(TCP|HTTP): listening on (\S+)/.exec(line) ?? [];
        if (kind !== undefined && address !== undefined) addresses.set(kind, address);
        if (addresses.size === 2) resolve();
      });
    }),
  ]);
  return {
    http: `http://${addresses.get("HTTP")}`,
    tcp: addresses.get("TCP") as string,
    pid: child.pid as number,
    async stop() {
      child.kill("SIGKILL");
      await exited;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
