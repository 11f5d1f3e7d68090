import { setTimeout as sleep } from "node:timers/promises";
import { act } from "./acting-steps.ts";
import { Connections } from "./connections.ts";
import type { Context, Outcome } from "./context.ts";
import { difference, shown } from "./difference.ts";
import { http, request, stats } from "./http-steps.ts";
import type { Json, JsonObject } from "./json.ts";
import { Marks } from "./marks.ts";
import { Normaliser } from "./normaliser.ts";
import { closed, recv, recvBytes, silence } from "./receiving-steps.ts";
import type { Scope } from "./scope.ts";
import type { Step, Verb } from "./step.ts";
import type { Golden, Scenario } from "./suite.ts";
import type { Target } from "./target.ts";

const TIMEOUT_MS = 60_000;

/** The first thing that was not as expected. */
export interface Failure {
  /** Counted from 1; one more than there are when something was left over at the end. */
  readonly step: number;
  readonly verb: Verb | "end";
  readonly text: string;
}

/** Runs a scenario against the target up to the first difference; null when there is none. */
export async function runScenario(
  scenario: Scenario,
  golden: Golden,
  target: Target,
  scope: Scope,
): Promise<Failure | null> {
  const run = new ScenarioRun(scenario, golden, target, scope);
  const timeout = scenario.timeout ?? TIMEOUT_MS;
  const clock = new AbortController();
  const outOfTime = sleep(timeout, undefined, { signal: clock.signal }).then(
    () => run.fail(`scenario took more than ${timeout} ms`),
    () => {}, // stopped, because the scenario ended first
  );
  try {
    await Promise.race([run.steps(), outOfTime]);
  } catch (error) {
    run.fail((error as Error).message);
  } finally {
    clock.abort();
    await run.cleanUp();
  }
  return run.failure;
}

class ScenarioRun {
  failure: Failure | null = null;

  readonly #scenario: Scenario;
  readonly #golden: Golden;
  readonly #context: Context;
  #index = 0;

  constructor(scenario: Scenario, golden: Golden, target: Target, scope: Scope) {
    this.#scenario = scenario;
    this.#golden = golden;
    const normaliser = new Normaliser(scope.names(), scenario);
    this.#context = { target, scope, normaliser, connections: new Connections(), marks: new Marks() };
  }

  async steps(): Promise<void> {
    for (const [index, template] of this.#scenario.steps.entries()) {
      this.#index = index;
      const step = this.#context.scope.substitute(template);
      const expected = this.#golden.get(index + 1);
      const started = performance.now();
      const outcome = await perform(this.#context, step, expected, this.#scenario.steps.slice(index + 1));
      if (step.mark !== undefined) this.#context.marks.set(step.mark, outcome.time ?? started);
      if (outcome.seen) this.#compare(expected, outcome.seen, outcome.problem);
      if (this.failure !== null) return;
    }
    this.#index = this.#scenario.steps.length;
    if (!this.#scenario.loose) this.#leftovers();
  }

  /** Only the first failure counts: what follows may be its consequence. */
  fail(text: string): void {
    const verb = this.#scenario.steps[this.#index]?.verb ?? "end";
    this.failure ??= { step: this.#index + 1, verb, text: this.#context.normaliser.string(text) };
  }

  /** Makes the final requests, closes everything and deletes the topics, on a server that may be in any state. */
  async cleanUp(): Promise<void> {
    const { target, scope, connections } = this.#context;
    for (const step of this.#scenario.finally) await this.#tryRequest(step);
    connections.closeAll();
    const deletions = [...scope.topics].map((topic) => `POST /topic/delete?topic=${encodeURIComponent(topic)}`);
    for (const deletion of target.http ? deletions : []) await this.#tryRequest({ http: deletion });
    for (const deletion of target.lookupHttp ? deletions : []) await this.#tryRequest({ http: deletion, to: "lookup" });
  }

  async #tryRequest(step: Parameters<typeof request>[1]): Promise<void> {
    try {
      await request(this.#context, step);
    } catch {
      // Cleaning up is not what is tested.
    }
  }

  #compare(expected: JsonObject | undefined, seen: JsonObject, problem: string | null = null): void {
    if (expected === undefined) {
      this.fail("no golden result for this step");
    } else if (problem !== null) {
      this.fail(`${problem}; expected ${shown(expected)}, got ${shown(seen)}`);
    } else {
      const found = difference(expected, seen);
      if (found !== null) this.fail(found);
    }
  }

  /** At the end nothing may be left unread, and no connection may have been closed unnoticed. */
  #leftovers(): void {
    const left: Record<string, Json> = {};
    for (const connection of this.#context.connections.all()) {
      const frames = connection.takeFrames();
      const isUnnoticed = connection.isClosed && !connection.closedByUs && !connection.closeSeen;
      if (frames.length > 0) left[connection.name] = frames.map((frame) => this.#context.normaliser.frame(frame));
      else if (isUnnoticed) left[connection.name] = connection.problem ?? "closed by the server";
    }
    if (Object.keys(left).length > 0) this.fail(`unexpected at the end: ${shown(left)}`);
  }
}

/** @param following the steps that come then, as templates */
async function perform(
  context: Context,
  step: Step,
  expected: JsonObject | undefined,
  following: readonly Step[],
): Promise<Outcome> {
  switch (step.verb) {
    case "recv":
      return recv(context, step);
    case "recvBytes":
      return recvBytes(context, step);
    case "silence":
      return silence(context, step);
    case "closed":
      return closed(context, step);
    case "http":
      return http(context, step, expected);
    case "stats":
      return stats(context, step, expected);
    default:
      await act(context, step, following);
      return {};
  }
}
