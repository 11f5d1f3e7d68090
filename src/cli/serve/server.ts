// A broker that runs: workerd with the bundle of this package, from its start to its end.

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Failure, textOf } from "../failure.ts";
import { type ListenAddress, reachedAt, textOfAddress, toWorkerd } from "../listen-address.ts";
import { aborted } from "../stop-signal.ts";
import { VERSION } from "../version.ts";
import type { Vars } from "./broker-flags.ts";
import type { DataDir } from "./data-dir.ts";
import { Leash } from "./leash.ts";
import { type Entry, entryOf, type Log } from "./log.ts";
import { ASSETS, OBJECTS, type PackagedBroker } from "./packaged-broker.ts";
import { listeningPorts, spawnWorkerd } from "./workerd.ts";
import type { SocketKind } from "./workerd-config.ts";

const STARTS_WITHIN_MS = 30_000;
/** What the broker says when it cannot run with its options (src/index.ts). */
const WRONG = "wrong configuration: Error: ";
/** What workerd says when it cannot listen. */
const TAKEN = /^Socket "(http|tcp)": (?:bind\(\): )?(.*)/;

export interface ServerSettings {
  readonly broker: PackagedBroker;
  readonly data: DataDir;
  readonly addresses: Readonly<Record<SocketKind, ListenAddress>>;
  readonly vars: Vars;
  /**
   * How long what is under way may take when it is told to end, ms. Connections of consumers stay open until then, and channels save what
   * was finished meanwhile (`sync-timeout`). What is stored survives being killed at any moment.
   */
  readonly drainTimeoutMs: number;
  readonly log: Log;
}

/** How a process ended. */
type Exit = [code: number | null, signal: NodeJS.Signals | null];

export class Server {
  readonly #settings: ServerSettings;
  readonly #child: ChildProcess;
  readonly #exited: Promise<Exit>;
  /** Held back until it is known whether it runs: if it does not, what went wrong is one line. */
  #heldBack: Entry[] | null = [];

  private constructor(settings: ServerSettings, child: ChildProcess) {
    this.#settings = settings;
    this.#child = child;
    this.#exited = once(child, "exit") as Promise<Exit>;
    this.#exited.catch(() => {}); // that it could not even begin is said by its start
    const logPrefix = settings.vars["log-prefix"] ?? "[nsqd] ";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream as Readable }).on("line", (line) => this.#said(entryOf(line, logPrefix)));
    }
  }

  /** Serves until it is told to end. @throws {Failure} when workerd does not start, or ends by itself */
  static async run(settings: ServerSettings, stop: AbortSignal): Promise<void> {
    const { broker, data, addresses, vars, log } = settings;
    const orphan = await data.endOrphan();
    if (orphan !== null) log.warn("ended what an earlier server left running", { pid: orphan });
    const child = await spawnWorkerd(
      {
        bundleDir: broker.bundleDir,
        objects: OBJECTS,
        assets: { dir: broker.uiDir, binding: ASSETS },
        addresses: { http: toWorkerd(addresses.http), tcp: toWorkerd(addresses.tcp) },
        vars,
        dataDir: data.path,
        // Auth servers, notification endpoints and nsqds are at home where the broker is.
        mayCallHere: true,
        isLogStructured: true,
      },
      { configFile: data.configFile, isDetached: true },
    );
    const server = new Server(settings, child);
    await once(child, "spawn");
    const pid = child.pid as number;
    const leash = new Leash(pid);
    try {
      await data.usedBy(pid);
      await server.#start();
      await Promise.race([aborted(stop), server.#exited]);
      if (!stop.aborted) throw await server.#died();
      await server.#stop();
    } finally {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await server.#exited;
      }
      leash.release();
    }
  }

  async #start(): Promise<void> {
    const { addresses, data, log } = this.#settings;
    const { http, tcp } = addresses;
    const ports = await listeningPorts(this.#child, 2).catch((error: Error) => {
      throw new Failure("failed", this.#complaint() ?? error.message);
    });
    const portOf = (kind: SocketKind) => ports.get(kind) as number;
    const answer = await this.#ask(reachedAt(http, portOf("http")));
    for (const { level, msg } of this.#heldBack ?? []) log.add(level, msg);
    this.#heldBack = null;
    log.info("listening", {
      http: textOfAddress(http, portOf("http")),
      tcp: textOfAddress(tcp, portOf("tcp")),
      data: data.path,
      version: VERSION,
    });
    // Where it is open the broker says so itself.
    if (answer === "closed")
      log.warn("closed: nobody has said who may use it; set auth-tokens (docs/security.md) or --open");
  }

  /** Whether it lets anybody in. @throws {Failure} when it does not answer, or cannot run with its options */
  async #ask(origin: string): Promise<"closed" | "ready"> {
    const response = await fetch(`${origin}/info`, { signal: AbortSignal.timeout(STARTS_WITHIN_MS) }).catch(
      (error: unknown) => {
        throw new Failure("failed", this.#complaint() ?? `the broker does not answer: ${textOf(error)}`);
      },
    );
    await response.body?.cancel();
    if (response.status < 500) return response.status === 403 ? "closed" : "ready";
    const complaint = this.#complaint() ?? `it answers ${response.status}`;
    throw new Failure(complaint.startsWith("--") ? "usage" : "failed", complaint);
  }

  /** The first that went wrong, without where in the code. */
  #complaint(): string | null {
    const [line] = this.#heldBack?.find(({ level }) => level === "error")?.msg.split("\n") ?? [];
    if (line === undefined) return null;
    if (line.startsWith(WRONG)) return line.slice(WRONG.length);
    const [, kind, why] = TAKEN.exec(line) ?? [];
    return kind === undefined ? line : `${toWorkerd(this.#settings.addresses[kind as SocketKind])}: ${why}`;
  }

  #said(entry: Entry): void {
    if (this.#heldBack !== null) this.#heldBack.push(entry);
    else this.#settings.log.add(entry.level, entry.msg);
  }

  /** Somebody, or its own fault, has ended it: whoever watches over this process starts it again. */
  async #died(): Promise<Failure> {
    const [code, signal] = await this.#exited;
    this.#settings.log.error("workerd ended by itself", { code, signal });
    return new Failure("failed", "");
  }

  async #stop(): Promise<void> {
    this.#settings.log.info("stopping");
    this.#child.kill("SIGTERM");
    const impatience = setTimeout(() => this.#child.kill("SIGKILL"), this.#settings.drainTimeoutMs);
    await this.#exited;
    clearTimeout(impatience);
    this.#settings.log.info("stopped");
  }
}
