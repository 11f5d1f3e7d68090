// What a request shows of who sends it. Never in its URL: that is in logs and histories.

import { base64url } from "jose";
import { fromUtf8 } from "../protocol/bytes.ts";
import { SUBPROTOCOL, TOKEN_PREFIX } from "../protocol/subprotocol.ts";
import { calledAt } from "./called-at.ts";

const COOKIE = "nsq-edge-session";
const ACCESS_HEADER = "Cf-Access-Jwt-Assertion";

/** The token of a call; null when it has none. */
function bearerOf({ headers }: Request): string | null {
  const [, token] = /^Bearer +(\S+) *$/i.exec(headers.get("Authorization") ?? "") ?? [];
  return token ?? null;
}

/** The token of an upgrade, from a program or a browser; null when it has none. */
export function tokenOf(request: Request): string | null {
  return bearerOf(request) ?? offered(request).token;
}

/** The subprotocols that a WebSocket is offered with, and the token among them. */
export function offered({ headers }: Request): { isOffered: boolean; token: string | null } {
  const protocols = (headers.get("Sec-WebSocket-Protocol") ?? "").split(",").map((each) => each.trim());
  const bearer = protocols.find((each) => each.startsWith(TOKEN_PREFIX));
  return {
    isOffered: protocols.includes(SUBPROTOCOL),
    token: bearer === undefined ? null : decoded(bearer.slice(TOKEN_PREFIX.length)),
  };
}

/** The token of a session of the pages; null when there is none. */
export function sessionOf(request: Request): string | null {
  const prefix = `${cookieName(request)}=`;
  const cookies = (request.headers.get("Cookie") ?? "").split(";").map((each) => each.trim());
  return cookies.find((each) => each.startsWith(prefix))?.slice(prefix.length) ?? null;
}

/** What Cloudflare Access says of who has signed in; null where it does not stand in front. */
export function accessAssertionOf({ headers }: Request): string | null {
  return headers.get(ACCESS_HEADER);
}

/** The header that keeps a session of the pages in a browser for `seconds`, or ends it there. */
export function sessionCookie(request: Request, token: string, seconds: number): string {
  const secure = isEncrypted(request) ? "; Secure" : "";
  return `${cookieName(request)}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${secure}`;
}

/** Where it can, the browser sees to it that no other host of the domain has set it (RFC 6265bis 4.1.3.2). */
function cookieName(request: Request): string {
  return isEncrypted(request) ? `__Host-${COOKIE}` : COOKIE;
}

export function isEncrypted(request: Request): boolean {
  return calledAt(request).protocol === "https:";
}

/** Base64url, since not every token is made of letters that a protocol may have. An empty one is nobody's. */
function decoded(text: string): string {
  try {
    return fromUtf8(base64url.decode(text));
  } catch {
    return ""; // it is no base64url
  }
}
