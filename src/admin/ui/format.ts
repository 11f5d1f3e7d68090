// Figures as people read them.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });
const ordinal = new Intl.PluralRules("en-US", { type: "ordinal" });

/** 1,234,567 */
export function count(value: number): string {
  return whole.format(value);
}

/** A rate of messages: 0, 0.4, 12.5, 1,234. */
export function rate(perSecond: number): string {
  return perSecond >= 100 ? whole.format(perSecond) : short.format(perSecond);
}

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** 512 B, 1.2 KB, 3 MB: powers of 1024, as NSQ counts. */
export function bytes(value: number): string {
  let unit = 0;
  let rest = value;
  // What would be rounded to 1,024 of a unit is 1 of the next.
  while (rest >= 1023.95 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${short.format(rest)} ${UNITS[unit]}`;
}

const SECOND = 1_000;
const STEPS = [
  ["d", 86_400 * SECOND],
  ["h", 3_600 * SECOND],
  ["min", 60 * SECOND],
  ["s", SECOND],
] as const;

/** A span of time, ms, in its two largest units: 2 h 5 min, 3 min 12 s, 40 s, 250 ms. */
export function duration(ms: number): string {
  const span = Math.max(0, Math.round(ms));
  if (span < SECOND) return `${span} ms`;
  const first = STEPS.findIndex(([, size]) => span >= size);
  const parts: string[] = [];
  let rest = span;
  for (const [unit, size] of STEPS.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount} ${unit}`);
  }
  return parts.join(" ");
}

/** An instant, ms since the epoch, in the reader's time zone: 2026-11-28 23:59:07. */
export function instant(ms: number): string {
  const date = new Date(ms);
  const pad = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day} ${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `1 message`, `2 messages`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** The heading of a latency column: 99th, 99.99th. */
export function percentile(quantile: number): string {
  const percent = quantile * 100;
  const suffixes: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };
  return `${precise.format(percent)}${suffixes[ordinal.select(percent)] ?? "th"}`;
}
