// The log of a server: a line for each event that matters, on stderr as nsqd's.

const LEVELS = ["debug", "info", "warn", "error"] as const;
type Level = (typeof LEVELS)[number];

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

type Fields = Readonly<Record<string, string | number | null>>;

export class Log {
  readonly #format: LogFormat;
  readonly #write: (line: string) => void;

  constructor(format: LogFormat, write: (line: string) => void = (line) => process.stderr.write(line)) {
    this.#format = format;
    this.#write = write;
  }

  info(msg: string, fields: Fields = {}): void {
    this.add("info", msg, fields);
  }

  warn(msg: string, fields: Fields = {}): void {
    this.add("warn", msg, fields);
  }

  error(msg: string, fields: Fields = {}): void {
    this.add("error", msg, fields);
  }

  add(level: Level, msg: string, fields: Fields = {}): void {
    const time = new Date().toISOString();
    if (this.#format === "json") {
      this.#write(`${JSON.stringify({ time, level, msg, ...fields })}\n`);
      return;
    }
    const more = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    this.#write(`${time} ${level.toUpperCase().padEnd(5)} ${msg.replace(/\s*\n\s*/g, " | ")}${more.join("")}\n`);
  }
}

export interface Entry {
  readonly level: Level;
  readonly msg: string;
}

/** What a line of workerd's structured log says. The broker's own lines begin with its `log-prefix`, which is of no use here. */
export function entryOf(line: string, logPrefix: string): Entry {
  const record = parsed(line);
  if (record === null) return { level: "error", msg: line };
  const level = levelOf(record.level.toLowerCase());
  const own = `${logPrefix}${level.toUpperCase()}: `;
  return { level, msg: record.message.startsWith(own) ? record.message.slice(own.length) : record.message };
}

/** That of console.log and console.info is "log" or "info". */
function levelOf(name: string): Level {
  if (name === "warning") return "warn";
  return LEVELS.find((level) => level === name) ?? "info";
}

/** Null for what is no record: some things workerd says before it has read how to. */
function parsed(line: string): { level: string; message: string } | null {
  try {
    const { level, message } = JSON.parse(line) as { level?: unknown; message?: unknown };
    return typeof level === "string" && typeof message === "string" ? { level, message } : null;
  } catch {
    return null;
  }
}
