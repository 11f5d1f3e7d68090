// to_nsq: publishes what comes on stdin, piece by piece (spec 7, apps/to_nsq).

import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { NotConnectedError, type Producer } from "../../client/index.ts";
import { hostPort, name, repeated, whole } from "../args.ts";
import { type ClientOpt, clientOpt } from "../client-options.ts";
import { delimited } from "../delimited.ts";
import { type EndpointFlags, withEndpoint } from "../endpoint.ts";
import { Failure, textOf } from "../failure.ts";
import { openProducers } from "../producers.ts";
import { failureOf } from "../sources.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { Progress, printJson, say } from "../terminal.ts";
import { agent } from "../version.ts";

interface Flags extends EndpointFlags {
  readonly topic: string;
  readonly nsqdTcpAddress?: readonly string[];
  readonly delimiter: number;
  readonly rate: number;
  readonly producerOpt?: readonly ClientOpt[];
  readonly json: boolean;
}

/** So many messages, and so many bytes of them, wait for an answer at most. */
const WINDOW = { messages: 1_000, bytes: 8 * 2 ** 20 };

export function toNsqCommand(): Command {
  const command = new Command("to-nsq")
    .alias("to_nsq")
    .description("publish what comes on stdin, a message for each line")
    .addOption(new Option("--topic <topic>").argParser(name).makeOptionMandatory())
    .addOption(new Option("--delimiter <byte>", "what ends a message").argParser(oneByte).default(10, "a newline"))
    .option("--rate <n>", "messages a second at most; 0 for no bound", whole(0), 0)
    .addOption(
      new Option("--nsqd-tcp-address <host:port>", "publish to this nsqd (repeatable: each gets every message)")
        .argParser(repeated(hostPort))
        .conflicts("url"),
    )
    .addOption(
      new Option("--producer-opt <name,value>", "an option of go-nsq for producers (repeatable)").argParser(
        repeated(clientOpt),
      ),
    )
    .option("--json", "print what was done", false);
  return withEndpoint(command).action(toNsq);
}

async function toNsq(flags: Flags): Promise<void> {
  const { topic, nsqdTcpAddress: nsqds, delimiter, rate, url, token, producerOpt: opts = [], json } = flags;
  const producers = openProducers({ nsqds, url, token, opts, userAgent: agent("to-nsq") });
  const publishing = new Publishing(topic, [...producers.values()]);
  const progress = new Progress(() => `${publishing.stored} messages stored`);
  const signal = stopSignal();
  const stopped = aborted(signal).then(() => process.stdin.destroy());
  const pace = rate > 0 ? pacer(rate) : null;
  try {
    for await (const piece of delimited(process.stdin as AsyncIterable<Uint8Array>, delimiter)) {
      if (piece.length === 0) continue;
      await pace?.();
      await publishing.publish(piece);
    }
    await publishing.end();
  } catch (error) {
    // Asked to end, it leaves the rest of stdin.
    if (!signal.aborted || error instanceof Failure) throw error;
    await stopped;
    await publishing.end();
  } finally {
    progress.end();
    for (const producer of producers.values()) producer.stop();
    if (publishing.hasFailed) say(`${publishing.stored} messages were stored before that`);
    else if (json) await printJson({ topic, messages: publishing.stored });
  }
}

/** Publishes several at once. After a failure nothing more is published. */
class Publishing {
  readonly #topic: string;
  readonly #producers: readonly Producer[];
  readonly #underWay = new Set<Promise<void>>();
  #bytes = 0;
  #stored = 0;
  #failure: Failure | null = null;
  #hasConnected = false;

  constructor(topic: string, producers: readonly Producer[]) {
    this.#topic = topic;
    this.#producers = producers;
    for (const producer of producers) {
      producer.on("connection", () => {
        this.#hasConnected = true;
      });
    }
  }

  /** By all producers. */
  get stored(): number {
    return this.#stored;
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Resolves when there is room for another one. @throws {Failure} */
  async publish(body: Uint8Array): Promise<void> {
    const stored = Promise.all(this.#producers.map((producer) => producer.publish(this.#topic, body)));
    this.#bytes += body.length;
    const settled = stored
      .then(() => {
        this.#stored++;
      })
      .catch((error: unknown) => {
        this.#failure ??= this.#failureOf(error);
      })
      .finally(() => {
        this.#bytes -= body.length;
        this.#underWay.delete(settled);
      });
    this.#underWay.add(settled);
    while (this.#underWay.size >= WINDOW.messages || this.#bytes >= WINDOW.bytes) await Promise.race(this.#underWay);
    if (this.#failure) throw this.#failure;
  }

  /** A connection that was lost is no address that cannot be reached. */
  #failureOf(error: unknown): Failure {
    const isLost = this.#hasConnected && error instanceof NotConnectedError;
    return isLost ? new Failure("failed", textOf(error), { cause: error }) : failureOf(error);
  }

  /** Resolves when all are stored. @throws {Failure} */
  async end(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure;
  }
}

/** Resolves when the next one may go: after a while that nothing was published, a second's worth at once. */
function pacer(rate: number): () => Promise<void> {
  let free = 1;
  let at = performance.now();
  return async () => {
    const now = performance.now();
    free = Math.min(rate, free + ((now - at) / 1_000) * rate);
    at = now;
    free -= 1;
    if (free < 0) await sleep((-free / rate) * 1_000);
  };
}

function oneByte(text: string): number {
  const bytes = Buffer.from(text);
  if (bytes.length !== 1) throw new InvalidArgumentError("It must be a single byte.");
  return bytes[0] as number;
}
