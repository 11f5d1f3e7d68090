// What the tools are tried against: a broker, and the real nsqd if there is one.

import { findNsqd, startNsqd } from "../../bench/nsqd.ts";
import { startBroker } from "../../scripts/broker.ts";
import { mpubBody } from "../broker/commands.ts";

/** A server, and the flags that lead to it. */
export interface Target {
  /** `http://127.0.0.1:port` */
  readonly http: string;
  /** For tools that consume. */
  readonly source: readonly string[];
  /** For tools that publish. */
  readonly destination: readonly string[];
  /** For commands that use the HTTP API. */
  readonly api: readonly string[];
}

export interface Servers {
  /** Null for nsqd where there is none. */
  target(name: TargetName): Target | null;
  stop(): Promise<void>;
}

export const TARGETS = ["broker", "broker over TCP", "nsqd"] as const;
export type TargetName = (typeof TARGETS)[number];

export const HAS_NSQD = findNsqd() !== null;

export async function startServers(): Promise<Servers> {
  const nsqdBinary = findNsqd();
  const [broker, nsqd] = await Promise.all([startBroker(), nsqdBinary ? startNsqd(nsqdBinary) : null]);
  const url = ["--url", broker.http];
  return {
    target(name) {
      if (name === "broker") return { http: broker.http, source: url, destination: url, api: url };
      const server = name === "nsqd" ? nsqd : broker;
      if (server === null) return null;
      const tcp = ["--nsqd-tcp-address", server.tcp];
      return {
        http: server.http,
        source: tcp,
        destination: tcp,
        api: ["--nsqd-http-address", new URL(server.http).host],
      };
    },
    async stop() {
      await Promise.all([broker.stop(), nsqd?.stop()]);
    },
  };
}

/** Publishes past the tools. */
export async function publish(http: string, topic: string, ...bodies: string[]): Promise<void> {
  for (const body of bodies) await post(`${http}/pub?topic=${topic}`, body);
}

/** Publishes so many at once: all are the same. */
export function publishMany(http: string, topic: string, count: number, size: number): Promise<void> {
  return post(`${http}/mpub?topic=${topic}&binary=true`, mpubBody(count, size));
}

async function post(url: string, body: string | Buffer<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, { method: "POST", body });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
}
