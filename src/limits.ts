// The limits that the parts of the broker take from the options.

import { DEFAULT_HEARTBEAT_INTERVAL, type Options } from "./options.ts";
import type { NegotiationLimits } from "./protocol/identify.ts";
import type { DefaultSettings } from "./session/connection.ts";
import type { SessionLimits } from "./session/session.ts";

/** The NSQ whose protocol and API this is; what clients see as the server's version. */
export const NSQ_VERSION = "1.3.0";

/** For sessions of the gateway, which carries any client. */
export function gatewayLimits(options: Options, authRequired: boolean): SessionLimits {
  return {
    ...bodyLimits(options),
    ...negotiationLimits(options),
    authRequired,
    maxReqTimeoutMs: options.maxReqTimeout,
  };
}

/** For sessions on the direct paths: whoever comes there has said who he is, and a compressed stream could not be kept while an object sleeps. */
export function directLimits(options: Options): SessionLimits {
  return { ...gatewayLimits(options, false), deflate: false, snappy: false };
}

export function gatewayDefaults(options: Options): DefaultSettings {
  return {
    heartbeatIntervalMs: DEFAULT_HEARTBEAT_INTERVAL,
    outputBufferTimeoutMs: options.outputBufferTimeout,
    msgTimeoutMs: options.msgTimeout,
  };
}

/** On the direct paths there are heartbeats only for who asks: they would wake the object. */
export function directDefaults(options: Options): DefaultSettings {
  return { ...gatewayDefaults(options), heartbeatIntervalMs: 0 };
}

export function bodyLimits({ maxMsgSize, maxBodySize }: Options) {
  return { maxMsgSize, maxBodySize };
}

function negotiationLimits(options: Options): Omit<NegotiationLimits, "authRequired"> {
  return {
    version: NSQ_VERSION,
    maxRdyCount: options.maxRdyCount,
    maxMsgTimeoutMs: options.maxMsgTimeout,
    maxHeartbeatIntervalMs: options.maxHeartbeatInterval,
    maxOutputBufferSize: options.maxOutputBufferSize,
    minOutputBufferTimeoutMs: options.minOutputBufferTimeout,
    maxOutputBufferTimeoutMs: options.maxOutputBufferTimeout,
    maxDeflateLevel: options.maxDeflateLevel,
    deflate: options.deflate,
    snappy: options.snappy,
    topologyRegion: options.topologyRegion,
    topologyZone: options.topologyZone,
  };
}
