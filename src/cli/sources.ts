// Where a tool takes its messages from: nsqds, what nsqlookupds name, or a broker; and consuming from there until it is told to end.

import { type Command, Option } from "commander";
import { Consumer, type ConsumerOptions, type Message, ProtocolError } from "../client/index.ts";
import { hostPort, httpAddress, repeated } from "./args.ts";
import { asFailure, type ClientOpt, clientOpt, clientOptions } from "./client-options.ts";
import { type EndpointFlags, originOf, withEndpoint } from "./endpoint.ts";
import { Failure, textOf } from "./failure.ts";
import { aborted, stopSignal } from "./stop-signal.ts";
import { say } from "./terminal.ts";

export interface SourceFlags extends EndpointFlags {
  readonly nsqdTcpAddress?: readonly string[];
  readonly lookupdHttpAddress?: readonly string[];
  readonly consumerOpt?: readonly ClientOpt[];
}

/** NSQ's flags for that; without any it is the broker of `--url`. */
export function withSources(command: Command): Command {
  return withEndpoint(command)
    .addOption(
      new Option("--nsqd-tcp-address <host:port>", "take messages from this nsqd (repeatable)")
        .argParser(repeated(hostPort))
        .conflicts(["url", "lookupdHttpAddress"]),
    )
    .addOption(
      new Option(
        "--lookupd-http-address <host:port>",
        "take them from all nsqds that this nsqlookupd names (repeatable)",
      )
        .argParser(repeated(httpAddress))
        .conflicts("url"),
    )
    .addOption(
      new Option("--consumer-opt <name,value>", "an option of go-nsq for consumers (repeatable)").argParser(
        repeated(clientOpt),
      ),
    );
}

export interface ConsumingJob {
  readonly flags: SourceFlags;
  readonly topics: readonly string[];
  readonly channel: string;
  readonly maxInFlight: number;
  readonly userAgent: string;
  /** What the client's options are unless the flags say otherwise. */
  readonly defaults?: ConsumerOptions;
  /** Says what is done with the messages of a consumer. */
  start(consumer: Consumer): void;
  /** Rejects, or resolves, when the tool ends by itself. */
  readonly done?: Promise<void>;
  /** Called when the tool ends and no more is wanted: what is in flight is to be answered. */
  ending?(): void;
}

/** Topics are consumed from the moment they are added. */
export class Consuming {
  readonly #job: ConsumingJob;
  readonly #consumers = new Map<string, Consumer>();
  readonly #fatal = Promise.withResolvers<never>();
  readonly #signal = stopSignal();
  #hasConnected = false;
  #isEnding = false;
  readonly #over: Promise<void>;

  constructor(job: ConsumingJob) {
    this.#job = job;
    const { done = new Promise<void>(() => {}) } = job;
    this.#over = Promise.race([aborted(this.#signal), done, this.#fatal.promise]);
    this.#over.catch(() => {}); // `run` tells of it
    for (const topic of job.topics) this.add(topic);
  }

  get consumers(): readonly Consumer[] {
    return [...this.#consumers.values()];
  }

  /** Consumes a topic, too. False when it does so already. */
  add(topic: string): boolean {
    if (this.#consumers.has(topic) || this.#isEnding) return false;
    const consumer = this.#open(topic);
    this.#consumers.set(topic, consumer);
    this.#job.start(consumer);
    return true;
  }

  /** Resolves when it was told to end, or has come to its end, and every message in flight is answered. @throws {Failure} */
  async run(): Promise<void> {
    // After a failure nothing is waited for: what is in flight is the broker's when the connections end.
    await this.#over;
    this.#isEnding = true;
    this.#job.ending?.();
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }

  #open(topic: string): Consumer {
    const { channel, maxInFlight, flags, userAgent, defaults } = this.#job;
    const { nsqdTcpAddress: nsqds, lookupdHttpAddress: lookupds, consumerOpt: opts = [], token, url } = flags;
    const kind = nsqds || lookupds ? "tcp" : "web-socket";
    try {
      const options = { maxInFlight, ...defaults, ...clientOptions({ kind, opts, userAgent, token }) };
      const consumer = new Consumer(topic, channel, options);
      this.#watch(consumer);
      if (nsqds) consumer.connect(...nsqds);
      else if (lookupds) consumer.connectToLookup(...lookupds);
      else consumer.connectToEdge(originOf(url));
      return consumer;
    } catch (error) {
      throw asFailure(error);
    }
  }

  /** What goes wrong before anything went well is the end; later the consumer tries again. */
  #watch(consumer: Consumer): void {
    consumer.on("connection", () => {
      this.#hasConnected = true;
    });
    consumer.on("error", ({ error, message }) => {
      if (message) say(`message ${message.id}: ${textOf(error)}`);
      else if (this.#hasConnected) say(textOf(error));
      else this.#fatal.reject(failureOf(error));
    });
    consumer.on("disconnection", ({ address, error }) => {
      if (!this.#isEnding) say(`${address}: ${textOf(error)}`);
    });
    consumer.on("maxAttempts", (message: Message) => say(`message ${message.id} is given up after its last attempt`));
  }
}

const REFUSALS = ["E_AUTH_FAILED", "E_UNAUTHORIZED", "E_AUTH_FIRST"];

/** What kept a connection from coming to be: what lies deepest says it best. */
export function failureOf(error: unknown): Failure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Failure) return cause;
    if (cause instanceof ProtocolError) {
      return new Failure(REFUSALS.includes(cause.code) ? "refused" : "failed", cause.message, { cause: error });
    }
  }
  return new Failure("unreachable", `cannot connect: ${textOf(error)}`, { cause: error });
}
