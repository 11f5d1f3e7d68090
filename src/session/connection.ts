// Who is at the other end of a connection, from its beginning on.

import type { ClientSettings } from "../protocol/identify.ts";

export interface Connection {
  /** Unique among all connections there ever were. */
  readonly id: string;
  /** `host:port`, as nsqd and nsqadmin show it. */
  readonly remoteAddress: string;
  /** ms since the epoch */
  readonly connectedAt: number;
}

export interface DefaultSettings {
  readonly heartbeatIntervalMs: number;
  readonly outputBufferTimeoutMs: number;
  readonly msgTimeoutMs: number;
}

const OUTPUT_BUFFER_SIZE = 16_384;
const DEFLATE_LEVEL = 6;

/** What holds until the first IDENTIFY: the address stands for client_id and hostname. */
export function initialSettings(connection: Connection, defaults: DefaultSettings): ClientSettings {
  const host = connection.remoteAddress.replace(/:\d+$/, "");
  return {
    clientId: host,
    hostname: host,
    userAgent: "",
    topologyRegion: "",
    topologyZone: "",
    heartbeatIntervalMs: defaults.heartbeatIntervalMs,
    outputBufferSize: OUTPUT_BUFFER_SIZE,
    outputBufferTimeoutMs: defaults.outputBufferTimeoutMs,
    sampleRate: 0,
    msgTimeoutMs: defaults.msgTimeoutMs,
    compression: "none",
    deflateLevel: DEFLATE_LEVEL,
  };
}
