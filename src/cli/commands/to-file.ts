// nsq_to_file: writes messages to files, and finishes them when they are safe there (spec 7, apps/nsq_to_file).

import { access, constants, mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Consumer } from "../../client/index.ts";
import { LOG_LEVELS, type LogLevel } from "../../options.ts";
import { connectTimeout, duration, name, positiveDuration, repeated, toggle, whole } from "../args.ts";
import { originOf } from "../endpoint.ts";
import { Failure, textOf } from "../failure.ts";
import { Consuming, type SourceFlags, withSources } from "../sources.ts";
import { configureLog, say } from "../terminal.ts";
import { FileNames } from "../to-file/file-name.ts";
import { TopicDiscovery } from "../to-file/topic-discovery.ts";
import { TopicFiles } from "../to-file/topic-files.ts";
import { agent } from "../version.ts";

interface Flags extends SourceFlags {
  readonly topic?: readonly string[];
  readonly topicPattern?: RegExp;
  readonly topicRefresh: number;
  readonly channel: string;
  readonly maxInFlight: number;
  readonly outputDir: string;
  readonly workDir?: string;
  readonly datetimeFormat: string;
  readonly filenameFormat: string;
  readonly hostIdentifier: string;
  readonly gzip: boolean;
  readonly gzipLevel: number;
  readonly skipEmptyFiles: boolean;
  readonly rotateSize: number;
  readonly rotateInterval: number;
  readonly syncInterval: number;
  readonly httpClientRequestTimeout: number;
  readonly logLevel: LogLevel;
  readonly logPrefix?: string;
}

export function toFileCommand(): Command {
  const command = new Command("to-file")
    .alias("nsq_to_file")
    .description("write messages to files; a message is finished when it is on disk")
    .addOption(new Option("--topic <topic>", "(repeatable)").argParser(repeated(name)))
    .option("--topic-pattern <regexp>", "all topics that match, also those to come", pattern)
    .addOption(withDefault("--topic-refresh <duration>", "how often to look for more topics", positiveDuration, "1m"))
    .addOption(new Option("--channel <channel>").argParser(name).default("nsq_to_file"))
    .option("--max-in-flight <n>", "messages on their way at most, and between two syncs", whole(1), 200)
    .option("--output-dir <folder>", "where files are written", "/tmp")
    .option("--work-dir <folder>", "where they lie while they are written (default: the same)")
    .option("--datetime-format <format>", "of <DATETIME>, as of strftime", "%Y-%m-%d_%H")
    .option(
      "--filename-format <format>",
      "of names; <TOPIC>, <HOST>, <PID>, <DATETIME> and <REV>, the next free number, are replaced",
      "<TOPIC>.<HOST><REV>.<DATETIME>.log",
    )
    .option("--host-identifier <text>", "for <HOST>; may have <SHORT_HOST> and <HOSTNAME>", "")
    .addOption(toggle("--gzip", "compress; what is synced together is a member of the file"))
    .addOption(new Option("--gzip-level <n>", "1 to 9").argParser(level).default(6))
    .addOption(toggle("--skip-empty-files", "make a file when there is a message for it, not when its time comes"))
    .option("--rotate-size <bytes>", "a new file when one has more; 0 for never", whole(0), 0)
    .addOption(withDefault("--rotate-interval <duration>", "a new file after so long; 0 for never", duration, "0"))
    .addOption(withDefault("--sync-interval <duration>", "sync at least so often", positiveDuration, "30s"))
    .addOption(withDefault("--http-client-request-timeout <duration>", "for a look-up", positiveDuration, "5s"))
    .addOption(connectTimeout())
    .addOption(new Option("--log-level <level>", "what is said on stderr").choices(LOG_LEVELS).default("info"))
    .option("--log-prefix <text>", "what its lines begin with (default: nsq-edge: )");
  return withSources(command).action(toFile);
}

