// IDENTIFY: what a client asks for and what it gets (spec 1.6; nsqd/protocol_v2.go IDENTIFY, nsqd/client_v2.go Identify).

import { type ClientError, clientError } from "./errors.ts";
import { decodeStruct, type Struct, type StructFields } from "./go-struct.ts";

const REQUEST_FIELDS = {
  client_id: "string",
  hostname: "string",
  user_agent: "string",
  topology_region: "string",
  topology_zone: "string",
  feature_negotiation: "bool",
  tls_v1: "bool",
  deflate: "bool",
  snappy: "bool",
  deflate_level: "int",
  heartbeat_interval: "int",
  output_buffer_size: "int",
  output_buffer_timeout: "int",
  sample_rate: "int32",
  msg_timeout: "int",
} as const satisfies StructFields;

export type IdentifyRequest = Struct<typeof REQUEST_FIELDS>;

/** Null when the body does not decode. */
export function decodeIdentify(body: Uint8Array): IdentifyRequest | null {
  return decodeStruct(body, REQUEST_FIELDS);
}

export type Compression = "none" | "deflate" | "snappy";

/** What IDENTIFY settles about a connection. */
export interface ClientSettings {
  readonly clientId: string;
  readonly hostname: string;
  readonly userAgent: string;
  readonly topologyRegion: string;
  readonly topologyZone: string;
  /** 0 when heartbeats are off. */
  readonly heartbeatIntervalMs: number;
  readonly outputBufferSize: number;
  /** 0 when there is no timer. */
  readonly outputBufferTimeoutMs: number;
  /** 0 is off; N delivers about N + 1 of 100 messages. */
  readonly sampleRate: number;
  readonly msgTimeoutMs: number;
  readonly compression: Compression;
  readonly deflateLevel: number;
}

/** The server's side of the negotiation, in nsqd's option names. */
export interface NegotiationLimits {
  readonly version: string;
  readonly maxRdyCount: number;
  readonly maxMsgTimeoutMs: number;
  readonly maxHeartbeatIntervalMs: number;
  readonly maxOutputBufferSize: number;
  readonly minOutputBufferTimeoutMs: number;
  readonly maxOutputBufferTimeoutMs: number;
  readonly maxDeflateLevel: number;
  readonly deflate: boolean;
  readonly snappy: boolean;
  readonly authRequired: boolean;
  readonly topologyRegion: string;
  readonly topologyZone: string;
}

export interface Negotiated {
  readonly settings: ClientSettings;
  /** The data of the response frame. */
  readonly reply: string;
}

/** What a client says of itself is kept up to here: it goes along wherever its connection is kept. */
const MAX_TEXT = 256;
const DEFAULT_DEFLATE_LEVEL = 6;
const MIN_HEARTBEAT_INTERVAL = 1000;
const MIN_OUTPUT_BUFFER_SIZE = 64;
const MIN_MSG_TIMEOUT = 1000;
const MAX_SAMPLE_RATE = 99;

