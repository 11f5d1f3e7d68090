// GET /ping, /info and /config (spec 3.2, 3.5, 3.6).

import { configValue, isLogLevel, levelNumber } from "../options.ts";
import { ownPeerInfo } from "../own-node.ts";
import { fromUtf8 } from "../protocol/bytes.ts";
import type { Broker } from "./broker.ts";
import { readBody } from "./params.ts";
import { HttpError, json, ok, plain, rawJson } from "./respond.ts";

const INVALID_OPTION = new HttpError(400, "INVALID_OPTION");

/** Keys and their order are nsqd's; durations are ns. */
export interface InfoDocument {
  version: string;
  broadcast_address: string;
  hostname: string;
  http_port: number;
  tcp_port: number;
  /** s since the epoch */
  start_time: number;
  max_heartbeat_interval: number;
  max_output_buffer_size: number;
  max_output_buffer_timeout: number;
  max_deflate_level: number;
  topology_zone: string;
  topology_region: string;
}

export async function ping(): Promise<Response> {
  return plain("OK");
}

export async function info(request: Request, broker: Broker): Promise<Response> {
  const { options } = broker;
  const { version, broadcast_address, hostname, http_port, tcp_port } = ownPeerInfo(options, new URL(request.url));
  return json({
    version,
    broadcast_address,
    hostname,
    http_port,
    tcp_port,
    start_time: await broker.startTime(),
    max_heartbeat_interval: options.maxHeartbeatInterval * 1e6,
    max_output_buffer_size: options.maxOutputBufferSize,
    max_output_buffer_timeout: options.maxOutputBufferTimeout * 1e6,
    max_deflate_level: options.maxDeflateLevel,
    topology_zone: options.topologyZone,
    topology_region: options.topologyRegion,
  } satisfies InfoDocument);
}

/** Of what the broker finds out by itself, that is shown. */
export async function getConfig(request: Request, broker: Broker, name: string): Promise<Response | HttpError> {
  const { broadcast_address, tcp_port, http_port } = ownPeerInfo(broker.options, new URL(request.url));
  const options = {
    ...broker.options,
    broadcastAddress: broadcast_address,
    broadcastTcpPort: tcp_port,
    broadcastHttpPort: http_port,
    ...(name === "log_level" && { logLevel: await broker.lookup.logLevel() }),
  };
  const value = configValue(options, name);
  if (value === null) return INVALID_OPTION;
  return value.isJson ? rawJson(value.text) : ok(value.text);
}

/** Only the log level can be changed while the broker runs; it is not kept. */
export async function putConfig(request: Request, broker: Broker, name: string): Promise<Response | HttpError> {
  const body = await readBody(request, broker.options.maxMsgSize);
  if (body === null || body.length === 0) return new HttpError(413, "INVALID_VALUE");
  if (name !== "log_level") return INVALID_OPTION;
  const level = fromUtf8(body).toLowerCase();
  if (!isLogLevel(level)) return new HttpError(400, "INVALID_VALUE");
  await broker.lookup.setLogLevel(level);
  return json(levelNumber(level));
}
