// The folder of a broker's data, which one server has at a time.

import { execFile } from "node:child_process";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { causeCode, Failure, textOf } from "../failure.ts";

/** SQLite's code for what another process has locked (sqlite3.h). */
const SQLITE_BUSY = 5;
const POLL_MS = 20;
/** A process that was killed is gone within ms, unless its disk does not answer. */
const PATIENCE_MS = 10_000;

/** Who uses the folder; whether they still do is the lock's to say. */
interface Users {
  readonly serve: number;
  readonly workerd: number;
}

export class DataDir {
  readonly path: string;
  readonly #lock: DatabaseSync;

  private constructor(path: string, lock: DatabaseSync) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes it if it is not there. @throws {Failure} when another server has it, or it cannot be used */
  static async take(dir: string): Promise<DataDir> {
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const path = await realpath(dir);
      return new DataDir(path, await lock(path));
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure("failed", `${dir} cannot be used for data: ${causeCode(error) || textOf(error)}`);
    }
  }

  get configFile(): string {
    return configIn(this.path);
  }

  /** Ends the workerd of a server that was killed, if nothing else did. Returns its number. */
  async endOrphan(): Promise<number | null> {
    const { workerd } = (await usersOf(this.path)) ?? {};
    const isOrphan = async () => workerd !== undefined && (await commandOf(workerd)).includes(this.configFile);
    if (workerd === undefined || !(await isOrphan())) return null;
    process.kill(workerd, "SIGKILL");
    for (const begun = Date.now(); await isOrphan(); await pause(POLL_MS)) {
      if (Date.now() - begun > PATIENCE_MS)
        throw new Failure("failed", `process ${workerd} uses ${this.path}, and does not end`);
    }
    return workerd;
  }

  /** Writes down who uses it. */
  async usedBy(workerd: number): Promise<void> {
    await writeFile(usersIn(this.path), JSON.stringify({ serve: process.pid, workerd } satisfies Users));
  }

  release(): void {
    this.#lock.close();
  }
}

function configIn(path: string): string {
  return join(path, "workerd.capnp");
}

function usersIn(path: string): string {
  return join(path, "serve.json");
}

/** A lock of SQLite's is the kernel's: it goes with the process that has it, however that ends, and needs no guess about numbers. */
async function lock(path: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(join(path, "serve.lock"));
  try {
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    const users = await usersOf(path);
    const who = users === null ? "another server" : `another server (process ${users.serve})`;
    throw new Failure("failed", `${path} is in use by ${who}`);
  }
}

async function usersOf(path: string): Promise<Users | null> {
  const text = await readFile(usersIn(path), "utf8").catch(() => null);
  try {
    return text === null ? null : (JSON.parse(text) as Users);
  } catch {
    return null; // it was killed while it wrote
  }
}

/** The command line of a process; "" when there is none. */
async function commandOf(pid: number): Promise<string> {
  if (process.platform === "linux") return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const { stdout } = await promisify(execFile)("ps", ["-ww", "-o", "command=", "-p", `${pid}`]).catch(() => ({
    stdout: "",
  }));
  return stdout;
}
