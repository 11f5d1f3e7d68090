// The forms of nsqd's HTTP answers (spec 3.1, nsq internal/http_api/api_response.go).

import type { Refusal } from "../auth/doorkeeper.ts";

/** What an answer holds, a browser must not guess. */
const SNIFFING = { "X-Content-Type-Options": "nosniff" };
const NSQ_HEADERS = { ...SNIFFING, "X-NSQ-Content-Type": "nsq; version=1.0" };
const JSON_HEADERS = { ...NSQ_HEADERS, "Content-Type": "application/json; charset=utf-8" };
const TEXT_HEADERS = { ...SNIFFING, "Content-Type": "text/plain; charset=utf-8" };
const EXPOSITION_HEADERS = { ...SNIFFING, "Content-Type": "text/plain; version=0.0.4; charset=utf-8" };
/** Made once: whatever is published is answered with them. */
const OK_HEADERS = new Headers({ ...NSQ_HEADERS, ...TEXT_HEADERS });

const UNAUTHORIZED = { "WWW-Authenticate": 'Bearer realm="nsq-edge"' };
const CLOSED =
  "This broker is closed: nobody has said who may use it. Set the secret `auth-tokens` (docs/security.md), or, if whoever " +
  "can reach the broker shall be able to use it, the variable `open` to `true`.\n";

/** A request that is refused: the status, and the code that is the message. */
export class HttpError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    this.status = status;
    this.code = code;
  }
}

/** What a handler answers: text, nothing, something to be sent as JSON, or an error. */
export function ok(text = ""): Response {
  return text === ""
    ? new Response(null, { headers: { ...NSQ_HEADERS, "Content-Length": "0" } })
    : new Response(text, { headers: OK_HEADERS });
}

export function json(value: unknown): Response {
  return rawJson(JSON.stringify(value));
}

export function rawJson(text: string): Response {
  return new Response(text, { headers: JSON_HEADERS });
}

export function error({ status, code }: HttpError, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ message: code }), { status, headers: { ...JSON_HEADERS, ...headers } });
}

/** What somebody is told who is not let in: not why. */
export function refused(refusal: Refusal): Response {
  switch (refusal) {
    case "closed":
      return plain(CLOSED, 403);
    case "unauthorized":
      return error(new HttpError(401, "UNAUTHORIZED"), UNAUTHORIZED);
    case "forbidden":
      return error(new HttpError(403, "FORBIDDEN"));
    case "unavailable":
      return error(new HttpError(503, "AUTH_UNAVAILABLE"));
    case "too-many":
      return error(new HttpError(429, "TOO_MANY_REQUESTS"), { "Retry-After": "60" });
  }
}

/** What Prometheus scrapes. */
export function exposition(text: string): Response {
  return new Response(text, { headers: EXPOSITION_HEADERS });
}

/** The decorator that /ping and the debug routes have in nsqd: no version header. */
export function plain(text: string, status = 200): Response {
  return new Response(text, { status, headers: TEXT_HEADERS });
}
