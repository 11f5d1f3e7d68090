// What a command says: results on stdout, for the next program in a pipe, and everything else on stderr, for who watches.

import { once } from "node:events";
import { LOG_LEVELS, type LogLevel } from "../options.ts";

const NAME = "nsq-edge";
/** How often a line of progress changes, ms. */
const PROGRESS_MS = 500;

/** Under way while stdout takes no more: several wait for it together. */
let draining: Promise<unknown> | null = null;

/** Resolves when more may be printed. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (process.stdout.write(text)) return;
  draining ??= once(process.stdout, "drain").finally(() => {
    draining = null;
  });
  await draining;
}

export function printJson(value: unknown): Promise<void> {
  return print(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : 0)}\n`);
}

/** Columns as wide as what is in them; numbers stand to the right. */
export function printTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): Promise<void> {
  const table = [header, ...rows.map((row) => row.map((cell) => (typeof cell === "number" ? `${cell}` : cell)))];
  const isRight = header.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === "number"));
  const widths = header.map((_, at) => Math.max(...table.map((row) => (row[at] ?? "").length)));
  const lines = table.map((row) => {
    const cells = row.map((cell, at) => (isRight[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)));
    return cells.join("  ").trimEnd();
  });
  return print(`${lines.join("\n")}\n`);
}

const log = { prefix: `${NAME}: `, least: LOG_LEVELS.indexOf("info") };

/** How lines begin, and from which level on they are said. */
export function configureLog(prefix: string | undefined, level: LogLevel): void {
  if (prefix !== undefined) log.prefix = prefix;
  log.least = LOG_LEVELS.indexOf(level);
}

/** What ends a command is fatal. */
export function say(text: string, level: LogLevel = "warn"): void {
  if (LOG_LEVELS.indexOf(level) < log.least) return;
  Progress.clear();
  process.stderr.write(`${log.prefix}${text}\n`);
}

/** A line that tells how far something is, where a person watches; nothing in a pipe. */
export class Progress {
  static #shown: Progress | null = null;
  readonly #text: () => string;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(text: () => string) {
    this.#text = text;
    if (!process.stderr.isTTY) return;
    this.#timer = setInterval(() => this.#draw(), PROGRESS_MS);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    if (Progress.#shown === this) Progress.clear();
  }

  /** Makes room for another line. */
  static clear(): void {
    if (Progress.#shown !== null) process.stderr.write("\r\x1b[K");
    Progress.#shown = null;
  }

  #draw(): void {
    Progress.#shown = this;
    process.stderr.write(`\r\x1b[K${this.#text()}`);
  }
}
