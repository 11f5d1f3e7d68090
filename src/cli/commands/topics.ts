// Lists topics and channels, and steers them, for scripts: nsqd's HTTP API (spec 3.2).

import { Argument, Command, Option } from "commander";
import { name } from "../args.ts";
import { apiOf, type HttpApi, type HttpEndpointFlags, withHttpEndpoint } from "../endpoint.ts";
import { Failure } from "../failure.ts";
import { printJson, printTable } from "../terminal.ts";

interface Flags extends HttpEndpointFlags {
  readonly json: boolean;
}

/** What /stats tells, as far as it is shown (spec 3.4). */
interface Counts {
  readonly depth: number;
  readonly message_count: number;
  readonly paused: boolean;
}

interface ChannelStats extends Counts {
  readonly channel_name: string;
  readonly in_flight_count: number;
  readonly deferred_count: number;
  readonly requeue_count: number;
  readonly timeout_count: number;
  readonly client_count: number;
}

interface TopicStats extends Counts {
  readonly topic_name: string;
  readonly channels: readonly ChannelStats[];
}

const ACTIONS = {
  create: "make it",
  delete: "delete it with all its messages",
  empty: "drop all its messages",
  pause: "hold its messages back",
  unpause: "let them go again",
} as const;

type Action = keyof typeof ACTIONS;

export function topicsCommand(): Command {
  return listing(new Command("topics").description("list topics")).action(async (flags: Flags) => {
    const topics = await topicStats(apiOf(flags), {});
    const rows = topics.map((topic) => [topic.topic_name, ...figures(topic), topic.channels.length, pausedText(topic)]);
    if (flags.json) await printJson(topics.map(({ channels, ...topic }) => ({ ...topic, channels: channels.length })));
    else await printTable(["topic", "depth", "messages", "channels", ""], rows);
  });
}

export function channelsCommand(): Command {
  const command = new Command("channels")
    .description("list the channels of a topic")
    .addArgument(new Argument("<topic>").argParser(name));
  return listing(command).action(async (topic: string, flags: Flags) => {
    const [found] = await topicStats(apiOf(flags), { topic });
    if (!found) throw new Failure("notFound", `there is no topic ${topic}`);
    if (flags.json) await printJson(found.channels);
    else await printTable(CHANNEL_HEADER, found.channels.map(channelRow));
  });
}

const CHANNEL_HEADER = [
  "channel",
  "depth",
  "messages",
  "in flight",
  "deferred",
  "requeued",
  "timed out",
  "consumers",
  "",
];

function channelRow(channel: ChannelStats): (string | number)[] {
  const { channel_name, in_flight_count, deferred_count, requeue_count, timeout_count, client_count } = channel;
  const counts = [in_flight_count, deferred_count, requeue_count, timeout_count, client_count];
  return [channel_name, ...figures(channel), ...counts, pausedText(channel)];
}

export function topicCommand(): Command {
  return steering(new Command("topic").description("make, delete, empty, pause or unpause a topic"), ["topic"]);
}

export function channelCommand(): Command {
  const command = new Command("channel").description("make, delete, empty, pause or unpause a channel");
  return steering(command, ["topic", "channel"]);
}

/** A subcommand for each action. */
function steering(command: Command, names: readonly ("topic" | "channel")[]): Command {
  const what = names.at(-1) as string;
  for (const [action, description] of Object.entries(ACTIONS) as [Action, string][]) {
    const subcommand = new Command(action).description(description);
    for (const each of names) subcommand.addArgument(new Argument(`<${each}>`).argParser(name));
    subcommand.addOption(jsonOption("print what was done"));
    withHttpEndpoint(subcommand).action(async (...args: unknown[]) => {
      const flags = args[names.length] as Flags;
      const params = Object.fromEntries(names.map((each, at) => [each, args[at] as string]));
      await apiOf(flags).post(`/${what}/${action}`, params);
      if (flags.json) await printJson({ ...params, action });
    });
    command.addCommand(subcommand);
  }
  return command;
}

function listing(command: Command): Command {
  return withHttpEndpoint(command.addOption(jsonOption("print JSON, with nsqd's names")));
}

function jsonOption(description: string): Option {
  return new Option("--json", description).default(false);
}

async function topicStats(api: HttpApi, params: Readonly<Record<string, string>>): Promise<readonly TopicStats[]> {
  const asked = { format: "json", include_clients: "false", include_mem: "false", ...params };
  const { topics } = (await api.get("/stats", asked)) as { topics: readonly TopicStats[] | null };
  return topics ?? [];
}

function figures({ depth, message_count }: Counts): [number, number] {
  return [depth, message_count];
}

function pausedText({ paused }: Counts): string {
  return paused ? "paused" : "";
}
