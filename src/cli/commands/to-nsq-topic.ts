// nsq_to_nsq: publishes what a channel gets to another topic, or elsewhere (spec 7, apps/nsq_to_nsq).

import { Command, Option } from "commander";
import type { Message, Producer } from "../../client/index.ts";
import { hostPort, name, origin, repeated, whole } from "../args.ts";
import { type ClientOpt, clientOpt } from "../client-options.ts";
import { Destinations, MODES, type Mode } from "../destinations.ts";
import { originOf } from "../endpoint.ts";
import { Failure } from "../failure.ts";
import { filtered, type JsonFilter } from "../json-filter.ts";
import { openProducers } from "../producers.ts";
import { Consuming, failureOf, type SourceFlags, withSources } from "../sources.ts";
import { Status } from "../status.ts";
import { say } from "../terminal.ts";
import { agent } from "../version.ts";

interface Flags extends SourceFlags {
  readonly topic: readonly string[];
  readonly channel: string;
  readonly destinationTopic?: string;
  readonly destinationNsqdTcpAddress?: readonly string[];
  readonly destinationUrl?: string;
  readonly destinationToken?: string;
  readonly maxInFlight: number;
  readonly mode: Mode;
  readonly statusEvery: number;
  readonly whitelistJsonField?: readonly string[];
  readonly requireJsonField?: string;
  readonly requireJsonValue?: string;
  readonly producerOpt?: readonly ClientOpt[];
}

export function toNsqTopicCommand(): Command {
  const { NSQ_EDGE_DESTINATION_TOKEN: token } = process.env;
  const command = new Command("to-nsq-topic")
    .alias("nsq_to_nsq")
    .description(
      "publish what comes to another topic, or to another broker; a message is finished when it is stored there",
    )
    .addOption(new Option("--topic <topic>", "(repeatable)").argParser(repeated(name)).makeOptionMandatory())
    .addOption(new Option("--channel <channel>").argParser(name).default("nsq_to_nsq"))
    .addOption(new Option("--destination-topic <topic>", "default: the same").argParser(name))
    .addOption(
      new Option("--destination-nsqd-tcp-address <host:port>", "publish to this nsqd (repeatable: one gets a message)")
        .argParser(repeated(hostPort))
        .conflicts("destinationUrl"),
    )
    .addOption(
      new Option("--destination-url <url>", "publish to this broker (default: that of --url)").argParser(origin),
    )
    .addOption(
      new Option(
        "--destination-token <token>",
        "for it; NSQ_EDGE_DESTINATION_TOKEN in the environment is the same (default: that of --token, for the same broker)",
      ).default(token || undefined, "none"),
    )
    .option("--max-in-flight <n>", "messages on their way at most", whole(1), 200)
    .addOption(new Option("--mode <mode>", "which of several nsqds gets a message").choices(MODES).default("hostpool"))
    .option("--status-every <n>", "say how it goes after so many messages; 0 for never", whole(0), 250)
    .addOption(
      new Option("--whitelist-json-field <field>", "pass on only this field of a JSON object (repeatable)").argParser(
        repeated(String),
      ),
    )
    .option("--require-json-field <field>", "pass on only JSON objects that have it")
    .option("--require-json-value <value>", "and only with this value in it")
    .addOption(
      new Option("--producer-opt <name,value>", "an option of go-nsq for producers (repeatable)").argParser(
        repeated(clientOpt),
      ),
    );
  return withSources(command).action(toNsqTopic);
}

async function toNsqTopic(flags: Flags): Promise<void> {
  const { topic: topics, channel, maxInFlight, destinationTopic } = flags;
  const producers = destinationsOf(flags);
  const pass = passing(producers, flags);
  const consuming = await Consuming.begin({
    flags,
    topics,
    channel,
    maxInFlight,
    // What no broker takes is not given up: it would be lost.
    defaults: { maxAttempts: 0 },
    userAgent: agent("to-nsq-topic"),
    start: (consumer) => {
      const to = destinationTopic ?? consumer.topic;
      consumer.handle((message) => pass(message, to), { concurrency: maxInFlight });
    },
  });
  try {
    await consuming.run();
  } finally {
    for (const producer of producers.values()) producer.stop();
  }
}

function destinationsOf(flags: Flags): Map<string, Producer> {
  const { destinationNsqdTcpAddress: nsqds, destinationUrl, producerOpt = [] } = flags;
  const isFromBroker = !flags.nsqdTcpAddress && !flags.lookupdHttpAddress;
  if (!isFromBroker && !nsqds && destinationUrl === undefined) {
    throw new Failure("usage", "--destination-nsqd-tcp-address or --destination-url is needed");
  }
  const source = isFromBroker ? originOf(flags.url) : null;
  const url = destinationUrl ?? originOf(flags.url);
  const isSamePlace = nsqds ? nsqds.some((address) => flags.nsqdTcpAddress?.includes(address)) : url === source;
  refuseCircles(flags, isSamePlace);
  return openProducers({
    nsqds,
    url,
    token: flags.destinationToken ?? (isSamePlace ? flags.token : ""),
    opts: producerOpt,
    userAgent: agent("to-nsq-topic"),
  });
}

/** A message that is published where it came from comes again, for ever. @throws {Failure} */
function refuseCircles({ topic: topics, destinationTopic }: Flags, isSamePlace: boolean): void {
  if (!isSamePlace || !topics.some((topic) => topic === (destinationTopic ?? topic))) return;
  throw new Failure("usage", "a topic cannot be its own destination: name another with --destination-topic");
}

/** What is done with a message: resolves when it is stored, or is not to be passed on. */
function passing(
  producers: ReadonlyMap<string, Producer>,
  flags: Flags,
): (message: Message, to: string) => Promise<void> {
  const { mode, statusEvery, whitelistJsonField = [], requireJsonField, requireJsonValue } = flags;
  const filter: JsonFilter = {
    whitelist: whitelistJsonField,
    requiredField: requireJsonField ?? null,
    requiredValue: requireJsonValue ?? null,
  };
  const now = () => performance.now();
  const destinations = new Destinations([...producers.values()], mode, now, Math.random);
  const status = new Status(statusEvery, "all");
  return async (message, to) => {
    const result = filtered(message.body, filter);
    if (result === "dropped") return;
    if (result === "undecodable") {
      say(`message ${message.id} is no JSON object, and is dropped`);
      return;
    }
    if (result === "missing") throw new Error("it lacks the field whose value is required");
    const startedAt = now();
    const { destination, mark } = destinations.choose();
    try {
      await destination.publish(to, result.body);
      mark(true);
    } catch (error) {
      mark(false);
      throw failureOf(error);
    }
    status.done(now() - startedAt);
  };
}
