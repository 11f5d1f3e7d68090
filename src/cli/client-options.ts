// `--consumer-opt` and `--producer-opt`: go-nsq's options (spec 8.1) under its names, handed to the client under its own.

import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { ConnectionOptions } from "node:tls";
import { InvalidArgumentError } from "commander";
import { type ConsumerOptions, OptionError, type ProducerOptions, type Transport } from "../client/index.ts";
import { tcpTransport } from "../client/tcp.ts";
import { parseDuration } from "../protocol/go-duration.ts";
import { Failure } from "./failure.ts";
import { nodeWebSocketTransport } from "./node-web-socket.ts";

/** A name, and its value; a name alone switches on. */
export type ClientOpt = readonly [name: string, value: string];

/** `name,value`; in names `-` and `_` are the same. */
export function clientOpt(text: string): ClientOpt {
  const at = text.indexOf(",");
  const name = (at < 0 ? text : text.slice(0, at)).toLowerCase().replaceAll("-", "_");
  if (!/^[a-z]\w*$/.test(name)) throw new InvalidArgumentError("It must be name,value.");
  return [name, at < 0 ? "true" : text.slice(at + 1)];
}

/** What the client lacks, and what stands for it. */
const ABSENT: Readonly<Record<string, string>> = {
  snappy: "the client does not speak snappy: use deflate",
  local_addr: "there is no such choice",
  write_timeout: "there is no such choice",
  tls_config: "there is no such choice: use tls_root_ca_file, tls_cert and tls_key",
};

const TLS: Readonly<Record<string, (value: string) => ConnectionOptions>> = {
  tls_root_ca_file: (path) => ({ ca: fileOf(path) }),
  tls_cert: (path) => ({ cert: fileOf(path) }),
  tls_key: (path) => ({ key: fileOf(path) }),
  tls_insecure_skip_verify: (value) => ({ rejectUnauthorized: value !== "true" }),
  tls_min_version: (value) => ({ minVersion: tlsVersion(value) }),
};

/** Names that do not become the client's by writing them in camelCase. */
const RENAMED: Readonly<Record<string, string>> = {
  tls_v1: "tls",
  skip_lookupd_authorization: "lookupdAuthorization",
};

export interface Connecting {
  readonly kind: "tcp" | "web-socket";
  readonly opts: readonly ClientOpt[];
  /** Of the tool: `nsq-edge-tail`. */
  readonly userAgent: string;
  readonly token: string;
}

/** Options of the client for a tool. @throws {Failure} for one that there is not */
export function clientOptions({ kind, opts, userAgent, token }: Connecting): ConsumerOptions & ProducerOptions {
  const host = hostname();
  const options: Record<string, unknown> = {
    clientId: host.split(".", 1)[0],
    hostname: host,
    userAgent,
    authSecret: token,
    ...(kind === "web-socket" && { dialTimeout: 10_000 }), // TLS, and a place far away
  };
  let tls: ConnectionOptions = {};
  for (const [name, value] of opts) {
    const absent = ABSENT[name];
    if (absent) throw new Failure("usage", `option ${name}: ${absent}`);
    const toTls = TLS[name];
    if (toTls) tls = { ...tls, ...toTls(value) };
    else options[RENAMED[name] ?? camelCase(name)] = TEXTS.includes(name) ? value : typed(value);
  }
  return { ...options, transport: transportOf(kind, tls) };
}

function transportOf(kind: Connecting["kind"], tls: ConnectionOptions): Transport {
  return kind === "tcp" ? tcpTransport({ tls }) : nodeWebSocketTransport();
}

/** They are text, whatever they look like. */
const TEXTS = ["auth_secret", "client_id", "hostname", "user_agent", "topology_region", "topology_zone"];

/** As text, a number, ms, or a switch: the client checks whether it is what the option wants. */
function typed(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return parseDuration(text) ?? text;
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function fileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure("usage", `${path} cannot be read`, { cause: error });
  }
}

function tlsVersion(name: string): "TLSv1" | "TLSv1.1" | "TLSv1.2" {
  if (name === "tls1.0") return "TLSv1";
  if (name === "tls1.1" || name === "tls1.2") return `TLSv${name.slice(3)}` as "TLSv1.1" | "TLSv1.2";
  throw new Failure("usage", `option tls_min_version: ${name} is none of tls1.0, tls1.1, tls1.2`);
}

/** A wrong option is a wrong flag. */
export function asFailure(error: unknown): unknown {
  return error instanceof OptionError ? new Failure("usage", error.message) : error;
}
