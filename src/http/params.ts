// Parameters and bodies of requests, read as nsqd reads them (spec 3.1).

import { isValidName } from "../protocol/names.ts";
import { readUpTo } from "../read-up-to.ts";
import { HttpError } from "./respond.ts";
import { queryOf } from "./target.ts";

/** Parameters come from the query string alone; of a repeated one the first counts. */
export class Params {
  readonly #values: Map<string, string> | URLSearchParams;

  private constructor(values: Map<string, string> | URLSearchParams) {
    this.#values = values;
  }

  /** Refuses a query that Go's url.ParseQuery refuses. */
  static of(request: Request): Params | HttpError {
    const query = queryOf(request.url);
    if (!/[%+;]/.test(query)) return new Params(plainValues(query));
    const isMalformed = /%(?![0-9a-fA-F]{2})/.test(query) || query.includes(";");
    return isMalformed ? new HttpError(400, "INVALID_REQUEST") : new Params(new URLSearchParams(query));
  }

  /** Null when it is absent; one without a value is present and empty. */
  get(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  /** A switch that nsqd takes for on unless it says otherwise. */
  isOn(name: string, byDefault: boolean): boolean {
    const value = this.get(name);
    return value === null ? byDefault : value !== "false" && value !== "0";
  }
}

/** What a query without escapes says: URLSearchParams would take longer than all else that a publish does with its parameters. */
function plainValues(query: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const part of query.split("&")) {
    const at = part.indexOf("=");
    const name = at < 0 ? part : part.slice(0, at);
    if (!values.has(name)) values.set(name, at < 0 ? "" : part.slice(at + 1));
  }
  return values;
}

/** The topic that must be named; `checksName` where nsqd looks at more than whether it is there. */
export function topicParam(params: Params, invalid: "INVALID_TOPIC" | "INVALID_ARG_TOPIC" | null): string | HttpError {
  const topic = params.get("topic");
  if (topic === null) return new HttpError(400, "MISSING_ARG_TOPIC");
  if (invalid !== null && !isValidName(topic)) return new HttpError(400, invalid);
  return topic;
}

export interface TopicChannel {
  readonly topic: string;
  readonly channel: string;
}

export function topicChannelParams(params: Params): TopicChannel | HttpError {
  const topic = topicParam(params, "INVALID_ARG_TOPIC");
  if (topic instanceof HttpError) return topic;
  const channel = params.get("channel");
  if (channel === null) return new HttpError(400, "MISSING_ARG_CHANNEL");
  if (!isValidName(channel)) return new HttpError(400, "INVALID_ARG_CHANNEL");
  return { topic, channel };
}

/** The whole body; null when it is longer than `limit` bytes, of which most is not even read then, or when it broke off. */
export async function readBody(request: Request, limit: number): Promise<Uint8Array | null> {
  const announced = request.headers.get("Content-Length");
  if (announced !== null && Number(announced) > limit) return null;
  try {
    return announced === null ? await readUpTo(limit, request.body) : new Uint8Array(await request.arrayBuffer());
  } catch {
    return null; // the client is gone, and hears no answer
  }
}
