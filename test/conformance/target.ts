import { placeholder } from "./scope.ts";
import type { Scenario } from "./suite.ts";

/** Where the server under test is, and what it can do. A missing endpoint skips the scenarios that need it. */
export interface Target {
  /** `host:port` of the V2 protocol. */
  readonly tcp?: string | null;
  /** Used when there is no `tcp`: a WebSocket that carries the same bytes, magic included, in binary messages. */
  readonly ws?: string | null;
  /** Base URL of the nsqd HTTP API; a path prefix is kept. */
  readonly http?: string | null;
  /** Base URL of the nsqlookupd HTTP API. */
  readonly lookupHttp?: string | null;
  /** `host:port` of the nsqlookupd TCP protocol. */
  readonly lookupTcp?: string | null;
  /** Added to every HTTP request and to the WebSocket upgrade. */
  readonly headers?: Record<string, string>;
  /**
   * What `{"wait": "scan"}` takes, in ms. nsqd looks at new channels for timeouts and deferred messages only every 5 s;
   * a server with exact timers can say 0.
   * @default 5500
   */
  readonly scanDelay?: number;
  /** Connects each WebSocket straight to the topic or channel that its scenario will name on it, where it names one. */
  readonly direct?: boolean;
  /** Cuts the WebSocket's bytes into messages of these sizes, in turn and in both directions. */
  readonly slices?: readonly number[];
}

const SCAN_DELAY_MS = 5_500;

export function scanDelay(target: Target): number {
  return target.scanDelay ?? SCAN_DELAY_MS;
}

/** What the scenario needs and the target lacks, or null. */
export function lacking({ steps, tags }: Scenario, target: Target): string | null {
  const opens = steps.filter((step) => step.verb === "open");
  const requests = steps.filter((step) => step.verb === "http");
  const lookupConnections = new Set(opens.filter(({ via }) => via === "lookup").map(({ open }) => open));
  const usesV2 = opens.some(({ via }) => via !== "lookup");
  const halfCloses = steps.some((step) => step.verb === "half" && !lookupConnections.has(step.half));
  const usesHttp = requests.some(({ to }) => to !== "lookup") || steps.some(({ verb }) => verb === "stats");
  const usesLookupTcp = lookupConnections.size > 0 || JSON.stringify(steps).includes(placeholder("lookupTcp"));
  const usesLookupHttp = tags.includes("cluster") || requests.some(({ to }) => to === "lookup");

  if (usesV2 && !target.tcp && !target.ws) return "V2 endpoint (tcp or ws)";
  if (halfCloses && !target.tcp) return "plain TCP endpoint, for a half-close";
  if (usesLookupTcp && !target.lookupTcp) return "lookupTcp";
  if (usesLookupHttp && !target.lookupHttp) return "lookupHttp";
  if (usesHttp && !target.http) return "http";
  return null;
}
