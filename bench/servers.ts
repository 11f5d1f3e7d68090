// What is compared: the broker, the floor workers, and nsqd where there is one; all run at once, and those that are not asked rest.

import { resolve } from "node:path";
import { startBroker } from "../scripts/broker.ts";
import { build } from "../scripts/build.ts";
import { startWorkerd } from "../scripts/workerd.ts";
import { runWrangler } from "../scripts/wrangler.ts";
import { findNsqd, type NsqdProcess, startNsqd } from "./nsqd.ts";
import { direct, generic, type Target } from "./target.ts";

// Not where tests have their bundle, which may be in use.
export const BROKER_DIR = "dist/bench-broker";
/** wrangler takes a relative one from where its configuration lies. */
const FLOOR_DIR = resolve("dist/bench-floor");
/** The nearest that nsqd has to storing before it answers. */
const DURABLE = ["--mem-queue-size=0", "--sync-every=1"];

export interface Servers {
  readonly direct: Target;
  readonly v2: Target;
  readonly tcp: Target;
  /** Null when it is not at hand. */
  readonly nsqd: Target | null;
  readonly durableNsqd: Target | null;
  /** `http://host:port` and `ws://host:port`, without a path. */
  readonly floor: { readonly http: string; readonly ws: string; readonly pid: number };
  /** The port of the broker's profiler, if there is to be one. */
  readonly inspector: number | null;
  stop(): Promise<void>;
}

export function buildAll(): void {
  build(BROKER_DIR);
  const { status, stdout, stderr } = runWrangler([
    ...["deploy", "--dry-run", "--config", "bench/floor/wrangler.toml"],
    ...["--outdir", `${FLOOR_DIR}`],
  ]);
  if (status !== 0) throw new Error(`the floor could not be built:\n${stdout}${stderr}`);
}

/** @param isProfiled whether the profiler may come to the broker */
export async function startServers(isProfiled: boolean): Promise<Servers> {
  const started: { stop(signal?: "SIGKILL"): Promise<void> }[] = [];
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop("SIGKILL")));
  };
  const keep = <S extends (typeof started)[0]>(server: S): S => {
    started.push(server);
    return server;
  };
  try {
    const broker = keep(await startBroker({ bundleDir: BROKER_DIR, isInspected: isProfiled }));
    const floor = keep(
      await startWorkerd({
        bundleDir: FLOOR_DIR,
        objects: { Store: "STORE", Pipe: "PIPE", Source: "SOURCE" },
        ports: { http: 0 },
      }),
    );
    const binary = findNsqd();
    const nsqd = binary === null ? null : keep(await startNsqd(binary));
    const durableNsqd = binary === null ? null : keep(await startNsqd(binary, DURABLE));
    const floorAddress = `127.0.0.1:${floor.ports.get("http")}`;
    return {
      direct: direct(broker.http, broker.ws, broker.pid),
      v2: generic(broker.http, broker.ws, broker.pid),
      tcp: generic(broker.http, `tcp://${broker.tcp}`, broker.pid),
      nsqd: nsqd && targetOf(nsqd),
      durableNsqd: durableNsqd && targetOf(durableNsqd),
      floor: { http: `http://${floorAddress}`, ws: `ws://${floorAddress}`, pid: floor.pid },
      inspector: broker.inspector ?? null,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function targetOf({ http, tcp, pid }: NsqdProcess): Target {
  return generic(http, `tcp://${tcp}`, pid);
}
