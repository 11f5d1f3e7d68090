// The steps of a scenario. In the fixtures a step is known by its verb, the one key all others belong to; loading adds
// it as `verb`, so that steps can be told apart by type.

import type { BytesSpec, CommandSpec } from "./bytes.ts";
import type { Compression } from "./codec.ts";
import type { JsonObject } from "./json.ts";

interface StepBase {
  /** Gives the step's start, or for receiving steps the last arrival, a name that `since` can refer to. */
  mark?: string;
}

/** By default the connection opened last; `@x` is the one that received message `x`. */
interface OnConnection {
  on?: string;
}

interface OnConnections {
  on?: string | string[];
}

/** A limit of `within` ms, or a window [min, max] in ms after a mark. */
export interface Timing {
  within?: number;
  window?: [number, number];
  since?: string;
}

/** Connects and sends the magic. */
export interface OpenStep extends StepBase {
  verb: "open";
  open: string;
  magic?: BytesSpec;
  via?: "lookup";
}

/** One write, or pieces of `chunk` bytes, `gap` ms apart. */
export interface SendStep extends StepBase, OnConnection {
  verb: "send";
  send: CommandSpec | CommandSpec[];
  chunk?: number;
  gap?: number;
}

/** The next frames. */
export interface RecvStep extends StepBase, OnConnections, Timing {
  verb: "recv";
  recv: number;
  unordered?: boolean;
  /** Variables for the ids of the messages received. */
  ids?: string[];
  /** Heartbeats count as frames. */
  heartbeats?: boolean;
  /** Compares the order of JSON keys, too. */
  keys?: boolean;
  /** Compares whether ids are 16 hex digits. */
  hexIds?: boolean;
}

/** The next raw bytes; `mask` hides ranges [from, to). */
export interface RecvBytesStep extends StepBase, OnConnection, Timing {
  verb: "recvBytes";
  recvBytes: number;
  mask?: [number, number][];
}

/** For so many ms nothing comes and nothing closes. */
export interface SilenceStep extends StepBase, OnConnections {
  verb: "silence";
  silence: number;
  heartbeats?: boolean;
}

/** The server closes, with no frame before. */
export interface ClosedStep extends StepBase, OnConnection, Timing {
  verb: "closed";
  closed: true;
  heartbeats?: boolean;
}

export interface HalfStep extends StepBase {
  verb: "half";
  half: string;
}

export interface AbortStep extends StepBase {
  verb: "abort";
  abort: string;
}

export interface CloseStep extends StepBase {
  verb: "close";
  close: string;
}

/** From the next byte on, both ways. */
export interface UpgradeStep extends StepBase, OnConnection {
  verb: "upgrade";
  upgrade: Compression;
}

/** So many ms, or as long as the target's `scanDelay`. */
export interface WaitStep extends StepBase {
  verb: "wait";
  wait: number | "scan";
}

/** Steps that may look again until the golden result shows up. */
interface Polling {
  /** Numbers that may lie between two limits. */
  range?: Record<string, [number, number]>;
  /** The condition waited for when the golden results were recorded. */
  until?: JsonObject;
  within?: number;
}

/** `http` is the method and the path. Compares status, content types and body. */
export interface HttpStep extends StepBase, Polling {
  verb: "http";
  http: string;
  to?: "lookup";
  headers?: Record<string, string>;
  body?: BytesSpec;
  chunked?: boolean;
  /** Other response headers to compare. */
  show?: string[];
  noBody?: boolean;
  /** Compares only these paths. */
  pick?: string[];
  /** Keeps, at these paths, only what mentions a name of this scenario. */
  mine?: string[];
  /** Ignores the order of lists. */
  sort?: boolean;
  /** Compares the order of keys, too. */
  keys?: boolean;
  /** Variables for the values at these paths. */
  save?: Record<string, string>;
  /** Patterns and their replacements, for text. */
  replace?: [string, string][];
}

/** Fields of a topic ("depth") and of one of its channels ("channel.depth") from /stats. */
export interface StatsStep extends StepBase, Polling {
  verb: "stats";
  stats: string[];
  topic?: string;
  channel?: string;
}

export type Step =
  | OpenStep
  | SendStep
  | RecvStep
  | RecvBytesStep
  | SilenceStep
  | ClosedStep
  | HalfStep
  | AbortStep
  | CloseStep
  | UpgradeStep
  | WaitStep
  | HttpStep
  | StatsStep;

export type Verb = Step["verb"];

/** A record, so that a missing verb is a compile error. */
const verbs: Record<Verb, true> = {
  open: true,
  send: true,
  recv: true,
  recvBytes: true,
  silence: true,
  closed: true,
  half: true,
  abort: true,
  close: true,
  upgrade: true,
  wait: true,
  http: true,
  stats: true,
};

/**
 * The step with its verb. Its other keys are trusted: what they do wrong shows in the run.
 * @throws when there is no verb, or more than one
 */
export function readStep(step: JsonObject): Step {
  const [verb, ...others] = Object.keys(step).filter((key) => Object.hasOwn(verbs, key));
  if (verb === undefined || others.length > 0) throw new Error(`not one verb in ${JSON.stringify(step)}`);
  return { verb, ...step } as unknown as Step;
}
