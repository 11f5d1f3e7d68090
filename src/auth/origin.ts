// Pages of other origins: a browser sends their calls with whatever lets its user in, and some without asking. They may call only where
// the operator has named them (fetch.spec.whatwg.org, http-cors-protocol).

import { calledAt, isLoopback } from "./called-at.ts";

const METHODS = "GET, POST, PUT, DELETE, OPTIONS";
const HEADERS = "Authorization, Content-Type";
const DAY = "86400";

/** `own` for everybody but pages of other origins. */
export type Origin =
  | { readonly kind: "own" }
  | { readonly kind: "foreign" }
  | { readonly kind: "allowed"; readonly origin: string };

export function originOf(request: Request, allowedOrigins: readonly string[]): Origin {
  const origin = request.headers.get("Origin");
  if (origin === null) return { kind: "own" };
  const url = calledAt(request);
  if (origin === url.origin) return { kind: "own" };
  // On a machine of one's own, its pages are one's own, too.
  const isLocal = isLoopback(url.hostname) && isLoopback(URL.parse(origin)?.hostname ?? "");
  return isLocal || allowedOrigins.includes(origin) ? { kind: "allowed", origin } : { kind: "foreign" };
}

/** Whether a browser asks whether a page may call. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("Access-Control-Request-Method");
}

export function preflightAnswer(origin: string): Response {
  const headers = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": HEADERS,
    "Access-Control-Max-Age": DAY,
  };
  return shared(new Response(null, { status: 204, headers }), origin);
}

/** Lets a page of another origin read an answer. */
export function shared(response: Response, origin: string): Response {
  if (response.webSocket) return response;
  const copy = new Response(response.body, response);
  copy.headers.set("Access-Control-Allow-Origin", origin);
  copy.headers.append("Vary", "Origin");
  return copy;
}
