// nsq_stat: how a channel does, again and again (spec 7, apps/nsq_stat).

import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "commander";
import { connectTimeout, hostPort, httpAddress, name, positiveDuration, repeated, whole } from "../args.ts";
import { type EndpointFlags, HttpApi, originOf, withEndpoint } from "../endpoint.ts";
import { Failure } from "../failure.ts";
import { stopSignal } from "../stop-signal.ts";
import { print } from "../terminal.ts";

interface Flags extends EndpointFlags {
  readonly topic: string;
  readonly channel: string;
  readonly interval: number;
  readonly count?: number;
  readonly nsqdHttpAddress?: readonly string[];
  readonly lookupdHttpAddress?: readonly string[];
  readonly httpClientRequestTimeout: number;
  readonly json: boolean;
}

/** What is asked of /stats, with its names (spec 3.4). */
const FIGURES = [
  "depth",
  "backend_depth",
  "in_flight_count",
  "deferred_count",
  "requeue_count",
  "timeout_count",
  "message_count",
  "client_count",
] as const;
type Figures = Record<(typeof FIGURES)[number], number>;

interface Stats {
  readonly topics: readonly { readonly channels: readonly (Figures & { readonly channel_name: string })[] }[] | null;
}

interface Producer {
  readonly broadcast_address: string;
  readonly http_port: number;
}

interface Lookup {
  readonly producers: readonly Producer[];
}

/** The header comes again after so many rows. */
const HEADER_EVERY = 25;
const HEADER =
  "------rate------+----------------depth----------------+--------------metadata---------------\n" +
  `${row(["ingress", "egress"], ["total", "mem", "disk", "inflt", "def"], ["req", "t-o", "msgs", "clients"])}\n`;

export function statCommand(): Command {
  const command = new Command("stat")
    .alias("nsq_stat")
    .description("print how a channel does: its rates, depths and counts")
    .addOption(new Option("--topic <topic>").argParser(name).makeOptionMandatory())
    .addOption(new Option("--channel <channel>").argParser(name).makeOptionMandatory())
    .addOption(new Option("--interval <duration>", "between rows").argParser(positiveDuration).default(2_000, "2s"))
    .option("--count <n>", "end after so many rows (default: never)", whole(1))
    .addOption(
      new Option("--nsqd-http-address <host:port>", "of this nsqd (repeatable: their sum)")
        .argParser(repeated(hostPort))
        .conflicts(["url", "lookupdHttpAddress"]),
    )
    .addOption(
      new Option("--lookupd-http-address <host:port>", "of all nsqds that this nsqlookupd names (repeatable)")
        .argParser(repeated(httpAddress))
        .conflicts("url"),
    )
    .addOption(connectTimeout())
    .addOption(
      new Option("--http-client-request-timeout <duration>", "for an answer")
        .argParser(positiveDuration)
        .default(5_000, "5s"),
    )
    .option("--json", "print each row as a line of JSON", false);
  return withEndpoint(command).action(stat);
}

async function stat(flags: Flags): Promise<void> {
  const { interval, count = Number.POSITIVE_INFINITY, json } = flags;
  const signal = stopSignal();
  let before: Figures | null = null;
  for (let rows = 0; rows <= count && !signal.aborted; rows++) {
    const now = await figures(flags);
    if (!json && rows % HEADER_EVERY === 0) await print(HEADER);
    if (before !== null) await print(json ? jsonLine(before, now, interval) : `${textLine(before, now, interval)}\n`);
    before = now;
    // The last row needs no wait behind it; being asked to end ends one.
    if (rows < count) await sleep(interval, undefined, { signal }).catch(() => {});
  }
}

/** The sum over all nodes. @throws {Failure} */
async function figures(flags: Flags): Promise<Figures> {
  const { topic, channel } = flags;
  const params = { format: "json", topic, channel, include_clients: "false" };
  const nodes = await nodesOf(flags);
  const stats = await Promise.all(nodes.map((node) => node.get("/stats", params) as Promise<Stats>));
  const found = stats
    .flatMap(({ topics }) => topics ?? [])
    .flatMap(({ channels }) => channels)
    .filter(({ channel_name }) => channel_name === channel);
  if (found.length === 0) throw new Failure("notFound", `topic ${topic} has no channel ${channel}`);
  const sum = (name: keyof Figures) => found.reduce((total, each) => total + each[name], 0);
  return Object.fromEntries(FIGURES.map((name) => [name, sum(name)])) as Figures;
}

async function nodesOf(flags: Flags): Promise<HttpApi[]> {
  const { nsqdHttpAddress, lookupdHttpAddress, url, token, httpClientRequestTimeout: timeout } = flags;
  if (nsqdHttpAddress) return nsqdHttpAddress.map((address) => new HttpApi(`http://${address}`, token, timeout));
  if (!lookupdHttpAddress) return [new HttpApi(originOf(url), token, timeout)];
  const found = await Promise.all(lookupdHttpAddress.map((lookup) => producersOf(lookup, flags)));
  const origins = found.flat();
  return [...new Set(origins)].map((origin) => new HttpApi(origin, token, timeout));
}

/** The HTTP API of a producer that a lookup has named: who is asked behind TLS names others that are. */
export function nodeOrigin(lookup: string, { broadcast_address: host, http_port }: Producer): string {
  return `${new URL(lookup).protocol}//${host.includes(":") ? `[${host}]` : host}:${http_port}`;
}

async function producersOf(lookup: string, { token, topic, httpClientRequestTimeout }: Flags): Promise<string[]> {
  const api = new HttpApi(lookup, token, httpClientRequestTimeout);
  const { producers } = (await api.get("/lookup", { topic })) as Lookup;
  return producers.map((producer) => nodeOrigin(lookup, producer));
}

/** Messages a second, in and out. */
function rates(before: Figures, now: Figures, intervalMs: number): readonly [number, number] {
  const messages = now.message_count - before.message_count;
  const gone = messages - (now.depth - before.depth);
  const aSecond = (difference: number) => Math.trunc(difference / (intervalMs / 1_000));
  return [aSecond(messages), aSecond(gone)];
}

function textLine(before: Figures, now: Figures, intervalMs: number): string {
  const { depth, backend_depth, in_flight_count, deferred_count } = now;
  const { requeue_count, timeout_count, message_count, client_count } = now;
  return row(
    rates(before, now, intervalMs),
    [depth, depth - backend_depth, backend_depth, in_flight_count, deferred_count],
    [requeue_count, timeout_count, message_count, client_count],
  );
}

function jsonLine(before: Figures, now: Figures, intervalMs: number): string {
  const [ingress, egress] = rates(before, now, intervalMs);
  return `${JSON.stringify({ ingress, egress, ...now })}\n`;
}

/** In nsq_stat's columns. */
function row(...groups: (readonly (string | number)[])[]): string {
  const widths = [
    [7, 7],
    [7, 7, 7, 5, 5],
    [7, 7, 12, 7],
  ];
  const cells = groups.map((group, at) => group.map((cell, index) => String(cell).padStart(widths[at]?.[index] ?? 0)));
  return cells.map((group) => group.join(" ")).join(" | ");
}
