// What a scenario found out: two values of the same run and how they compare, which says the same on any machine.

export interface Figure {
  readonly scenario: string;
  /** What it is compared with. */
  readonly against: string;
  readonly ours: number;
  /** Null when it is not at hand. */
  readonly theirs: number | null;
  /** ours / theirs */
  readonly ratio: number | null;
  /** What the ratio must reach, or as a ceiling not exceed; null when nothing is asked for. */
  readonly wanted: number | null;
  readonly isCeiling: boolean;
  /** Null when there is nothing to judge. */
  readonly holds: boolean | null;
}

/** Compares what should be high. */
export function atLeast(
  scenario: string,
  against: string,
  ours: number,
  theirs: number | null,
  wanted: number | null = null,
): Figure {
  return figure({ scenario, against, ours, theirs, wanted, isCeiling: false });
}

/** Compares what should be low. */
export function atMost(
  scenario: string,
  against: string,
  ours: number,
  theirs: number | null,
  wanted: number | null = null,
): Figure {
  return figure({ scenario, against, ours, theirs, wanted, isCeiling: true });
}

function figure(values: Omit<Figure, "ratio" | "holds">): Figure {
  const { ours, theirs, wanted, isCeiling } = values;
  const ratio = theirs === null ? null : ours / theirs;
  const holds = ratio === null || wanted === null ? null : isCeiling ? ratio <= wanted : ratio >= wanted;
  return { ...values, ratio, holds };
}
