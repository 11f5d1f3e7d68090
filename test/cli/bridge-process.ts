// The bridge as a process of its own, with ports that nobody else has.

import { vi } from "vitest";
import { CliProcess, type Outcome, type RunSettings, runCli } from "./run-cli.ts";

const ANY_PORTS = ["tcp", "http", "lookupd-http"].map((name) => `--${name}-address=127.0.0.1:0`);
const POLL = { timeout: 30_000, interval: 20 };

export interface BridgeProcess {
  /** `127.0.0.1:port` */
  readonly tcp: string;
  /** `http://127.0.0.1:port` */
  readonly http: string;
  /** `127.0.0.1:port` */
  readonly lookupd: string;
  /** What it wrote to stderr so far. */
  readonly log: string;
  stop(signal?: "SIGINT" | "SIGTERM"): Promise<Outcome>;
}

/** Resolves when it listens. @param args may name other addresses than any that are free */
export async function startBridge(args: readonly string[], settings: RunSettings = {}): Promise<BridgeProcess> {
  const process = new CliProcess(["bridge", ...ANY_PORTS, ...args], settings);
  const failed = process.ended.then(({ stderr }) => Promise.reject(new Error(`the bridge ended: ${stderr}`)));
  failed.catch(() => {}); // later it is no failure
  await Promise.race([failed, vi.waitFor(() => assertSaid(process, "bridge to "), POLL)]);
  const address = (name: string) => {
    const [, found = ""] = new RegExp(`^nsq-edge: ${name}: listening on (.*)$`, "m").exec(process.stderr) ?? [];
    return found;
  };
  return {
    tcp: address("TCP"),
    http: `http://${address("HTTP")}`,
    lookupd: address("nsqlookupd HTTP"),
    get log() {
      return process.stderr;
    },
    stop: (signal) => process.stop(signal),
  };
}

function assertSaid({ stderr }: CliProcess, text: string): void {
  if (!stderr.includes(text)) throw new Error(`not said: ${text}\n${stderr}`);
}

/** Runs it where it ends by itself. */
export function runBridge(args: readonly string[], settings: RunSettings = {}): Promise<Outcome> {
  return runCli(["bridge", ...ANY_PORTS, ...args], settings);
}
