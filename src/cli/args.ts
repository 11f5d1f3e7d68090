// Values of flags, read as Go's flag package reads them. What is wrong is refused before anything is done.

import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../protocol/go-duration.ts";
import { isValidName } from "../protocol/names.ts";

/** Beyond it a timer of Node's fires at once, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError("It must be a duration like 90s or 1m30s.");
  if (ms > MAX_TIMER_MS) throw new InvalidArgumentError("It must be 24 days at most.");
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

/** `host:port`, or an http or https URL: a broker answers look-ups behind TLS. Returns the URL. */
export function httpAddress(text: string): string {
  return text.includes("://") ? origin(text) : `http://${hostPort(text)}`;
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

/** A flag of a command, as far as it must be known to be rewritten. */
export interface KnownFlag {
  /** `--topic`, or `-n` alone. */
  readonly name: string;
  /** Whether the argument behind it is its value. */
  readonly takesNext: boolean;
}

/** Go's flags may have one dash: `-topic=x` is `--topic=x`, and `-n=5` is `-n 5`. Values stay as they are, and so does what follows a `--`. */
export function fromGo(args: readonly string[], known: readonly KnownFlag[]): string[] {
  const rewritten: string[] = [];
  let isValue = false;
  for (const [index, arg] of args.entries()) {
    if (arg === "--") return [...rewritten, ...args.slice(index)];
    const [, dashes, word = "", value] = /^(--?)([a-z][a-z0-9-]*)(?:=(.*))?$/s.exec(arg) ?? [];
    const isLong = word.length > 1;
    const wanted = isLong ? `--${word}` : `-${word}`;
    const flag: KnownFlag | undefined = dashes && !isValue ? known.find(({ name }) => name === wanted) : undefined;
    if (flag === undefined) rewritten.push(arg);
    else if (isLong) rewritten.push(value === undefined ? flag.name : `${flag.name}=${value}`);
    else rewritten.push(...(value === undefined ? [flag.name] : [flag.name, value]));
    isValue = flag?.takesNext === true && value === undefined;
  }
  return rewritten;
}
