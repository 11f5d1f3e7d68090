// What stands for Go's profiler (spec 3.2, 5.4): there is no Go runtime to look into.

import { may } from "../auth/need.ts";
import type { DocumentedRoute } from "./documented.ts";
import { pprof as doc } from "./nsqd-docs.ts";
import { plain } from "./respond.ts";

const TEXT =
  "This broker is no Go program, so it has no pprof. Use the CPU and memory profiler of the platform instead: " +
  "https://developers.cloudflare.com/workers/observability/dev-tools/\n";

export async function noPprof(): Promise<Response> {
  return plain(TEXT, 501);
}

const PROFILES = ["cmdline", "symbol", "profile", "heap", "goroutine", "block", "threadcreate"];

/** The routes of net/http/pprof; nsqd and nsqlookupd have their index at different paths. */
export function pprofRoutes(index: "/debug/pprof/" | "/debug/pprof"): DocumentedRoute[] {
  const profiles = PROFILES.map((profile) => ({ method: "GET", path: `/debug/pprof/${profile}` }) as const);
  const routes = [
    { method: "GET", path: index },
    ...profiles,
    { method: "POST", path: "/debug/pprof/symbol" },
  ] as const;
  return routes.map((route) => ({ ...route, need: may("admin", "everything"), handler: noPprof, doc }));
}
