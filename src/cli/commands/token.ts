// Tokens for a broker: ones of its operator's own, and smaller ones that it mints (docs/security.md).

import { createHash, randomBytes } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { positiveDuration, repeated } from "../args.ts";
import { type EndpointFlags, HttpApi, originOf, withEndpoint } from "../endpoint.ts";
import { Failure } from "../failure.ts";
import { print, printJson } from "../terminal.ts";

const PERMISSIONS = ["publish", "subscribe", "read", "admin"];

interface AllowedFlags {
  readonly topic: string;
  readonly channel?: readonly string[];
  readonly permission: readonly string[];
  readonly json: boolean;
}

interface NewFlags extends AllowedFlags {
  readonly identity: string;
  readonly expires?: string;
}

interface MintFlags extends AllowedFlags, EndpointFlags {
  readonly ttl: number;
  readonly identity?: string;
}

interface Minted {
  readonly token: string;
}

export function tokenCommand(): Command {
  const command = new Command("token").description("make tokens for a broker");
  const create = new Command("new")
    .description(
      "make a token of your own, and the entry for the broker's secret `auth-tokens`, which does not hold it",
    )
    .requiredOption("--identity <name>", "whose it is")
    .option("--expires <date>", "when it ends: 2027-12-31T00:00:00Z (default: never)");
  const mint = new Command("mint")
    .description("have the broker make a token that allows less than your own, and not for long")
    .addOption(new Option("--ttl <duration>", "how long it holds").argParser(positiveDuration).default(600_000, "10m"))
    .option("--identity <name>", "whose it is, behind your own name");
  command.addCommand(withAllowed(create).action(newToken));
  command.addCommand(withEndpoint(withAllowed(mint)).action(mintToken));
  return command;
}

function withAllowed(command: Command): Command {
  return command
    .option("--topic <pattern>", "of topics, as in NSQ's auth servers", ".*")
    .addOption(new Option("--channel <pattern>", "of channels (repeatable; default: .*)").argParser(repeated(String)))
    .addOption(
      new Option("--permission <permission>", `${PERMISSIONS.join(", ")} (repeatable)`)
        .argParser(repeated(permission))
        .makeOptionMandatory(),
    )
    .option("--json", "print JSON", false);
}

async function newToken(flags: NewFlags): Promise<void> {
  const token = randomBytes(32).toString("hex");
  const entry = {
    identity: flags.identity,
    sha256: [createHash("sha256").update(token).digest("hex")],
    ...(flags.expires !== undefined && { expires: expiry(flags.expires) }),
    authorizations: [authorization(flags)],
  };
  if (flags.json) await printJson({ token, entry });
  else await print(`token: ${token}\nentry of auth-tokens: ${JSON.stringify(entry)}\n`);
}

async function mintToken(flags: MintFlags): Promise<void> {
  const { url, token, ttl, identity } = flags;
  const body = {
    authorizations: [authorization(flags)],
    ttl: Math.ceil(ttl / 1_000), // s
    ...(identity !== undefined && { identity }),
  };
  const minted = (await new HttpApi(originOf(url), token).post("/auth/token", {}, JSON.stringify(body))) as Minted;
  if (flags.json) await printJson(minted);
  else await print(`${minted.token}\n`);
}

function authorization({ topic, channel = [".*"], permission }: AllowedFlags) {
  return { topic, channels: channel, permissions: permission };
}

function permission(text: string): string {
  if (PERMISSIONS.includes(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${PERMISSIONS.join(", ")}.`);
}

function expiry(text: string): string {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw new Failure("usage", `--expires ${text} is no date`);
  return at.toISOString();
}
