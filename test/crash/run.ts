// One run: a topic over several lives of the broker, each but the last ended by a kill; then everything is drained and checked.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "../../scripts/broker.ts";
import { createChannel, createTopic } from "./admin.ts";
import { livingChannel } from "./checks/counts.ts";
import { leftIn, missing } from "./checks/end.ts";
import { violations } from "./checks/index.ts";
import { Crew } from "./crew.ts";
import { Ledger, type Sight, type TopicCounts } from "./ledger.ts";
import type { Kill, Plan } from "./plan.ts";
import { pause, type Stage } from "./stage.ts";
import { countsWhen, readCounts } from "./stats.ts";
import { type Totals, totalsOf } from "./totals.ts";

/** What a kill waits for may not come; then it comes without. */
const MAX_LIFE_MS = 2_000;
/** In a run that fails nothing happens for so long, though not everything was delivered. */
const STUCK_MS = 30_000;

export interface LifeReport {
  readonly seed: number;
  readonly life: number;
  readonly lengthMs: number;
  readonly isKilled: boolean;
  /** Of the run so far. */
  readonly totals: Totals;
}

export interface RunResult {
  readonly violations: readonly string[];
  /** What the broker wrote to its log, all its lives. */
  readonly log: string;
}

export async function run(plan: Plan, report: (life: LifeReport) => void = () => {}): Promise<RunResult> {
  const dataDir = await mkdtemp(join(tmpdir(), "nsq-edge-crash-"));
  try {
    return await new Run(plan, dataDir, report).all();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

class Run {
  readonly #plan: Plan;
  readonly #dataDir: string;
  readonly #report: (life: LifeReport) => void;
  readonly #ledger = new Ledger(Date.now, (sight) => this.#saw(sight));
  #saw: (sight: Sight) => void = () => {};
  #log = "";

  constructor(plan: Plan, dataDir: string, report: (life: LifeReport) => void) {
    this.#plan = plan;
    this.#dataDir = dataDir;
    this.#report = report;
  }

  async all(): Promise<RunResult> {
    try {
      await this.#liveAll();
    } catch (error) {
      this.#ledger.surprises.push(`life ${this.#ledger.life}: ${(error as Error).stack}`);
    }
    return { violations: violations(this.#ledger, this.#plan.syncEvery), log: this.#log };
  }

  async #liveAll(): Promise<void> {
    for (const { isLookedAt, kill } of this.#plan.lives) {
      await this.#live(isLookedAt, async (stage) => {
        const killed = this.#killed(stage, kill);
        const crew = new Crew(stage);
        await killed;
        await crew.ended();
      });
    }
    this.#saw = () => {};
    await this.#live(true, (stage) => this.#drain(stage));
  }

  async #live(isLookedAt: boolean, spend: (stage: Stage) => Promise<void>): Promise<void> {
    const ledger = this.#ledger;
    const broker = await startBroker({ dataDir: this.#dataDir, options: this.#plan.options });
    const stage: Stage = { plan: this.#plan, ledger, broker };
    ledger.started();
    const begun = Date.now();
    try {
      if (ledger.life === 1) await this.#setUp(stage);
      else if (isLookedAt) ledger.looked(await readCounts(stage));
      await spend(stage);
    } finally {
      await broker.stop("SIGKILL");
      this.#log += broker.log;
    }
    const { seed } = this.#plan;
    const { life, isKilled } = ledger;
    this.#report({ seed, life, lengthMs: Date.now() - begun, isKilled, totals: totalsOf(ledger) });
  }

  async #setUp(stage: Stage): Promise<void> {
    await createTopic(stage);
    for (const name of [...this.#plan.channels, this.#plan.passing]) await createChannel(stage, name);
  }

  /** Kills the broker when its time has come. */
  #killed({ broker, ledger }: Stage, { afterMs, sight, count }: Kill): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(strike, sight === null ? afterMs : MAX_LIFE_MS);
      let left = count;
      this.#saw = (seen) => {
        if (seen !== sight || ledger.isKilled || --left !== 0) return;
        clearTimeout(timer);
        soon(afterMs, strike);
      };
      function strike(): void {
        process.kill(broker.pid, "SIGKILL");
        clearTimeout(timer);
        ledger.killed();
        resolve();
      }
    });
  }

  async #drain(stage: Stage): Promise<void> {
    const ledger = this.#ledger;
    const crew = new Crew(stage);
    await pause(this.#plan.lastMs);
    await crew.wind();
    const isDrained = (counts: TopicCounts) => this.#leftOver(counts).length === 0;
    const isStuck = (await countsWhen(stage, isDrained, STUCK_MS)) === null;
    await crew.settle();
    const counts = await readCounts(stage);
    if (isStuck) ledger.surprised(`[CHN1] stuck: ${this.#leftOver(counts).join("; ")}`);
    ledger.ended(counts);
    crew.close();
  }

  /** What is still to be delivered. */
  #leftOver({ depth, channels }: TopicCounts): string[] {
    const left = depth > 0 ? [`topic has depth ${depth}`] : [];
    for (const counts of channels) {
      const channel = livingChannel(this.#ledger, counts.name, Number.POSITIVE_INFINITY);
      if (!channel) continue;
      left.push(...leftIn(this.#ledger, channel, counts));
      // What is deferred for a while may be taken for what was in doubt, unless it is missed.
      if (left.length === 0) left.push(...missing(this.#ledger, channel));
    }
    return left;
  }
}

/** Within a fraction of a millisecond, which no timer is good for; with 0 at once. */
function soon(ms: number, then: () => void): void {
  const at = performance.now() + ms;
  const look = (): void => {
    if (performance.now() >= at) then();
    else setImmediate(look);
  };
  look();
}
