// Options of producers and consumers: go-nsq's (spec 8.1) in camelCase, with its defaults and ranges. Durations are ms.

import { type Clock, systemClock } from "./clock.ts";
import { OptionError } from "./errors.ts";
import type { Message } from "./message.ts";
import type { Transport } from "./transport.ts";
import { webSocketTransport } from "./web-socket.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

/** Default, least and most. */
type Range = readonly [number, number, number];

/** For connections of both kinds. */
const CONNECTION = {
  /** How long connecting and the greeting may take, ms. */
  dialTimeout: [SECOND, 1, 5 * MINUTE],
  /** A connection on which nothing is heard for so long is given up, ms; only where there are heartbeats. */
  readTimeout: [MINUTE, 100, 5 * MINUTE],
  /** ms; -1 for none. */
  heartbeatInterval: [30 * SECOND, -1, 5 * MINUTE],
  /** Bytes of the server's output buffer; -1 for none. */
  outputBufferSize: [16_384, -1, UNBOUNDED],
  /** ms; -1 for none. */
  outputBufferTimeout: [250, -1, UNBOUNDED],
  deflateLevel: [6, 1, 9],
  /** Bytes of an incoming message at most; 0 for no bound. */
  maxMsgSize: [0, 0, UNBOUNDED],
} as const satisfies Record<string, Range>;

const PRODUCER = {
  ...CONNECTION,
  /** After a failure the next attempt to connect waits so long at most, ms, doubled for each further one. */
  reconnectDelay: [100, 0, MINUTE],
  maxReconnectDelay: [10 * SECOND, 0, 60 * MINUTE],
} as const satisfies Record<string, Range>;

const CONSUMER = {
  ...CONNECTION,
  /** Also how long a lost connection waits for the next attempt, ms. */
  lookupdPollInterval: [MINUTE, 10, 5 * MINUTE],
  lookupdPollJitter: [0.3, 0, 1],
  lookupdPollTimeout: [MINUTE, 1, 60 * MINUTE],
  maxRequeueDelay: [15 * MINUTE, 0, 60 * MINUTE],
  /** Multiplied by attempts. */
  defaultRequeueDelay: [90 * SECOND, 0, 60 * MINUTE],
  /** 0 for no backoff. */
  maxBackoffDuration: [2 * MINUTE, 0, 60 * MINUTE],
  backoffMultiplier: [SECOND, 0, 60 * MINUTE],
  /** 0 for no bound. */
  maxAttempts: [5, 0, 65_535],
  lowRdyIdleTimeout: [10 * SECOND, SECOND, 5 * MINUTE],
  lowRdyTimeout: [30 * SECOND, SECOND, 5 * MINUTE],
  rdyRedistributeInterval: [5 * SECOND, 1, 5 * SECOND],
  /** Percent of the messages to receive; 0 for all. */
  sampleRate: [0, 0, 99],
  /** 0 for a consumer that is paused. */
  maxInFlight: [1, 0, UNBOUNDED],
  /** 0 for the server's. */
  msgTimeout: [0, 0, UNBOUNDED],
} as const satisfies Record<string, Range>;

type Numbers<T> = { readonly [K in keyof T]: number };

/** The secret, or a function that supplies one for each connection. */
export type AuthSecret = string | (() => string | Promise<string>);

/** The secret for one connection; "" for none. */
export async function secretOf(authSecret: AuthSecret): Promise<string> {
  return typeof authSecret === "function" ? authSecret() : authSecret;
}

interface Identity {
  readonly clientId: string;
  readonly hostname: string;
  readonly userAgent: string;
  readonly topologyRegion: string;
  readonly topologyZone: string;
  readonly authSecret: AuthSecret;
  /** Where the transport can do so. */
  readonly tls: boolean;
  /** Where the transport can do so. */
  readonly deflate: boolean;
  readonly transport: Transport;
  readonly clock: Clock;
}

