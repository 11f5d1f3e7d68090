// What the document of the HTTP API says of a route: each route has it beside its handler, and src/http/openapi.ts makes the document of it.

import type { Route } from "./router.ts";
import { type Schema, text } from "./schema.ts";

export interface DocumentedRoute extends Route {
  readonly doc: RouteDoc;
}

/** Errors that any call can meet (not let in, something went wrong inside) are in the document without being named here. */
export interface RouteDoc {
  readonly summary: string;
  readonly description?: string;
  /** The group that it stands in; that of its table when it is left out. */
  readonly tag?: string;
  readonly params?: readonly Param[];
  readonly body?: Body;
  /** What it answers when nothing is wrong: one form, or several. */
  readonly answers: readonly Answer[];
  /** Codes of errors by status, but for those that parameters and body name themselves. */
  readonly errors?: Errors;
}

export type Errors = Readonly<Record<number, readonly string[]>>;

/** How an error is answered: its status, and its code. */
export type Refused = readonly [status: number, code: string];

export interface Param {
  readonly name: string;
  /** A part of the path when the path has its name, else of the query. */
  readonly description: string;
  readonly schema: Schema;
  readonly example: string | number | boolean;
  /** How its absence is answered; null when it may be left out. */
  readonly missing: Refused | null;
  /** How a value that its schema does not allow is answered; null when any is taken. */
  readonly invalid: Refused | null;
}

export interface Body {
  readonly type: "application/octet-stream" | "application/json" | "text/plain";
  readonly description: string;
  readonly schema: Schema;
  readonly example: unknown;
  /** How an empty one is answered; null when it is taken. */
  readonly empty: Refused | null;
  /** How one that is no JSON object is answered, where it must be one. */
  readonly malformed?: Refused;
  readonly tooLarge: Refused;
  /** Bytes, or the option that says how many. */
  readonly limit: number | "max_msg_size" | "max_body_size";
}

export interface Answer {
  readonly status: number;
  readonly description: string;
  /** Empty when there is no body. */
  readonly type: "" | "application/json" | "application/octet-stream" | "text/plain";
  readonly schema: Schema;
}

/** Nothing but the status. */
export const EMPTY: Answer = { status: 200, description: "Done.", type: "", schema: {} };
export const OK = plainText({ enum: ["OK"] }, "Done.");

export function json(schema: Schema, description: string): Answer {
  return { status: 200, description, type: "application/json", schema };
}

export function plainText(schema: Schema, description: string, status = 200): Answer {
  return { status, description, type: "text/plain", schema };
}

export function binary(description: string): Answer {
  return { status: 200, description, type: "application/octet-stream", schema: {} };
}

/** A body of JSON, refused as nsqadmin refuses it. */
export function jsonObject(schema: Schema, example: object, description: string, limit = 2 ** 20): Body {
  return {
    type: "application/json",
    description,
    schema,
    example,
    empty: [400, "EOF"],
    malformed: [400, "INVALID_BODY"],
    tooLarge: [413, "INVALID_BODY"],
    limit,
  };
}

// Parameters that many routes have.

/** What a name may be; its length counts the suffix. */
export const NAME: Schema<string> = { ...text, pattern: "^[.a-zA-Z0-9_-]+(#ephemeral)?$", minLength: 1, maxLength: 64 };

const MISSING_TOPIC: Refused = [400, "MISSING_ARG_TOPIC"];
const TOPIC = { name: "topic", description: "The name of a topic.", schema: NAME, example: "orders" };
const CHANNEL = { name: "channel", description: "The name of a channel.", schema: NAME, example: "billing" };

/** @param invalid how a name that cannot be one is answered */
export function topic(invalid: Refused): Param {
  return { ...TOPIC, missing: MISSING_TOPIC, invalid };
}

/** Where nobody looks whether it can be one. */
export const anyTopic: Param = { ...TOPIC, schema: text, missing: MISSING_TOPIC, invalid: null };

export const topicAndChannel: readonly Param[] = [
  topic([400, "INVALID_ARG_TOPIC"]),
  { ...CHANNEL, missing: [400, "MISSING_ARG_CHANNEL"], invalid: [400, "INVALID_ARG_CHANNEL"] },
];

/** A part of the path, which cannot be missing. */
export function inPath(
  param: Pick<Param, "name" | "description" | "schema" | "example">,
  invalid: Refused | null,
): Param {
  return { ...param, missing: null, invalid };
}

export function topicInPath(invalid: Refused | null): Param {
  return inPath(TOPIC, invalid);
}

export function channelInPath(invalid: Refused | null): Param {
  return inPath(CHANNEL, invalid);
}

/** One that may be left out. */
export function maybe(
  name: string,
  schema: Schema,
  example: Param["example"],
  description: string,
  invalid: Refused | null = null,
): Param {
  return { name, description, schema, example, missing: null, invalid };
}

export const topicFilter = maybe("topic", text, TOPIC.example, "Only this topic.");
export const channelFilter = maybe("channel", text, CHANNEL.example, "Only this channel.");

/** Ms; the most is what `max-req-timeout` says. */
export const defer = maybe(
  "defer",
  { type: "integer", minimum: 0 },
  100,
  "Milliseconds for which the message is held back, at most max-req-timeout.",
  [400, "INVALID_DEFER"],
);
