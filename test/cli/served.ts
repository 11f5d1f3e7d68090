// `serve` as a process of its own, with ports that nobody else has.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { endWithThis } from "../../scripts/offspring.ts";

const ANY_PORTS = ["--http-address=127.0.0.1:0", "--tcp-address=127.0.0.1:0"];

/** What is run, and where. */
interface Program {
  readonly args: readonly string[];
  readonly cwd: string;
}

const SOURCE: Program = { args: ["src/cli/main.ts", "serve"], cwd: process.cwd() };

export interface Entry {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly http?: string;
  readonly tcp?: string;
  readonly pid?: number;
  readonly signal?: string;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that is there until the test ends. */
export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "nsq-edge-serve-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }));
  return dir;
}

export class Served {
  readonly child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #changed: () => void = () => {};

  constructor(args: readonly string[], env: Record<string, string> = {}, program: Program = SOURCE) {
    this.child = spawn(process.execPath, [...program.args, ...args], {
      cwd: program.cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // so that it leads a process group, as a service does
    });
    endWithThis(this.child);
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk;
      this.#changed();
    });
    this.#ended = once(this.child, "close").then(([status]) => {
      this.#changed();
      return { status: status as number | null, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  /** Resolves when it listens. */
  static async start(
    dir: string,
    args: readonly string[] = [],
    env: Record<string, string> = {},
    program: Program = SOURCE,
  ): Promise<Served> {
    const served = new Served(["--data", dir, ...ANY_PORTS, ...args], env, program);
    onTestFinished(() => served.remove());
    await served.logged("listening");
    return served;
  }

  get log(): Entry[] {
    const lines = this.#stderr.split("\n").slice(0, -1);
    // When it cannot start it says so in a line for people.
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Entry);
  }

  get http(): string {
    return `http://${this.#listening.http}`;
  }

  get tcp(): string {
    return this.#listening.tcp as string;
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Resolves with the first entry of this text. */
  async logged(msg: string): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const entry = this.log.find((each) => each.msg === msg);
        if (entry) resolve(entry);
        else if (this.child.exitCode !== null) reject(new Error(`it ended:\n${this.#stderr}`));
      };
      this.#changed = look;
      look();
    });
  }

  /** Resolves with the first line that looks like this, of a log that is no JSON. */
  async line(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        const line = this.#stderr.split("\n").find((each) => pattern.test(each));
        if (line !== undefined) resolve(line);
      };
      this.#changed = look;
      look();
    });
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Ends it: a SIGKILL reaches all of its group. */
  async kill(signal: NodeJS.Signals): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) process.kill(-this.pid, signal);
    return this.#ended;
  }

  /** Ends what is left of it. */
  async remove(): Promise<void> {
    await this.kill("SIGKILL");
  }

  get #listening(): Entry {
    const entry = this.log.find(({ msg }) => msg === "listening");
    if (!entry) throw new Error("it does not listen yet");
    return entry;
  }
}

/** Runs it to its end, which comes at once when something is wrong. */
export function serve(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const served = new Served([...ANY_PORTS, ...args], env);
  onTestFinished(() => served.remove());
  return served.ended();
}

/** The workerd of the server that has the folder, or had it last. */
export function workerdOf(dir: string): number {
  return (JSON.parse(readFileSync(join(dir, "serve.json"), "utf8")) as { workerd: number }).workerd;
}

export function isRunning(pid: number): boolean {
  // Whatever its parent has not looked after yet is dead all the same.
  if (process.platform === "linux") return commandOf(pid) !== "";
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The command line of a process (Linux); "" when there is none. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
