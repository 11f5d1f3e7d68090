// Where a server listens: `host:port`, as nsqd's flags have it.

import { InvalidArgumentError } from "commander";

export interface ListenAddress {
  /** "" for all interfaces; an IPv6 address stands in brackets. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

const ADDRESS = /^(\[[0-9a-f:.]+\]|[^\s:/[\]]*):(\d{1,5})$/i;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/i;
const ALL_INTERFACES = ["", "0.0.0.0"];

export function listenAddress(text: string): ListenAddress {
  const [, host, digits] = ADDRESS.exec(text) ?? [];
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new InvalidArgumentError("It must be host:port, or :port for all interfaces.");
}

/** Whether only this machine can reach it. */
export function isLoopback({ host }: ListenAddress): boolean {
  return LOOPBACK.test(host);
}

/** As workerd has it. */
export function toWorkerd({ host, port }: ListenAddress): string {
  return `${host === "" ? "*" : host}:${port}`;
}

export function textOfAddress({ host }: ListenAddress, port: number): string {
  return `${host}:${port}`;
}

/** Where it is reached from here. */
export function reachedAt({ host }: ListenAddress, port: number): string {
  if (host === "[::]") return `http://[::1]:${port}`;
  return `http://${ALL_INTERFACES.includes(host) ? "127.0.0.1" : host}:${port}`;
}