/** Settles a request against what the connection had and what the server allows, in nsqd's order of checks. */
export function negotiate(
  request: IdentifyRequest,
  current: ClientSettings,
  limits: NegotiationLimits,
): Negotiated | ClientError {
  const heartbeatIntervalMs = heartbeatInterval(request, current, limits);
  if (heartbeatIntervalMs === null) return invalid("heartbeat interval", request.heartbeat_interval);
  const bufferTimeout = outputBufferTimeout(request, current, limits);
  if (bufferTimeout === null) return invalid("output buffer timeout", request.output_buffer_timeout);
  const bufferSize = outputBufferSize(request, current, limits);
  if (bufferSize === null) return invalid("output buffer size", request.output_buffer_size);
  if (request.sample_rate < 0 || request.sample_rate > MAX_SAMPLE_RATE) {
    return invalid("sample rate", request.sample_rate);
  }
  const msgTimeoutMs = msgTimeout(request, current, limits);
  if (msgTimeoutMs === null) return invalid("msg timeout", request.msg_timeout);

  const negotiates = request.feature_negotiation;
  const deflate = negotiates && request.deflate && limits.deflate;
  const snappy = negotiates && request.snappy && limits.snappy;
  if (deflate && snappy) return clientError("E_IDENTIFY_FAILED", "cannot enable both deflate and snappy compression");
  const settings: ClientSettings = {
    clientId: request.client_id.slice(0, MAX_TEXT),
    hostname: request.hostname.slice(0, MAX_TEXT),
    userAgent: request.user_agent.slice(0, MAX_TEXT),
    topologyRegion: request.topology_region.slice(0, MAX_TEXT),
    topologyZone: request.topology_zone.slice(0, MAX_TEXT),
    heartbeatIntervalMs,
    outputBufferSize: bufferSize,
    outputBufferTimeoutMs: request.output_buffer_size === -1 ? 0 : bufferTimeout,
    sampleRate: request.sample_rate,
    msgTimeoutMs,
    compression: deflate ? "deflate" : snappy ? "snappy" : "none",
    deflateLevel: deflate ? deflateLevel(request, limits) : Math.min(DEFAULT_DEFLATE_LEVEL, limits.maxDeflateLevel),
  };
  return { settings, reply: negotiates ? JSON.stringify(negotiationReply(settings, limits)) : "OK" };
}

/** Key order and names as nsqd emits them. */
function negotiationReply(settings: ClientSettings, limits: NegotiationLimits): object {
  return {
    max_rdy_count: limits.maxRdyCount,
    version: limits.version,
    max_msg_timeout: limits.maxMsgTimeoutMs,
    msg_timeout: settings.msgTimeoutMs,
    tls_v1: false,
    deflate: settings.compression === "deflate",
    deflate_level: settings.deflateLevel,
    max_deflate_level: limits.maxDeflateLevel,
    snappy: settings.compression === "snappy",
    sample_rate: settings.sampleRate,
    auth_required: limits.authRequired,
    output_buffer_size: settings.outputBufferSize,
    output_buffer_timeout: settings.outputBufferTimeoutMs,
    topology_region: limits.topologyRegion,
    topology_zone: limits.topologyZone,
  };
}

function heartbeatInterval(request: IdentifyRequest, current: ClientSettings, limits: NegotiationLimits) {
  const asked = request.heartbeat_interval;
  if (asked === -1) return 0;
  if (asked === 0) return current.heartbeatIntervalMs;
  return within(asked, MIN_HEARTBEAT_INTERVAL, limits.maxHeartbeatIntervalMs);
}

function outputBufferTimeout(request: IdentifyRequest, current: ClientSettings, limits: NegotiationLimits) {
  const asked = request.output_buffer_timeout;
  if (asked === -1) return 0;
  if (asked === 0) return current.outputBufferTimeoutMs;
  return within(asked, limits.minOutputBufferTimeoutMs, limits.maxOutputBufferTimeoutMs);
}

/** -1 means no buffering, which nsqd reports as a buffer of one byte. */
function outputBufferSize(request: IdentifyRequest, current: ClientSettings, limits: NegotiationLimits) {
  const asked = request.output_buffer_size;
  if (asked === -1) return 1;
  if (asked === 0) return current.outputBufferSize;
  return within(asked, MIN_OUTPUT_BUFFER_SIZE, limits.maxOutputBufferSize);
}

function msgTimeout(request: IdentifyRequest, current: ClientSettings, limits: NegotiationLimits) {
  const asked = request.msg_timeout;
  return asked === 0 ? current.msgTimeoutMs : within(asked, MIN_MSG_TIMEOUT, limits.maxMsgTimeoutMs);
}

function deflateLevel(request: IdentifyRequest, limits: NegotiationLimits): number {
  return Math.min(request.deflate_level > 0 ? request.deflate_level : DEFAULT_DEFLATE_LEVEL, limits.maxDeflateLevel);
}

function within(asked: number, min: number, max: number): number | null {
  return asked >= min && asked <= max ? asked : null;
}

function invalid(what: string, value: number): ClientError {
  return clientError("E_BAD_BODY", `IDENTIFY ${what} (${value}) is invalid`);
}
