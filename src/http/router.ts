// Routes requests by a table, with the behaviour of nsqd's router towards what is not in it (spec 3.1; httprouter 1.3).

import { type IRequest, Router } from "itty-router";
import type { Broker } from "./broker.ts";
import { error, HttpError } from "./respond.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** `params` are the parts of the path that the route leaves open, in their order and as they were sent: not decoded. */
export type Handler = (request: Request, broker: Broker, ...params: string[]) => Promise<Response | HttpError>;

export interface Route {
  readonly method: Method;
  /** `:name` stands for one part of the path. */
  readonly path: string;
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
  const routes = table.map(compile);
  const router = Router<IRequest, [Broker]>();
  for (const { method, path, handler } of routes) {
    const names = [...path.matchAll(PARAM)].map(([name]) => name.slice(1));
    router[method.toLowerCase() as Lowercase<Method>](path, (request, broker) =>
      handler(request as unknown as Request, broker, ...names.map((name) => request.params[name] ?? "")),
    );
  }
  router.all("*", (request) => unrouted(routes, request as unknown as Request));
  // Only a path that leaves a part open must be searched for.
  const fixed = new Map(
    routes.filter(({ path }) => !path.includes(":")).map(({ method, path, handler }) => [`${method} ${path}`, handler]),
  );
  const find = (request: Request, pathname: string, broker: Broker): Promise<Response | HttpError> | Response => {
    const handler = fixed.get(`${request.method} ${pathname}`);
    if (handler) return handler(request, broker);
    // itty-router takes a slash too many for nothing; nsqd redirects.
    const isExact = routes.some(({ pattern }) => pattern.test(pathname));
    return isExact ? router.fetch(request, broker) : unrouted(routes, request);
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
