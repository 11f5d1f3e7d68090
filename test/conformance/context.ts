import type { Connections } from "./connections.ts";
import type { JsonObject } from "./json.ts";
import type { Marks } from "./marks.ts";
import type { Normaliser } from "./normaliser.ts";
import type { Scope } from "./scope.ts";
import type { Target } from "./target.ts";

/** What the steps of one scenario share. */
export interface Context {
  readonly target: Target;
  readonly scope: Scope;
  readonly normaliser: Normaliser;
  readonly connections: Connections;
  readonly marks: Marks;
}

/** What a step has led to; steps that only act leave everything out. */
export interface Outcome {
  /** The normalised observation, to be compared. */
  readonly seen?: JsonObject;
  /** What went wrong apart from the observation, such as a frame that came too late. */
  readonly problem?: string | null;
  /** The moment that `mark` remembers, when it is not the step's start. */
  readonly time?: number;
}
