// Runs the command line as a user does: a process of its own, from its source.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { vi } from "vitest";
import { endWithThis } from "../../scripts/offspring.ts";

const MAIN = resolve("src/cli/main.ts");
/** The same few files are compiled again and again. */
const NODE_COMPILE_CACHE = join(tmpdir(), "nsq-edge-compile-cache");
const POLL = { timeout: 30_000, interval: 20 };

export interface Outcome {
  /** The exit status; null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  readonly stdin?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export class CliProcess {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly ended: Promise<Outcome>;

  constructor(args: readonly string[], { stdin, env, cwd }: RunSettings = {}) {
    // What surrounds the tests is not to be met by them.
    const { NSQ_EDGE_URL: _url, NSQ_EDGE_TOKEN: _token, ...surroundings } = process.env;
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...surroundings, NODE_COMPILE_CACHE, ...env },
      ...(cwd && { cwd }),
    });
    endWithThis(this.child);
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.child.stdin?.on("error", () => {}); // it may end before it has read all
    if (stdin !== undefined) this.child.stdin?.end(stdin);
    this.ended = once(this.child, "close").then(([status]) => {
      return { status: status as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves when it has printed something. */
  printed(text: string): Promise<void> {
    return vi.waitFor(() => {
      if (!this.stdout.includes(text)) throw new Error(`not printed: ${text}\n${this.stdout}${this.stderr}`);
    }, POLL);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Outcome> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs it to its end. */
export function runCli(args: readonly string[], settings: RunSettings = {}): Promise<Outcome> {
  return new CliProcess(args, { stdin: "", ...settings }).ended;
}
