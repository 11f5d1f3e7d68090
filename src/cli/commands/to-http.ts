// nsq_to_http: a request for each message, which is finished when the request succeeded (spec 7, apps/nsq_to_http).

import { Command, InvalidArgumentError, Option } from "commander";
import type { Message } from "../../client/index.ts";
import { connectTimeout, name, positiveDuration, repeated, whole } from "../args.ts";
import { Destinations, MODES, type Mode } from "../destinations.ts";
import { causeCode, Failure, textOf } from "../failure.ts";
import { Consuming, type SourceFlags, withSources } from "../sources.ts";
import { Status } from "../status.ts";
import { agent } from "../version.ts";

interface Flags extends SourceFlags {
  readonly topic: string;
  readonly channel: string;
  readonly maxInFlight: number;
  readonly n: number;
  readonly mode: Mode | "all";
  readonly get?: readonly string[];
  readonly post?: readonly string[];
  readonly contentType?: string;
  readonly header: readonly (readonly [string, string])[];
  readonly sample: number;
  readonly statusEvery: number;
  readonly httpClientRequestTimeout: number;
}

const DEFAULT_TYPE = "application/octet-stream";

export function toHttpCommand(): Command {
  const command = new Command("to-http")
    .alias("nsq_to_http")
    .description("make a request for each message; it is finished when the request succeeded, and requeued otherwise")
    .addOption(new Option("--topic <topic>").argParser(name).makeOptionMandatory())
    .addOption(new Option("--channel <channel>").argParser(name).default("nsq_to_http"))
    .option("--max-in-flight <n>", "messages on their way at most", whole(1), 200)
    .option("-n <n>", "requests at once", whole(1), 100)
    .addOption(
      new Option("--mode <mode>", "which of several addresses gets a message; all of them with `all`")
        .choices([...MODES, "all"])
        .default("hostpool"),
    )
    .addOption(
      new Option("--get <url>", "%s in it becomes the message, escaped; 200 is success (repeatable)")
        .argParser(repeated(getUrl))
        .conflicts(["post", "contentType"]),
    )
    .addOption(
      new Option("--post <url>", "the message is the body; any 2xx is success (repeatable)").argParser(
        repeated(httpUrl),
      ),
    )
    .option("--content-type <type>", `of what is posted (default: ${DEFAULT_TYPE})`)
    .addOption(
      new Option("--header <header>", "`Key: Value` (repeatable)").argParser(repeated(header)).default([], "none"),
    )
    .option("--sample <share>", "0 to 1: the share of the messages that is sent; the others are finished", share, 1)
    .option("--status-every <n>", "say how it goes after so many requests; 0 for never", whole(0), 250)
    .addOption(connectTimeout())
    .addOption(
      new Option("--http-client-request-timeout <duration>", "for an answer")
        .argParser(positiveDuration)
        .default(20_000, "20s"),
    );
  return withSources(command).action(toHttp);
}

async function toHttp(flags: Flags): Promise<void> {
  const { topic, channel, maxInFlight, n, get, post } = flags;
  const urls = get ?? post;
  if (!urls) throw new Failure("usage", "--get or --post is needed");
  const deliver = deliveryOf(urls, flags);
  const consuming = await Consuming.begin({
    flags,
    topics: [topic],
    channel,
    maxInFlight,
    // What no server takes is not given up: it would be lost.
    defaults: { maxAttempts: 0 },
    userAgent: agent("to-http"),
    start: (consumer) => consumer.handle(deliver, { concurrency: n }),
  });
  await consuming.run();
}

/** What is done with a message; rejects when it could not be delivered. */
function deliveryOf(urls: readonly string[], flags: Flags): (message: Message) => Promise<void> {
  const { mode, sample, statusEvery } = flags;
  const whole = new Status(statusEvery, "all");
  // One address needs no line of its own.
  const each = new Map(urls.map((url) => [url, new Status(urls.length > 1 ? statusEvery : 0, url)]));
  const now = () => performance.now();
  const send = async (url: string, body: Uint8Array) => {
    const startedAt = now();
    await request(url, body, flags);
    each.get(url)?.done(now() - startedAt);
  };
  const destinations = new Destinations(urls, mode === "all" ? "round-robin" : mode, now, Math.random);
  return async ({ body }) => {
    if (sample < 1 && Math.random() >= sample) return;
    const startedAt = now();
    if (mode === "all") for (const url of urls) await send(url, body);
    else await toOne(destinations, (url) => send(url, body));
    whole.done(now() - startedAt);
  };
}

async function toOne(destinations: Destinations<string>, send: (url: string) => Promise<void>): Promise<void> {
  const { destination, mark } = destinations.choose();
  try {
    await send(destination);
    mark(true);
  } catch (error) {
    mark(false);
    throw error;
  }
}

/** Rejects unless the server says that it has the message. */
async function request(url: string, body: Uint8Array, flags: Flags): Promise<void> {
  const { get, header: headers, contentType, httpClientRequestTimeout } = flags;
  const target = get ? url.replace("%s", () => queryEscape(body)) : url;
  const response = await fetch(target, {
    method: get ? "GET" : "POST",
    headers: [
      ["User-Agent", agent("to-http")],
      ...(get ? [] : [["Content-Type", contentType ?? DEFAULT_TYPE]]),
      ...headers,
    ] as [string, string][],
    ...(!get && { body: body as Uint8Array<ArrayBuffer> }),
    // Who sends elsewhere has not taken it.
    redirect: "manual",
    signal: AbortSignal.timeout(httpClientRequestTimeout),
  }).catch((error: unknown) => {
    throw new Error(`${new URL(url).host} did not answer: ${causeCode(error) || textOf(error)}`);
  });
  await response.body?.cancel();
  if (get ? response.status !== 200 : !response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
}

/** As Go's url.QueryEscape does it: bytes as they are, a space as a plus. */
function queryEscape(body: Uint8Array): string {
  const isPlain = (byte: number) => /[\w.~-]/.test(String.fromCharCode(byte)) && byte < 128;
  const escaped = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return Array.from(body, (byte) => {
    if (byte === 0x20) return "+";
    return isPlain(byte) ? String.fromCharCode(byte) : escaped(byte);
  }).join("");
}

function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError("It must be an http or https URL.");
}

function getUrl(text: string): string {
  if (text.split("%s").length !== 2) throw new InvalidArgumentError("It must have %s once.");
  httpUrl(text.replace("%s", "x"));
  return text;
}

function header(text: string): readonly [string, string] {
  const [, key, value] = /^([!#$%&'*+.^`|~\w-]+)\s*:\s*(\S.*?)\s*$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("It must be `Key: Value`.");
  return [key, value];
}

function share(text: string): number {
  const number = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError("It must be from 0 to 1.");
}
