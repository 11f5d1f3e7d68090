// Who may call the bridge over HTTP. It acts with a token that whoever calls need not know, and a page in a browser on this machine
// can call it, too: by its address from a foreign origin, or by a name of its own that it points here (DNS rebinding).

import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";

const HOST = /^(?:\[([\d:.a-f]+)\]|([\w.-]+))(?::\d+)?$/i;

/** The host that was called: an address, localhost or one of `names`; null for any other. Pages can have other names only. */
export function calledHost({ host = "" }: IncomingHttpHeaders, names: readonly string[]): string | null {
  const [, ipv6, name] = HOST.exec(host.toLowerCase()) ?? [];
  const called = ipv6 ?? name;
  if (called === undefined) return null;
  return isIP(called) > 0 || called === "localhost" || names.includes(called) ? called : null;
}

/**
 * Whether a page of another origin calls: browsers say so. That the broker has allowed an origin does not count here, since its pages
 * are to have tokens of their own.
 */
export function isForeign({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
  const isOwn = origin === undefined || origin.toLowerCase() === `http://${host}`.toLowerCase();
  return !isOwn || (site !== undefined && site !== "same-origin" && site !== "none");
}
