// Where a tool takes its messages from: nsqds, what nsqlookupds name, or a broker; and consuming from there until it is told to end.

import { type Command, Option } from "commander";
import { Consumer, type ConsumerOptions, type Message, ProtocolError } from "../client/index.ts";
import { hostPort, httpAddress, repeated } from "./args.ts";
import { asFailure, type ClientOpt, clientOpt, clientOptions } from "./client-options.ts";
import { type EndpointFlags, HttpApi, originOf, withEndpoint } from "./endpoint.ts";
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
  /** Addresses that could not be reached, while none was. */
  #unreached = 0;
  readonly #over: Promise<void>;

  private constructor(job: ConsumingJob) {
    this.#job = job;
    const { done = new Promise<void>(() => {}) } = job;
    this.#over = Promise.race([aborted(this.#signal), done, this.#fatal.promise]);
    this.#over.catch(() => {}); // `run` tells of it
    for (const topic of job.topics) this.add(topic);
  }

  /** @throws {Failure} when none of the nsqlookupds answers */
  static async begin(job: ConsumingJob): Promise<Consuming> {
    const { lookupdHttpAddress: lookupds = [], token } = job.flags;
    const [topic] = job.topics;
    if (topic !== undefined && lookupds.length > 0) await askAny(lookupds, token, topic);
    return new Consuming(job);
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
    const stopped = Promise.all(this.consumers.map((consumer) => consumer.stop()));
    // What fails now is a failure, too.
    const failed = new Promise<never>((_, reject) => this.#job.done?.catch(reject));
    await Promise.race([stopped, failed]);
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

  /**
   * When no address can be reached from the beginning it is the end; later the consumer tries again. What lookups name may be gone, and
   * they may name others.
   */
  #watch(consumer: Consumer): void {
    const { nsqdTcpAddress, lookupdHttpAddress } = this.#job.flags;
    const patience = lookupdHttpAddress ? Number.POSITIVE_INFINITY : (nsqdTcpAddress?.length ?? 1);
    consumer.on("connection", () => {
      this.#hasConnected = true;
    });
    consumer.on("error", ({ error, message }) => {
      if (message) say(`message ${message.id}: ${textOf(error)}`);
      else if (this.#hasConnected || ++this.#unreached < patience) say(textOf(error));
      else this.#fatal.reject(failureOf(error));
    });
    consumer.on("disconnection", ({ address, error }) => {
      if (!this.#isEnding) say(`${address}: ${textOf(error)}`);
    });
    consumer.on("maxAttempts", (message: Message) => say(`message ${message.id} is given up after its last attempt`));
  }
}

/** Resolves when a nsqlookupd answers, whatever it knows of the topic. @throws {Failure} when none does */
async function askAny(lookupds: readonly string[], token: string, topic: string): Promise<void> {
  const asked = lookupds.map((lookup) =>
    new HttpApi(lookup, token).get("/lookup", { topic }).catch((error: unknown) => {
      if (!(error instanceof Failure) || error.outcome !== "notFound") throw error;
    }),
  );
  await Promise.any(asked).catch(({ errors }: AggregateError) => {
    throw errors[0];
  });
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
