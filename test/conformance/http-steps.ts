// Steps that look at what HTTP requests answer.

import { setTimeout as sleep } from "node:timers/promises";
import { bytes } from "./bytes.ts";
import type { Context, Outcome } from "./context.ts";
import { difference } from "./difference.ts";
import { type HttpAnswer, httpRequest } from "./http-request.ts";
import { at, filtered, isObject, type Json, type JsonObject, sorted, splitOnce } from "./json.ts";
import { keyOrder } from "./normaliser.ts";
import type { HttpStep, StatsStep } from "./step.ts";

const POLL_WITHIN_MS = 8_000;
const POLL_PAUSE_MS = 40;
const MAX_TEXT = 5_000;
const MAX_SHOWN = 200;

/** What the request itself needs of a step. */
export type Request = Pick<HttpStep, "http" | "to" | "headers" | "body" | "chunked">;

/** @param expected the golden observation, which a step with a condition waits for */
export async function http(context: Context, step: HttpStep, expected: JsonObject | undefined): Promise<Outcome> {
  const look = async (): Promise<JsonObject> => observation(context, step, await request(context, step));
  return { seen: await (step.until ? poll(step, expected, look) : look()) };
}

export async function stats(context: Context, step: StatsStep, expected: JsonObject | undefined): Promise<Outcome> {
  const { topic = context.scope.topic, channel = context.scope.channel } = step;
  const path = `/stats?format=json&include_mem=false&topic=${encodeURIComponent(topic)}`;
  const look = async (): Promise<JsonObject> => {
    const { body } = await request(context, { http: `GET ${path}` });
    const topics = at(JSON.parse(body.toString()) as Json, "topics");
    const found = named(topics, "topic_name", topic);
    if (!found) return { stats: "no such topic" };
    const view = { ...found, channel: named(found.channels, "channel_name", channel) ?? null };
    const fields = step.stats.map((field): [string, Json] => {
      const isAbsent = field.startsWith("channel.") && view.channel === null;
      return [field, isAbsent ? "no such channel" : pick(context, view, field)];
    });
    return { stats: withRanges(step, Object.fromEntries(fields)) };
  };
  return { seen: await poll(step, expected, look) };
}

/** @throws when the target has no such HTTP server, or it does not answer */
export function request({ target }: Context, step: Request): Promise<HttpAnswer> {
  const base = step.to === "lookup" ? target.lookupHttp : target.http;
  if (!base) throw new Error("the target has no such HTTP server");
  const [method, path] = splitOnce(step.http, " ");
  return httpRequest(base, {
    method,
    path,
    headers: { ...target.headers, ...step.headers },
    ...(step.body !== undefined && { body: bytes(step.body) }),
    ...(step.chunked && { chunked: true }),
  });
}

/** Looks until the expected result shows up; the last look counts. */
async function poll(
  { within = POLL_WITHIN_MS }: { within?: number },
  expected: JsonObject | undefined,
  look: () => Promise<JsonObject>,
): Promise<JsonObject> {
  const deadline = performance.now() + within;
  for (;;) {
    const seen = await look();
    const isOver = performance.now() >= deadline || expected === undefined;
    if (isOver || difference(expected, seen) === null) return seen;
    await sleep(POLL_PAUSE_MS);
  }
}

function observation(context: Context, step: HttpStep, { status, headers, body }: HttpAnswer): JsonObject {
  const type = plainType(headers["content-type"]);
  const shown = step.show?.map((name) => [name, context.normaliser.string(String(headers[name] ?? ""))]);
  const seen: JsonObject = {
    status,
    type,
    nsq: plainType(headers["x-nsq-content-type"]),
    ...(shown && { headers: Object.fromEntries(shown) as JsonObject }),
  };
  if (step.noBody) return seen;
  if (!type?.includes("json")) return { ...seen, body: textBody(context, step, body.toString()) };
  const value = parsed(body);
  if (value === undefined) return { ...seen, body: `not JSON: ${body.toString().slice(0, MAX_SHOWN)}` };
  for (const [name, path] of Object.entries(step.save ?? {})) context.scope.set(name, String(at(value, path)));
  return { ...seen, ...(step.keys && { keys: keyOrder(body) }), body: jsonBody(context, step, value) };
}

function textBody({ normaliser }: Context, step: HttpStep, text: string): Json {
  let plain = text;
  for (const [from, to] of step.replace ?? []) plain = plain.replace(new RegExp(from, "gm"), to);
  return normaliser.body(Buffer.from(plain), MAX_TEXT);
}

function jsonBody(context: Context, step: HttpStep, value: Json): Json {
  const { scope, normaliser } = context;
  const isMine = (member: Json): boolean => scope.mentions(JSON.stringify(member));
  let view = value;
  for (const path of step.mine ?? []) view = filtered(view, path, isMine);
  if (step.sort) view = sorted(view);
  if (step.pick === undefined) return withRanges(step, normaliser.json(view));
  const picked = step.pick.map((path) => [normaliser.string(path), pick(context, view, path)]);
  return withRanges(step, Object.fromEntries(picked) as JsonObject);
}

/** The normalised value at a path (null when absent); the path's last part decides how it is normalised. */
function pick({ normaliser }: Context, root: Json, path: string): Json {
  return normaliser.json(at(root, path) ?? null, path.split(".").at(-1));
}

/** Replaces the numbers that lie inside their allowed range by that range. */
function withRanges({ range = {} }: Pick<HttpStep, "range">, root: Json): Json {
  if (!isObject(root)) return root;
  const ranges = Object.entries(range).filter(([path, [min, max]]) => {
    const value = root[path];
    return typeof value === "number" && value >= min && value <= max;
  });
  return { ...root, ...Object.fromEntries(ranges.map(([path, [min, max]]) => [path, `${min}..${max}`])) };
}

function named(list: Json | undefined, key: string, name: string): JsonObject | undefined {
  return Array.isArray(list) ? list.filter(isObject).find((item) => item[key] === name) : undefined;
}

function parsed(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString()) as Json;
  } catch {
    return undefined;
  }
}

function plainType(value: string | string[] | undefined): string | null {
  return value === undefined ? null : String(value).toLowerCase().replaceAll("; ", ";");
}
