// Every option: nsqd's name, type, default and range (spec 4, nsqd/options.go). They are set as vars of the Worker, under nsqd's
// names; `-` and `_` are the same, and so are upper and lower case.

import { parseDuration } from "./protocol/go-duration.ts";
import { MAX_BODY } from "./queue/record.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1_024;
const MIB = 1_024 * KIB;
const GIB = 1_024 * MIB;
const MAX_INT = Number.MAX_SAFE_INTEGER;

export const LOG_LEVELS = ["debug", "info", "warn", "error", "fatal"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

interface IntOption {
  readonly kind: "int";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** In ms; written like Go's durations: `90s`, `1m30s`, `250ms`. */
interface DurationOption {
  readonly kind: "duration";
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

interface BoolOption {
  readonly kind: "bool";
  readonly default: boolean;
}

interface StringOption {
  readonly kind: "string";
  readonly default: string;
}

/** Never shown, and never in a log. */
interface SecretOption {
  readonly kind: "secret";
}

/** Separated by commas. */
interface ListOption {
  readonly kind: "list";
}

/** Numbers above 0, up to 1; separated by commas. */
interface PartsOption {
  readonly kind: "parts";
}

interface ChoiceOption {
  readonly kind: "choice";
  readonly default: string;
  readonly choices: readonly string[];
}

interface LevelOption {
  readonly kind: "level";
  readonly default: LogLevel;
}

type Option =
  | IntOption
  | DurationOption
  | BoolOption
  | StringOption
  | SecretOption
  | ListOption
  | PartsOption
  | ChoiceOption
  | LevelOption;

/** By key in the code; `flag` is the name from outside. */
const OPTIONS = {
  // basics
  logLevel: { kind: "level", default: "info" },
  logPrefix: { kind: "string", default: "[nsqd] " },

  // where the broker says it is; empty and 0 mean: where the request came to
  broadcastAddress: { kind: "string", default: "" },
  broadcastTcpPort: int(0, 0, 65_535),
  broadcastHttpPort: int(0, 0, 65_535),
  topologyRegion: { kind: "string", default: "" },
  topologyZone: { kind: "string", default: "" },

  // queues
  memQueueSize: int(10_000, 1, 1_000_000),
  syncEvery: int(2_500, 1, 1_000_000),
  // nsqd waits 2s; an object stays awake, and is billed, until it has saved
  syncTimeout: duration(1 * SECOND, 10, MINUTE),
  /** How long a publish may wait for others to share its row; not in nsqd. */
  linger: duration(0, 0, SECOND),
  /** How much a topic may store; an object holds 10 GB (platform notes A1); not in nsqd. */
  maxTopicBytes: int(8 * GIB, MIB, 9 * GIB),

  // messages and commands
  msgTimeout: duration(MINUTE, 1, DAY),
  maxMsgTimeout: duration(15 * MINUTE, 1, DAY),
  // a message must fit into a row, which holds 2 MB (platform notes A1)
  maxMsgSize: int(MIB, 1, MAX_BODY),
  // a body crosses from object to object in one call, which holds 32 MiB (platform notes A1)
  maxBodySize: int(5 * MIB, 1, 24 * MIB),
  maxReqTimeout: duration(HOUR, 0, 366 * DAY),

  // what clients may ask for
  maxHeartbeatInterval: duration(MINUTE, SECOND, HOUR),
  maxRdyCount: int(2_500, 1, 1_000_000),
  maxOutputBufferSize: int(64 * KIB, 64, MAX_INT),
  maxOutputBufferTimeout: duration(30 * SECOND, 1, HOUR),
  minOutputBufferTimeout: duration(25, 1, HOUR),
  outputBufferTimeout: duration(250, 1, HOUR),
  maxChannelConsumers: int(0, 0, MAX_INT),

  // how long messages take until they are finished; nothing is measured without percentiles
  e2eProcessingLatencyPercentile: { kind: "parts" },
  e2eProcessingLatencyWindowTime: duration(10 * MINUTE, SECOND, DAY),

  // nsqlookupd's
  inactiveProducerTimeout: duration(5 * MINUTE, 1, 366 * DAY),
  tombstoneLifetime: duration(45 * SECOND, 0, 366 * DAY),

  // nsqadmin's
  notificationHttpEndpoint: { kind: "string", default: "" },
  adminUser: { kind: "list" },

  // compression
  deflate: { kind: "bool", default: true },
  maxDeflateLevel: int(6, 1, 9),
  snappy: { kind: "bool", default: true },

  // who may do what; but for the first three not in nsqd
  authHttpAddress: { kind: "list" },
  authHttpRequestMethod: { kind: "choice", default: "get", choices: ["get", "post"] },
  httpClientRequestTimeout: duration(5 * SECOND, 1, MINUTE),
  /** JSON: src/auth/static-tokens.ts. */
  authTokens: { kind: "secret" },
  /** Signs what the broker hands out: tokens, and the sessions of its pages. */
  authSecret: { kind: "secret" },
  authJwtSecret: { kind: "secret" },
  authJwksUrl: { kind: "string", default: "" },
  authJwtIssuer: { kind: "string", default: "" },
  authJwtAudience: { kind: "string", default: "" },
  authJwtClaim: { kind: "string", default: "authorizations" },
  authClockSkew: duration(30 * SECOND, 0, 10 * MINUTE),
  /** Ids and identities of tokens that no longer count. */
  authRevoked: { kind: "list" },
  /** How long a token that the broker hands out holds at most, and a session of its pages. */
  authMaxTokenTtl: duration(DAY, SECOND, 366 * DAY),
  authSessionTtl: duration(8 * HOUR, MINUTE, 30 * DAY),
  /** `https://<team>.cloudflareaccess.com`, and the audience tag of the application. */
  authAccessTeam: { kind: "string", default: "" },
  authAccessAudience: { kind: "string", default: "" },
  /** Origins of pages that may call. */
  allowedOrigins: { kind: "list" },

  /** Whether whoever can reach the broker may use it, while nobody else is named; not in nsqd, where that is always so. */
  open: { kind: "bool", default: false },
} as const satisfies Record<string, Option>;

type OptionKey = keyof typeof OPTIONS;
type OptionValue<O extends Option> = O extends { kind: "int" | "duration" }
  ? number
  : O extends { kind: "bool" }
    ? boolean
    : O extends { kind: "level" }
      ? LogLevel
      : O extends { kind: "list" }
        ? readonly string[]
        : O extends { kind: "parts" }
          ? readonly number[]
          : string;

/** Durations are in ms. */
export type Options = { readonly [K in OptionKey]: OptionValue<(typeof OPTIONS)[K]> };

/** nsqd's heartbeat interval before a client asks for another: half its client timeout of 60 s (spec 4). */
export const DEFAULT_HEARTBEAT_INTERVAL = 30 * SECOND;

/** @throws {Error} that names the flag whose value is wrong, and what it may be */
export function parseOptions(vars: Readonly<Record<string, unknown>>): Options {
  const given = new Map<string, unknown>();
  for (const [name, value] of Object.entries(vars)) given.set(name.toLowerCase().replaceAll("_", "-"), value);
  const options: Record<string, unknown> = {};
  for (const [key, option] of Object.entries(OPTIONS) as [OptionKey, Option][]) {
    const flag = flagOf(key);
    const value = given.get(flag);
    options[key] = value === undefined || value === "" ? defaultOf(option) : parseValue(flag, option, value);
  }
  return options as Options;
}

/** What a command line has to know of an option. */
export interface OptionFlag {
  readonly flag: string;
  readonly kind: Option["kind"];
  /** The value without any, as it would be written; "" for none. */
  readonly default: string;
  readonly choices: readonly string[];
}

export function optionFlags(): OptionFlag[] {
  return (Object.entries(OPTIONS) as [OptionKey, Option][]).map(([key, option]) => ({
    flag: flagOf(key),
    kind: option.kind,
    default: option.kind === "duration" ? goDuration(option.default) : String(defaultOf(option)),
    choices: option.kind === "choice" ? option.choices : option.kind === "level" ? LOG_LEVELS : [],
  }));
}

/** In the largest unit that leaves no rest: `90s`. */
function goDuration(ms: number): string {
  if (ms === 0) return "0";
  for (const [unit, length] of [
    ["h", HOUR],
    ["m", MINUTE],
    ["s", SECOND],
  ] as const) {
    if (ms % length === 0) return `${ms / length}${unit}`;
  }
  return `${ms}ms`;
}

/** `max-msg-size` for `maxMsgSize`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The value of an option as nsqd's /config shows it, as JSON or as bare text; null when there is no such option (spec 3.6). */
export function configValue(options: Options, name: string): { text: string; isJson: boolean } | null {
  const key = (Object.keys(OPTIONS) as OptionKey[]).find((key) => configName(key) === name);
  if (key === undefined) return null;
  const { kind } = OPTIONS[key] as Option;
  if (kind === "secret") return null;
  const value = options[key];
  if (kind === "string" || kind === "choice") return { text: value as string, isJson: false };
  if (kind === "duration") return { text: JSON.stringify((value as number) * 1e6), isJson: true };
  if (kind === "level") return { text: JSON.stringify(levelNumber(value as LogLevel)), isJson: true };
  return { text: JSON.stringify(value), isJson: true };
}

/** nsqd's name for it there: a list has the plural. */
function configName(key: OptionKey): string {
  if (key === "authHttpAddress") return "auth_http_addresses";
  return `${flagOf(key).replaceAll("-", "_")}${key === "e2eProcessingLatencyPercentile" ? "s" : ""}`;
}

/** nsqd's number for a log level. */
export function levelNumber(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level) + 1;
}

export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

function parseValue(flag: string, option: Option, value: unknown): unknown {
  const text = String(value);
  const wrong = (expected: string) => new Error(`--${flag} is ${JSON.stringify(text)}; it must be ${expected}`);
  switch (option.kind) {
    case "int": {
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (number >= option.min && number <= option.max) return number;
      throw wrong(`a whole number from ${option.min} to ${option.max}`);
    }
    case "duration": {
      const ms = parseDuration(text);
      if (ms !== null && ms >= option.min && ms <= option.max) return ms;
      throw wrong(`a duration like 90s or 1m30s, from ${option.min}ms to ${option.max}ms`);
    }
    case "bool":
      if (text === "true" || text === "false") return text === "true";
      throw wrong("true or false");
    case "level":
      if (isLogLevel(text.toLowerCase())) return text.toLowerCase();
      throw wrong(`one of ${LOG_LEVELS.join(", ")}`);
    case "choice":
      if (option.choices.includes(text)) return text;
      throw wrong(`one of ${option.choices.join(", ")}`);
    case "list":
      return listed(text);
    case "parts": {
      const parts = listed(text).map((each) => (/^\d*\.?\d+(e[+-]?\d+)?$/i.test(each) ? Number(each) : Number.NaN));
      if (parts.every((part) => part > 0 && part <= 1)) return [...new Set(parts)].sort((a, b) => b - a); // as nsqd does
      throw wrong("numbers above 0, up to 1, separated by commas, like 0.99,0.5");
    }
    case "string":
    case "secret":
      return text;
  }
}

function listed(text: string): string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

function defaultOf(option: Option): unknown {
  if (option.kind === "list" || option.kind === "parts") return [];
  return option.kind === "secret" ? "" : option.default;
}

function int(value: number, min: number, max: number): IntOption {
  return { kind: "int", default: value, min, max };
}

function duration(value: number, min: number, max: number): DurationOption {
  return { kind: "duration", default: value, min, max };
}
