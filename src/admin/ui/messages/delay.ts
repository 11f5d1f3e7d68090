// Delays as they are typed: 10s, 5m, 1h30m, 1.5h, 2d 4h.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/y;

/** In ms: 0 when there is none; null when it is no delay. */
export function parseDelay(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < trimmed.length) {
    const [, amount, unit = ""] = PART.exec(trimmed) ?? [];
    if (amount === undefined) return null;
    total += Number(amount) * (UNITS[unit] ?? 0);
  }
  const ms = Math.round(total);
  return Number.isSafeInteger(ms) ? ms : null;
}
