// nsq_tail: prints what comes (spec 7, apps/nsq_tail).

import { randomInt } from "node:crypto";
import { Command, Option } from "commander";
import type { Consumer } from "../../client/index.ts";
import { name, repeated, toggle, whole } from "../args.ts";
import { Consuming, type SourceFlags, withSources } from "../sources.ts";
import { print } from "../terminal.ts";
import { agent } from "../version.ts";

interface Flags extends SourceFlags {
  readonly topic: readonly string[];
  readonly channel?: string;
  readonly maxInFlight: number;
  readonly n: number;
  readonly printTopic: boolean;
  readonly json: boolean;
}

const LINE_END = Buffer.from("\n");

export function tailCommand(): Command {
  const command = new Command("tail")
    .alias("nsq_tail")
    .description("print messages as they come, and finish them")
    .addOption(new Option("--topic <topic>", "(repeatable)").argParser(repeated(name)).makeOptionMandatory())
    .addOption(new Option("--channel <channel>", "default: one of its own that goes with it").argParser(name))
    .option("--max-in-flight <n>", "messages on their way at most", whole(1), 200)
    .option("-n <n>", "end after so many messages of each topic; 0 for never", whole(0), 0)
    .addOption(toggle("--print-topic", "print the topic before each message"))
    .option("--json", "print each message as a line of JSON: topic, id, timestamp (ns), attempts, body", false);
  return withSources(command).action(tail);
}

async function tail(flags: Flags): Promise<void> {
  const { topic: topics, n, maxInFlight } = flags;
  const done = Promise.withResolvers<void>();
  let unfinished = new Set(topics).size;
  const consuming = await Consuming.begin({
    flags,
    topics,
    channel: flags.channel ?? `tail${String(randomInt(1_000_000)).padStart(6, "0")}#ephemeral`,
    // no more than are wanted
    maxInFlight: n > 0 ? Math.min(n, maxInFlight) : maxInFlight,
    // What it gives back is no failure of the message.
    defaults: { maxAttempts: 0 },
    userAgent: agent("tail"),
    done: done.promise,
    start: (consumer) => {
      takeFrom(consumer, flags, () => {
        if (--unfinished === 0) done.resolve();
      });
    },
  });
  await consuming.run();
}

/** Prints the messages of a topic, one after the other. What is beyond `n` is given back. */
function takeFrom(consumer: Consumer, { n, printTopic, json }: Flags, done: () => void): void {
  const { topic } = consumer;
  const prefix = printTopic ? Buffer.from(`${topic} | `) : Buffer.alloc(0);
  let shown = 0;
  consumer.handle(
    async (message) => {
      if (n > 0 && shown === n) {
        message.requeueWithoutBackoff(0);
        return;
      }
      if (++shown === n) consumer.changeMaxInFlight(0);
      await print(json ? jsonLine(topic, message) : Buffer.concat([prefix, message.body, LINE_END]));
      message.finish();
      if (shown === n) done();
    },
    { autoRespond: false },
  );
}

interface Printable {
  readonly id: string;
  readonly timestampNs: bigint;
  readonly attempts: number;
  text(): string;
}

function jsonLine(topic: string, message: Printable): string {
  const { id, timestampNs, attempts } = message;
  return `${JSON.stringify({ topic, id, timestamp: String(timestampNs), attempts, body: message.text() })}\n`;
}