interface ProducerChoices {
  /**
   * Publishes again what had no answer when a connection was lost. It may have been stored, so consumers may get it twice.
   */
  readonly republish: boolean;
}

interface ConsumerChoices {
  readonly backoffStrategy: "exponential" | "full_jitter";
  /** Touches a message while its handler runs, as long as the server lets it. */
  readonly autoTouch: boolean;
  /**
   * What is done with a message that was delivered more often than `maxAttempts`, before it is finished. When it rejects, the message
   * is requeued.
   */
  readonly onMaxAttempts: (message: Message) => unknown;
  /** Whether lookups carry `Authorization: Bearer` with the secret. */
  readonly lookupdAuthorization: boolean;
}

const IDENTITY: Identity = {
  clientId: "",
  hostname: "",
  userAgent: "nsq-edge-client",
  topologyRegion: "",
  topologyZone: "",
  authSecret: "",
  tls: false,
  deflate: false,
  transport: webSocketTransport(),
  clock: systemClock,
};

export type ConnectionConfig = Numbers<typeof CONNECTION> &
  Identity & { readonly sampleRate?: number; readonly msgTimeout?: number };
export type ProducerConfig = Numbers<typeof PRODUCER> & Identity & ProducerChoices;
export type ConsumerConfig = Numbers<typeof CONSUMER> & Identity & ConsumerChoices;

export type ProducerOptions = Partial<ProducerConfig>;
export type ConsumerOptions = Partial<ConsumerConfig>;

/** @throws {OptionError} */
export function producerConfig(options: ProducerOptions): ProducerConfig {
  return configure<ProducerConfig>(PRODUCER, { ...IDENTITY, republish: false }, options);
}

/** @throws {OptionError} */
export function consumerConfig(options: ConsumerOptions): ConsumerConfig {
  const choices: ConsumerChoices = {
    backoffStrategy: "exponential",
    autoTouch: true,
    onMaxAttempts: () => {},
    lookupdAuthorization: true,
  };
  const config = configure<ConsumerConfig>(CONSUMER, { ...IDENTITY, ...choices }, options);
  if (!["exponential", "full_jitter"].includes(config.backoffStrategy)) {
    throw new OptionError("backoffStrategy", `${config.backoffStrategy} is neither exponential nor full_jitter`);
  }
  return config;
}

function configure<C extends ConnectionConfig>(
  ranges: Record<string, Range>,
  defaults: object,
  options: Partial<C>,
): C {
  const config: Record<string, unknown> = { ...defaults };
  for (const [name, [byDefault]] of Object.entries(ranges)) config[name] = byDefault;
  for (const [name, value] of Object.entries(options)) {
    if (!(name in config)) throw new OptionError(name, "there is no such option");
    if (value === undefined) continue;
    const range = ranges[name];
    if (range) checkRange(name, value, range);
    else checkType(name, value, config[name]);
    config[name] = value;
  }
  const whole = config as unknown as C;
  if (whole.heartbeatInterval > whole.readTimeout) {
    throw new OptionError("heartbeatInterval", `${whole.heartbeatInterval} > readTimeout, ${whole.readTimeout}`);
  }
  return whole;
}

function checkRange(name: string, value: unknown, [byDefault, least, most]: Range): void {
  if (typeof value !== "number" || Number.isNaN(value)) throw new OptionError(name, `${value} is not a number`);
  if (value < least) throw new OptionError(name, `${value} < ${least}`);
  if (value > most) throw new OptionError(name, `${value} > ${most}`);
  if (Number.isInteger(byDefault) && !Number.isInteger(value)) throw new OptionError(name, `${value} is not whole`);
}

function checkType(name: string, value: unknown, example: unknown): void {
  const types = name === "authSecret" ? ["string", "function"] : [typeof example];
  if (!types.includes(typeof value)) throw new OptionError(name, `${value} is not a ${types.join(" or ")}`);
}
