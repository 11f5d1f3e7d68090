// The commands of the V2 protocol, and their lines (spec 1.2).

import { byte, fromByteString, startsWith, toByteString } from "./bytes.ts";

export const COMMAND_NAMES = [
  "IDENTIFY",
  "AUTH",
  "SUB",
  "RDY",
  "FIN",
  "REQ",
  "TOUCH",
  "CLS",
  "NOP",
  "PUB",
  "MPUB",
  "DPUB",
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

const BODY_COMMANDS: ReadonlySet<string> = new Set<CommandName>(["IDENTIFY", "AUTH", "PUB", "MPUB", "DPUB"]);

/** Whether a size and that many bytes follow the line. */
export function carriesBody(name: string): boolean {
  return BODY_COMMANDS.has(name);
}

/** Whether the body is a single message, to which max-msg-size applies. */
export function isPublishOfOne(name: string): boolean {
  return name === "PUB" || name === "DPUB";
}

const NAME_BYTES = COMMAND_NAMES.map((name) => ({ name, bytes: fromByteString(name) }));

/** The name that lies in `buffer` from `start` to `end`; no text is built for one that is a command's. */
function nameAt(buffer: Uint8Array, start: number, end: number): string {
  for (const { name, bytes } of NAME_BYTES)
    if (end - start === bytes.length && startsWith(buffer, start, bytes)) return name;
  return toByteString(buffer, start, end);
}

const SPACE = 0x20;
/** No command has more parameters than this; further ones are only counted. */
const KEPT_PARAMS = 3;

/**
 * One command line, split at single spaces: two spaces in a row give an empty parameter. It is a view of the decoder's
 * buffer, valid until the next push, and used again for the next line.
 */
export class CommandLine {
  name = "";
  /** How many parameters the line has, empty ones counted. */
  paramCount = 0;
  #buffer: Uint8Array = new Uint8Array(0);
  readonly #starts = new Array<number>(KEPT_PARAMS).fill(0);
  readonly #ends = new Array<number>(KEPT_PARAMS).fill(0);
  /** The first parameter, once it was asked for: the same line may be asked again and again. */
  #first: string | null = null;

  parse(buffer: Uint8Array, start: number, end: number): void {
    this.#buffer = buffer;
    let wordEnd = this.#wordEnd(start, end);
    this.name = nameAt(buffer, start, wordEnd);
    this.paramCount = 0;
    this.#first = null;
    while (wordEnd < end) {
      const wordStart = wordEnd + 1;
      wordEnd = this.#wordEnd(wordStart, end);
      if (this.paramCount < KEPT_PARAMS) {
        this.#starts[this.paramCount] = wordStart;
        this.#ends[this.paramCount] = wordEnd;
      }
      this.paramCount++;
    }
  }

  /** A parameter as a byte string; it must exist. */
  param(index: number): string {
    if (index > 0) return toByteString(this.#buffer, this.#starts[index], this.#ends[index]);
    this.#first ??= toByteString(this.#buffer, this.#starts[0], this.#ends[0]);
    return this.#first;
  }

  paramLength(index: number): number {
    return (this.#ends[index] as number) - (this.#starts[index] as number);
  }

  /** Where a parameter lies in `buffer`. */
  paramStart(index: number): number {
    return this.#starts[index] as number;
  }

  get buffer(): Uint8Array {
    return this.#buffer;
  }

  #wordEnd(start: number, end: number): number {
    let at = start;
    while (at < end && byte(this.#buffer, at) !== SPACE) at++;
    return at;
  }
}

/** What `parseDecimal` answers when there is anything but decimal digits. */
export const NOT_DECIMAL = -1;

/**
 * A decimal parameter. Digits only; an empty one counts as 0, as in nsqd (internal/protocol/byte_base10.go). What does not
 * fit a double stays huge instead of wrapping around.
 */
export function parseDecimal(text: string): number {
  if (text === "") return 0;
  return /^[0-9]+$/.test(text) ? Number(text) : NOT_DECIMAL;
}

const NAMES: ReadonlySet<string> = new Set<CommandName>(COMMAND_NAMES);

export function isCommandName(name: string): name is CommandName {
  return NAMES.has(name);
}