async function toFile(flags: Flags): Promise<void> {
  configureLog(flags.logPrefix, flags.logLevel);
  const { topic: topics, topicPattern, channel, maxInFlight, nsqdTcpAddress, outputDir } = flags;
  if (!topics && !topicPattern) throw new Failure("usage", "--topic or --topic-pattern is needed");
  if (!topics && nsqdTcpAddress) throw new Failure("usage", "an nsqd does not tell of topics: name them with --topic");
  const failing = Promise.withResolvers<void>();
  const failed = (error: unknown) =>
    failing.reject(new Failure("failed", `cannot write: ${textOf(error)}`, { cause: error }));
  const files = new Map<string, TopicFiles>();
  const makeFiles = filesOf(flags, failed);
  for (const topic of topics ?? []) namesOf(topic, flags); // what is wrong with them is said before anything is done
  await makeFolders(outputDir, workDirOf(flags));
  const consuming = await Consuming.begin({
    flags,
    topics: (topics ?? []).filter((topic) => topicPattern?.test(topic) ?? true),
    channel,
    maxInFlight,
    // A message that could not be written is not given up: it would be lost.
    defaults: { maxAttempts: 0 },
    userAgent: agent("to-file"),
    done: failing.promise,
    start: (consumer) => {
      const its = makeFiles(consumer);
      files.set(consumer.topic, its);
      // While it is not safe it counts as being handled: it is touched, and finished when it is safe.
      consumer.handle(({ body }) => its.write(body), { concurrency: maxInFlight });
    },
    ending: () => {
      for (const each of files.values()) each.end();
    },
  });
  const discovery = topicPattern && !topics ? discover(flags, topicPattern, consuming) : null;
  const all = (act: (its: TopicFiles) => void) => () => files.forEach(act);
  const ticking = setInterval(
    all((its) => its.tick()),
    flags.syncInterval,
  );
  process.on(
    "SIGHUP",
    all((its) => its.reopen()),
  );
  try {
    await discovery?.start(flags.topicRefresh);
    await consuming.run();
    const areSafe = await Promise.all([...files.values()].map((its) => its.close()));
    if (areSafe.includes(false)) await failing.promise;
  } finally {
    clearInterval(ticking);
    discovery?.stop();
  }
}

/** Where nothing can be written, nothing need be taken. @throws {Failure} */
async function makeFolders(...folders: string[]): Promise<void> {
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
    } catch (error) {
      throw new Failure("failed", `cannot write to ${folder}: ${textOf(error)}`, { cause: error });
    }
  }
}

/** What makes the files of a topic. */
function filesOf(flags: Flags, failed: (error: unknown) => void): (consumer: Consumer) => TopicFiles {
  const { gzip, gzipLevel, rotateSize, rotateInterval, skipEmptyFiles, maxInFlight } = flags;
  const outputDir = resolve(flags.outputDir);
  const settings = {
    outputDir,
    workDir: workDirOf(flags),
    gzipLevel: gzip ? gzipLevel : null,
    isExclusive: gzip || rotateInterval > 0,
    batch: maxInFlight,
    rotateSize,
    rotateInterval,
    skipEmptyFiles,
  };
  return (consumer) => {
    const names = namesOf(consumer.topic, flags);
    return new TopicFiles(
      names,
      settings,
      () => new Date(),
      () => consumer.isStarved,
      failed,
    );
  };
}

function namesOf(topic: string, flags: Flags): FileNames {
  const { filenameFormat, datetimeFormat, hostIdentifier, gzip, rotateSize, rotateInterval } = flags;
  return new FileNames(topic, {
    filenameFormat,
    datetimeFormat,
    hostIdentifier,
    hostname: hostname(),
    pid: process.pid,
    gzip,
    hasRevisions: gzip || rotateSize > 0 || rotateInterval > 0 || workDirOf(flags) !== resolve(flags.outputDir),
  });
}

function workDirOf({ workDir, outputDir }: Flags): string {
  return resolve(workDir ?? outputDir);
}

function discover(flags: Flags, pattern: RegExp, consuming: Consuming): TopicDiscovery {
  const { url, token, lookupdHttpAddress, httpClientRequestTimeout } = flags;
  const origins = lookupdHttpAddress ?? [originOf(url)];
  return new TopicDiscovery(origins, token, httpClientRequestTimeout, pattern, (topic) => {
    try {
      namesOf(topic, flags);
      if (consuming.add(topic)) say(`topic ${topic}`, "info");
    } catch (error) {
      say(textOf(error)); // others have files
    }
  });
}

function withDefault(flags: string, description: string, parse: (text: string) => number, text: string): Option {
  return new Option(flags, description).argParser(parse).default(parse(text), text);
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError("It must be a regular expression.");
  }
}

function level(text: string): number {
  if (/^[1-9]$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be 1 to 9.");
}
