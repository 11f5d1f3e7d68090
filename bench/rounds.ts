// Measures several things by turns, so that whatever else happens on the machine meets all of them.

/** `isWarmUp` in a round that does not count. */
export type Action<T> = (isWarmUp: boolean) => Promise<T>;

/** Runs all actions `rounds` times by turns, now in this order and then in the other, after a round that does not count. */
export async function samples<N extends string, T>(
  rounds: number,
  actions: Readonly<Record<N, Action<T>>>,
): Promise<Record<N, T[]>> {
  const names = Object.keys(actions) as N[];
  const taken = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<N, T[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const sample = await actions[name](round === 0);
      if (round > 0) taken[name].push(sample);
    }
  }
  return taken;
}

/** The same; returns the medians of what the actions return. */
export async function medians<N extends string>(
  rounds: number,
  actions: Readonly<Record<N, Action<number>>>,
): Promise<Record<N, number>> {
  const taken = await samples(rounds, actions);
  const names = Object.keys(taken) as N[];
  return Object.fromEntries(names.map((name) => [name, median(taken[name])])) as Record<N, number>;
}

export function median(sample: readonly number[]): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}
