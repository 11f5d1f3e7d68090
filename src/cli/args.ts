// Values of flags, read as Go's flag package reads them. What is wrong is refused before anything is done.

import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../protocol/go-duration.ts";
import { isValidName } from "../protocol/names.ts";

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError("It must be a duration like 90s or 1m30s.");
  return ms;
}

export function positiveDuration(text: string): number {
  const ms = duration(text);
  if (ms <= 0) throw new InvalidArgumentError("It must be more than 0.");
  return ms;
}

/** A whole number that is no less than `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  };
}

export function name(text: string): string {
  if (isValidName(text)) return text;
  throw new InvalidArgumentError("It must have 1 to 64 of . a-z A-Z 0-9 _ -, and may end in #ephemeral.");
}

/** A flag that may be given several times: each value is read by `parse`. */
export function repeated<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** `host:port`; NSQ's tools refuse a scheme, too. */
export function hostPort(text: string): string {
  if (/^(\[[^\]]+\]|[^\s:/[\]]+):\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be host:port, without a scheme.");
}

/** `host:port`, or an http or https URL: a broker answers look-ups behind TLS. */
export function httpAddress(text: string): string {
  return text.includes("://") ? origin(text) : hostPort(text);
}

/** An http or https URL of a broker, without the slash at its end. */
export function origin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && ["http:", "https:"].includes(url.protocol) && url.pathname === "/" && url.search === "") return url.origin;
  throw new InvalidArgumentError("It must be a URL like https://broker.example.");
}

/** NSQ's flag, which scripts have: here the timeout of a request counts from before the connection. */
export function connectTimeout(): Option {
  const description = "part of --http-client-request-timeout";
  return new Option("--http-client-connect-timeout <duration>", description).argParser(positiveDuration);
}

/** On when it is there: `--gzip`, or as in Go `--gzip=true`. */
export function toggle(flag: string, description: string): Option {
  return new Option(`${flag} [true|false]`, description)
    .preset("true")
    .default(false)
    .argParser((text: string) => {
      if (["true", "t", "1"].includes(text.toLowerCase())) return true;
      if (["false", "f", "0"].includes(text.toLowerCase())) return false;
      throw new InvalidArgumentError("It must be true or false.");
    });
}

/** Go's flags may have one dash: `-topic=x` is `--topic=x`, and `-n=5` is `-n 5`. Only before a `--`. */
export function fromGo(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const rewritten = flags.flatMap((arg) => {
    if (/^-[a-z][a-z-]+(=|$)/.test(arg)) return [`-${arg}`];
    const [, flag, value] = /^(-[a-z])=(.*)$/s.exec(arg) ?? [];
    return flag === undefined ? [arg] : [flag, value as string];
  });
  return end < 0 ? rewritten : [...rewritten, ...args.slice(end)];
}
