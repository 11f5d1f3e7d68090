// Routes requests by a table, with the behaviour of nsqd's router towards what is not in it (spec 3.1; httprouter 1.3).

import { type IRequest, Router } from "itty-router";
import { IDENTITY, type Names, type Need } from "../auth/need.ts";
import type { Broker } from "./broker.ts";
import { Params } from "./params.ts";
import { error, HttpError, refused } from "./respond.ts";
import { pathOf } from "./target.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** `params` are the parts of the path that the route leaves open, in their order and as they were sent: not decoded. */
export type Handler = (request: Request, broker: Broker, ...params: string[]) => Promise<Response | HttpError>;

export interface Route {
  readonly method: Method;
  /** `:name` stands for one part of the path. */
  readonly path: string;
  /** What it takes to be let in. */
  readonly need: Need;
  /** Whether the topic and channel that it names may come to be by it. */
  readonly creates?: boolean;
  readonly handler: Handler;
}

interface CompiledRoute extends Route {
  readonly pattern: RegExp;
  readonly loosePattern: RegExp;
}

/** Below, parts of the path name what an order is about. */
const ORDERS = "/admin/";
const PARAM = /:\w+/g;
const NOT_FOUND = new HttpError(404, "NOT_FOUND");
const METHOD_NOT_ALLOWED = new HttpError(405, "METHOD_NOT_ALLOWED");
const INTERNAL_ERROR = new HttpError(500, "INTERNAL_ERROR");

export function createRouter(table: readonly Route[]) {
  const routes = table.map((route) => compile({ ...route, handler: admitted(route) }));
  const router = Router<IRequest, [Broker]>();
  for (const { method, path, handler } of routes) {
    const names = openParts(path);
    router[method.toLowerCase() as Lowercase<Method>](path, (request, broker) =>
      handler(request as unknown as Request, broker, ...names.map((name) => request.params[name] ?? "")),
    );
  }
  router.all("*", (request, broker) => elsewhere(routes, request as unknown as Request, broker));
  // Only a path that leaves a part open must be searched for.
  const fixed = new Map(
    routes.filter(({ path }) => !path.includes(":")).map(({ method, path, handler }) => [`${method} ${path}`, handler]),
  );
  const find = (request: Request, pathname: string, broker: Broker): Promise<Response | HttpError> => {
    const handler = fixed.get(`${request.method} ${pathname}`);
    if (handler) return handler(request, broker);
    // itty-router takes a slash too many for nothing; nsqd redirects.
    const isExact = routes.some(({ pattern }) => pattern.test(pathname));
    // itty-router would resolve dots and turn backslashes: what it then finds is not what was looked at.
    const isAsSent = isExact && new URL(request.url).pathname === pathname;
    return isAsSent ? router.fetch(request, broker) : elsewhere(routes, request, broker);
  };
  return async (request: Request, pathname: string, broker: Broker): Promise<Response> => {
    try {
      const answer = await find(request, pathname, broker);
      return answer instanceof HttpError ? error(answer) : answer;
    } catch (cause) {
      return internalError(cause);
    }
  };
}

/** The names of the parts that a path leaves open. */
function openParts(path: string): string[] {
  return [...path.matchAll(PARAM)].map(([name]) => name.slice(1));
}

/** A handler that is called for those who are let in, with the broker as they see it. */
function admitted({ path, need, creates = false, handler }: Route): Handler {
  const parts = openParts(path);
  return async (request, broker, ...params) => {
    const { isOpen, limits } = broker.doorkeeper;
    const isLimited = creates && limits.limitsCreation;
    if (isOpen && !isLimited) return handler(request, broker, ...params);
    const names = namesOf(request, parts, params);
    const seen = await broker.admit(request, path, need, names);
    if (typeof seen === "string") return refused(seen);
    if (isLimited && names.topic !== null && (await seen.mayCreate(request, names)) === false)
      return refused("too-many");
    return handler(request, seen, ...params);
  };
}

/** The topic and channel that a call is about: of its path, or else of its query. What is malformed is none, and is refused by the handler. */
function namesOf(request: Request, parts: readonly string[], params: readonly string[]): Names {
  const query = Params.of(request);
  const named = (name: string): string | null => {
    const at = parts.indexOf(name);
    if (at >= 0) return decoded(params[at] as string);
    return query instanceof HttpError ? null : query.get(name);
  };
  return { topic: named("topic"), channel: named("channel") };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null; // it is malformed
  }
}

/** Where there is no route; only somebody who is known is told so. */
async function elsewhere(routes: readonly CompiledRoute[], request: Request, broker: Broker): Promise<Response> {
  if (broker.doorkeeper.isOpen) return unrouted(routes, request);
  const seen = await broker.admit(request, pathOf(request.url), IDENTITY, { topic: null, channel: null });
  return typeof seen === "string" ? refused(seen) : unrouted(routes, request);
}

function compile(route: Route): CompiledRoute {
  const source = `^${route.path.replace(PARAM, "[^/]+")}$`;
  return { ...route, pattern: new RegExp(source), loosePattern: new RegExp(source, "i") };
}

function unrouted(routes: readonly CompiledRoute[], request: Request): Response {
  const url = new URL(request.url);
  const allowed = routes.filter(({ pattern }) => pattern.test(url.pathname)).map(({ method }) => method);
  if (allowed.length > 0) {
    const headers = { Allow: [...new Set<string>([...allowed, "OPTIONS"])].sort().join(", ") };
    return request.method === "OPTIONS" ? new Response(null, { headers }) : error(METHOD_NOT_ALLOWED, headers);
  }
  const meant = meantPath(routes, request.method, url.pathname);
  // What orders something may have lost the last part of its path, as URLs lose `.`: it must not be carried out on another thing.
  const isOrder = request.method !== "GET" && url.pathname.startsWith(ORDERS);
  if (meant === null || isOrder) return error(NOT_FOUND);
  return new Response(null, {
    status: request.method === "GET" ? 301 : 307,
    headers: { Location: meant + url.search },
  });
}

/** The path of a route that differs only in case, in a slash at the end, or in doubled slashes. */
function meantPath(routes: readonly CompiledRoute[], method: string, pathname: string): string | null {
  const clean = pathname.replace(/\/{2,}/g, "/");
  for (const candidate of [clean, clean.replace(/\/$/, ""), `${clean}/`]) {
    const route = routes.find(({ method: other, loosePattern }) => other === method && loosePattern.test(candidate));
    if (route) return filledIn(route.path, candidate);
  }
  return null;
}

/** A route's path with the open parts of another path. */
function filledIn(path: string, other: string): string {
  const parts = other.split("/");
  return path
    .split("/")
    .map((part, index) => (part.startsWith(":") ? parts[index] : part))
    .join("/");
}

/** What went wrong inside is for the log, not for the peer. */
export function internalError(cause: unknown): Response {
  console.error("request failed:", cause);
  return error(INTERNAL_ERROR);
}
