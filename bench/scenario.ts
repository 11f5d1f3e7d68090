// A scenario, and what it is given to run.

import type { Figure } from "./figure.ts";
import type { Measured, Task } from "./load/task.ts";
import type { Loader } from "./loader.ts";
import { profileDuring, type Spent } from "./profiler.ts";
import { type Action, median, samples } from "./rounds.ts";
import type { Servers } from "./servers.ts";

export interface Scenario {
  readonly name: string;
  run(bench: Bench): Promise<Figure[]>;
}

/** What shares of one CPU were taken while something was measured. */
export interface CpuShares {
  readonly what: string;
  /** By the load process. */
  readonly load: number;
  readonly server: number;
}

/** Measures once; null for one that is not at hand. */
export type Contender = ((turn: Turn) => Promise<Measured>) | null;

/** Medians by the contender's name and that of the value; null for one that was not at hand. */
export type Medians<N extends string> = (contender: N, value?: string) => number | null;

const ROUNDS = 3;

export class Bench {
  readonly isQuick: boolean;
  readonly servers: Servers;
  readonly #loader: Loader;
  readonly #shares: CpuShares[] = [];
  /** By what was measured; the last time counts. */
  readonly profiles = new Map<string, readonly Spent[]>();

  constructor(servers: Servers, loader: Loader, isQuick: boolean) {
    this.servers = servers;
    this.#loader = loader;
    this.isQuick = isQuick;
  }

  /** Measures all contenders of a scenario by turns. */
  async compare<N extends string>(
    scenario: string,
    contenders: Record<N, Contender>,
    rounds = ROUNDS,
  ): Promise<Medians<N>> {
    const actions: Record<string, Action<Measured>> = {};
    for (const [name, contender] of Object.entries<Contender>(contenders)) {
      if (contender) actions[name] = (isWarmUp) => contender(new Turn(this, `${scenario}: ${name}`, isWarmUp));
    }
    const taken = await samples(rounds, actions);
    for (const [name, measured] of Object.entries(taken)) {
      const load = median(measured.map((each) => each.load));
      const server = median(measured.map((each) => each.serverShare));
      this.#shares.push({ what: `${scenario}: ${name}`, load, server });
    }
    return (contender, value = "value") => {
      const measured = taken[contender];
      return measured ? median(measured.map(({ values }) => values[value] as number)) : null;
    };
  }

  get shares(): readonly CpuShares[] {
    return this.#shares;
  }

  async load(what: string, task: Task): Promise<Measured> {
    const { direct, inspector } = this.servers;
    if (inspector === null || task.server !== direct.pid) return this.#loader.run(task);
    const { result, spent } = await profileDuring(inspector, () => this.#loader.run(task));
    this.profiles.set(what, spent);
    return result;
  }
}

/** One measurement. */
export class Turn {
  readonly #bench: Bench;
  readonly #what: string;
  readonly #isWarmUp: boolean;

  constructor(bench: Bench, what: string, isWarmUp: boolean) {
    this.#bench = bench;
    this.#what = what;
    this.#isWarmUp = isWarmUp;
  }

  /** How long a speed is measured, s. */
  get seconds(): number {
    if (this.#bench.isQuick) return this.#isWarmUp ? 0.04 : 0.08;
    return this.#isWarmUp ? 0.5 : 1.2;
  }

  /** How long latencies are measured, s: a percentile takes many. */
  get latencySeconds(): number {
    if (this.#bench.isQuick) return this.#isWarmUp ? 0.1 : 0.25;
    return this.#isWarmUp ? 1 : 6;
  }

  /** Fewer for a warm-up, and where it must be quick. */
  count(whole: number): number {
    return whole * (this.#bench.isQuick ? 0.1 : 1) * (this.#isWarmUp ? 0.5 : 1);
  }

  run(task: Task): Promise<Measured> {
    return this.#bench.load(this.#what, task);
  }
}
