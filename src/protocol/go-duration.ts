// Durations as Go writes them (time.ParseDuration): `90s`, `1m30s`, `250ms`.

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const UNIT = "(?:ns|us|µs|ms|s|m|h)";
const DURATION = new RegExp(`^(\\d+(\\.\\d+)?${UNIT})+$`);
const PART = new RegExp(`(\\d+(?:\\.\\d+)?)(${UNIT})`, "g");

/** In whole ms; null when it is none. */
export function parseDuration(text: string): number | null {
  if (text === "0") return 0;
  if (!DURATION.test(text)) return null;
  let ms = 0;
  for (const [, number, unit] of text.matchAll(PART)) ms += Number(number) * (UNITS[unit as string] as number);
  return Math.round(ms);
}
