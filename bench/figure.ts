// What a scenario found out: two values of the same run and how they compare, which says the same on any machine.

export interface Figure {
  readonly scenario: string;
  /** What it is compared with. */
  readonly against: string;
  readonly ours: number;
  readonly theirs: number;
  /** More than 1 is better than what it is compared with. */
  readonly ratio: number;
  readonly wanted: number;
  readonly holds: boolean;
}

/** Compares what should be high. */
export function atLeast(scenario: string, against: string, ours: number, theirs: number, wanted: number): Figure {
  return figure(scenario, against, ours, theirs, ours / theirs, wanted);
}

/** Compares what should be low. */
export function atMost(scenario: string, against: string, ours: number, theirs: number, wanted = 1): Figure {
  return figure(scenario, against, ours, theirs, theirs / ours, wanted);
}

function figure(
  scenario: string,
  against: string,
  ours: number,
  theirs: number,
  ratio: number,
  wanted: number,
): Figure {
  return { scenario, against, ours, theirs, ratio, wanted, holds: ratio >= wanted };
}
