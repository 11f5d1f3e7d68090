// The headers that a proxy passes on (RFC 9110 7.6.1).

import type { IncomingMessage } from "node:http";

const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** What concerns this side alone: who is called, what was answered already, and what the browser has of other programs on this machine. */
const OURS = ["host", "expect", "cookie"];

export type Headers = Record<string, string[]>;

export function requestHeaders(request: IncomingMessage): Headers {
  const headers = without(request, [...HOP_BY_HOP, ...OURS]);
  // Node would send the body of a GET as it comes otherwise: as a request of its own.
  if (request.headers["transfer-encoding"] !== undefined) headers["transfer-encoding"] = ["chunked"];
  return headers;
}

export function responseHeaders(response: IncomingMessage): Headers {
  return without(response, HOP_BY_HOP);
}

function without({ headers, headersDistinct }: IncomingMessage, names: readonly string[]): Headers {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const kept = Object.entries(headersDistinct).filter(([name]) => !names.includes(name) && !named.includes(name));
  return Object.fromEntries(kept) as Headers;
}
