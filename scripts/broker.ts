// A broker of one's own: the production bundle on a plain workerd process.

import { ASSETS, OBJECTS } from "../src/cli/serve/packaged-broker.ts";
import { BUNDLE_DIR } from "./build.ts";
import { UI_DIR } from "./build-ui.ts";
import { startWorkerd, type WorkerdProcess } from "./workerd.ts";

export interface BrokerSettings {
  /** Options of the broker by nsqd's names. */
  readonly options?: Readonly<Record<string, string>>;
  /** Where the data lies; a folder that is deleted in the end when it is not given. */
  readonly dataDir?: string;
  readonly httpPort?: number;
  readonly tcpPort?: number;
  /** Where the bundle lies. */
  readonly bundleDir?: string;
  /** Whether it may call servers on this machine, too. */
  readonly mayCallHere?: boolean;
  /** Whether a debugger may come. */
  readonly isInspected?: boolean;
}

export interface BrokerProcess extends Omit<WorkerdProcess, "ports"> {
  /** `http://127.0.0.1:port` */
  readonly http: string;
  /** `ws://127.0.0.1:port/v2` */
  readonly ws: string;
  /** `127.0.0.1:port` */
  readonly tcp: string;
  /** The port where a debugger may come. */
  readonly inspector: number | undefined;
}

export async function startBroker(settings: BrokerSettings = {}): Promise<BrokerProcess> {
  const workerd = await startWorkerd({
    bundleDir: settings.bundleDir ?? BUNDLE_DIR,
    objects: OBJECTS,
    assets: { dir: UI_DIR, binding: ASSETS },
    vars: { open: "true", ...settings.options },
    ports: { http: settings.httpPort ?? 0, tcp: settings.tcpPort ?? 0 },
    dataDir: settings.dataDir,
    mayCallHere: settings.mayCallHere,
    isInspected: settings.isInspected,
  });
  const address = (kind: string) => `127.0.0.1:${workerd.ports.get(kind)}`;
  return {
    http: `http://${address("http")}`,
    ws: `ws://${address("http")}/v2`,
    tcp: address("tcp"),
    inspector: workerd.ports.get("inspector"),
    dataDir: workerd.dataDir,
    pid: workerd.pid,
    get log() {
      return workerd.log;
    },
    stop: (signal) => workerd.stop(signal),
  };
}
