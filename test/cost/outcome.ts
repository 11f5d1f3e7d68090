// What a workload costs, and whether that is what it should cost at most.

import { COUNTED, type Counts, dollars } from "./prices.ts";

export interface Measured {
  readonly counts: Counts;
  /** How many messages that is for. */
  readonly messages: number;
}

export interface Bound {
  /** "total" is the sum of all that is counted. */
  readonly measure: "dollarsPerMillion" | "rowsWritten" | "total";
  readonly atMost: number;
}

export interface Outcome {
  readonly workload: string;
  readonly perMessage: Counts;
  readonly dollarsPerMillion: number;
  readonly wanted: Bound | null;
  readonly holds: boolean;
}

export function judge(workload: string, { counts, messages }: Measured, wanted: Bound | null): Outcome {
  const per = COUNTED.map((name) => [name, rounded(counts[name] / messages)]);
  const perMessage = Object.fromEntries(per) as unknown as Counts;
  const dollarsPerMillion = rounded((dollars(counts) / messages) * 1e6);
  const total = COUNTED.reduce((sum, name) => sum + perMessage[name], 0);
  const measured = { dollarsPerMillion, rowsWritten: perMessage.rowsWritten, total };
  const holds = wanted === null || measured[wanted.measure] <= wanted.atMost;
  return { workload, perMessage, dollarsPerMillion, wanted, holds };
}

/** To a millionth: sums of decimal fractions are not exact. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
