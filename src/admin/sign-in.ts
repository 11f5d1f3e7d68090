// Signing in to the pages with a token, and out again. A session is a cookie that no script can read, signed by the broker: it is kept
// nowhere, and opens nothing but the pages and their API.

import { accessAssertionOf, sessionCookie } from "../auth/credential.ts";
import { type Doorkeeper, peerOf, type Refusal } from "../auth/doorkeeper.ts";
import { readBody } from "../http/params.ts";
import { refused } from "../http/respond.ts";
import { allowsForEverything, type Identity } from "../identity/identity.ts";
import { fromUtf8 } from "../protocol/bytes.ts";
import { isFromElsewhere } from "./caller.ts";

export const SIGN_IN = "/admin/login";
export const SIGN_OUT = "/admin/logout";
/** Where they lie. */
export const PAGES = "/admin/";
const ACCESS_SIGN_OUT = "/cdn-cgi/access/logout";
/** Bytes of the form. */
const MAX_FORM = 16_384;
/** Letters of a cookie that every browser keeps (RFC 6265 6.1), less its name and attributes. */
const MAX_SESSION = 3_800;

/** What the sign-in page says, behind the `#` of its address: it needs no script for that. */
type Reason = "wrong" | "expired" | "forbidden" | "wait" | "unavailable" | "disabled" | "too-long" | "signed-out" | "";

const REASONS: Readonly<Record<Refusal, Reason>> = {
  closed: "",
  unauthorized: "wrong",
  forbidden: "forbidden",
  unavailable: "unavailable",
  "too-many": "wait",
};

/** What keeps somebody from the pages: null for nothing. */
export async function missingForPages(
  request: Request,
  pathname: string,
  doorkeeper: Doorkeeper,
): Promise<Reason | null> {
  const caller = await doorkeeper.identify(request, pathname);
  if (caller === null) return "";
  if (caller === "unauthorized") return "expired";
  return typeof caller === "string" ? REASONS[caller] : missingFor(caller);
}

/** The pages show all topics there are. */
function missingFor(identity: Identity): Reason | null {
  return allowsForEverything(identity, "read") ? null : "forbidden";
}

export async function signIn(request: Request, doorkeeper: Doorkeeper): Promise<Response> {
  // Else another page could sign somebody in as somebody else.
  if (isFromElsewhere(request)) return refused("forbidden");
  const form = await readBody(request, MAX_FORM);
  const token = new URLSearchParams(form === null ? "" : fromUtf8(form)).get("token") ?? "";
  const caller = await doorkeeper.authenticate(token.trim(), peerOf(request));
  if (typeof caller === "string") return toSignIn(REASONS[caller]);
  const missing = missingFor(caller);
  if (missing !== null) return toSignIn(missing);
  const session = await doorkeeper.issueSession(caller);
  if (session === null) return toSignIn("disabled");
  if (session.token.length > MAX_SESSION) return toSignIn("too-long");
  return redirect(PAGES, 303, sessionCookie(request, session.token, session.seconds));
}

export function signOut(request: Request): Response {
  if (isFromElsewhere(request)) return refused("forbidden");
  // Whoever came through Cloudflare Access would be let in again at once.
  const to = accessAssertionOf(request) === null ? `${SIGN_IN}#signed-out` : ACCESS_SIGN_OUT;
  return redirect(to, 303, sessionCookie(request, "", 0));
}

export function toSignIn(reason: Reason): Response {
  return redirect(reason === "" ? SIGN_IN : `${SIGN_IN}#${reason}`, 303);
}

/** Who is sent on where, a cache must not know. */
export function redirect(location: string, status: 302 | 303, cookie?: string): Response {
  const headers = { Location: location, "Cache-Control": "no-store", ...(cookie && { "Set-Cookie": cookie }) };
  return new Response(null, { status, headers });
}
