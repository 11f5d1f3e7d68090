// Who calls: somebody who is known, or whoever the request says it is where nobody is asked (spec 6.5, nsqadmin/notify.go).

import { calledAt } from "../auth/called-at.ts";
import { type Identity, shownName } from "../identity/identity.ts";
import { fromByteString, fromUtf8 } from "../protocol/bytes.ts";

export interface Caller {
  readonly user: string;
  readonly remote_ip: string;
  readonly user_agent: string;
  readonly url: string;
}

export function callerOf(request: Request, identity: Identity): Caller {
  const { headers } = request;
  return {
    user: shownName(identity) || basicAuthUser(headers.get("Authorization") ?? ""),
    remote_ip: headers.get("CF-Connecting-IP") ?? "",
    user_agent: headers.get("User-Agent") ?? "",
    url: calledAt(request).href,
  };
}

/** Whether a browser says that a page of another origin sends the request: such a page could act with the rights of who looks at it. */
export function isFromElsewhere(request: Request): boolean {
  const { headers } = request;
  const site = headers.get("Sec-Fetch-Site") ?? "none";
  if (site !== "same-origin" && site !== "none") return true;
  const origin = headers.get("Origin");
  return origin !== null && origin !== calledAt(request).origin;
}

/** Empty when there is none. */
function basicAuthUser(authorization: string): string {
  const [, credentials] = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  if (credentials === undefined) return "";
  try {
    const text = fromUtf8(fromByteString(atob(credentials)));
    return text.slice(0, Math.max(0, text.indexOf(":")));
  } catch {
    return ""; // it was not base64
  }
}
