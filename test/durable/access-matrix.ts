// What every route and door takes, written down once more, by hand: test/durable/access-matrix.test.ts holds it against what they do.

/** Who may come in: a permission for the topic `t`, for its channel `c`, for everything or for anything at all. */
export type Rule =
  | "nobody need be known"
  | "somebody known"
  | "who uses the topic"
  | "publish t"
  | "subscribe t:c"
  | "admin t"
  | "admin t:c"
  | "admin everything"
  | "read t"
  | "read t:c"
  | "read everything"
  | "read anything";

/** Statuses are those of a broker that has the topic `t` with the channel `c`, for somebody who may do everything. */
type Row = readonly [method: string, path: string, query: string, rule: Rule, status?: number];

const T = "?topic=t";
const TC = "?topic=t&channel=c";
/** A message that there is not. */
export const MESSAGE = "0000000000000001";

const NSQD: readonly Row[] = [
  ["POST", "/pub", T, "publish t"],
  ["POST", "/mpub", T, "publish t"],
  ["GET", "/ping", "", "nobody need be known"],
  ["GET", "/info", "", "read anything"],
  ["GET", "/stats", "?format=json", "read everything"],
  ["GET", "/stats", "?topic=&format=json", "read everything"],
  ["GET", "/stats", "?channel=c", "read everything"],
  ["GET", "/stats", T, "read t"],
  ["GET", "/stats", TC, "read t:c"],
  ["GET", "/metrics", "", "read everything"],
  ["POST", "/topic/create", T, "admin t"],
  ["POST", "/topic/delete", T, "admin t"],
  ["POST", "/topic/empty", T, "admin t"],
  ["POST", "/topic/pause", T, "admin t"],
  ["POST", "/topic/unpause", T, "admin t"],
  ["POST", "/channel/create", TC, "admin t:c"],
  ["POST", "/channel/delete", TC, "admin t:c"],
  ["POST", "/channel/empty", TC, "admin t:c"],
  ["POST", "/channel/pause", TC, "admin t:c"],
  ["POST", "/channel/unpause", TC, "admin t:c"],
  ["GET", "/config/:param", "", "admin everything"],
  ["PUT", "/config/:param", "", "admin everything", 400],
  ["PUT", "/debug/setblockrate", "", "admin everything", 501],
  ["POST", "/debug/freememory", "", "admin everything", 501],
];

const LOOKUP_AT_ROOT: readonly Row[] = [
  ["GET", "/lookup", T, "who uses the topic"],
  ["GET", "/topics", "", "read everything"],
  ["GET", "/channels", T, "read t"],
  ["GET", "/nodes", "", "read everything"],
  ["GET", "/debug", "", "read everything"],
  ["POST", "/topic/tombstone", `${T}&node=n:1`, "admin t"],
];

const LOOKUP: readonly Row[] = [
  ...LOOKUP_AT_ROOT,
  ["GET", "/ping", "", "nobody need be known"],
  ["GET", "/info", "", "read anything"],
  ["POST", "/topic/create", T, "admin t"],
  ["POST", "/topic/delete", T, "admin t"],
  // It registers the topic, too.
  ["POST", "/channel/create", TC, "admin t"],
  ["POST", "/channel/delete", TC, "admin t:c"],
];

const PROFILES = ["cmdline", "symbol", "profile", "heap", "goroutine", "block", "threadcreate"];

function pprof(prefix: string, index: string): Row[] {
  return [
    ["GET", `${prefix}${index}`, "", "admin everything", 501],
    ...PROFILES.map((name): Row => ["GET", `${prefix}/debug/pprof/${name}`, "", "admin everything", 501]),
    ["POST", `${prefix}/debug/pprof/symbol`, "", "admin everything", 501],
  ];
}

const ADMIN: readonly Row[] = [
  ["GET", "/topics", "", "read everything"],
  ["GET", "/topics/:topic", "", "read t"],
  ["GET", "/topics/:topic/:channel", "", "read t:c"],
  ["GET", "/nodes", "", "read everything"],
  ["GET", "/nodes/:node", "", "read everything", 404],
  ["GET", "/overview", "", "read everything"],
  ["GET", "/counter", "", "read everything"],
  ["GET", "/info", "", "read anything"],
  ["GET", "/audit", "", "read everything"],
  ["POST", "/topics", "", "admin t"],
  ["POST", "/topics/:topic", "", "admin t"],
  ["POST", "/topics/:topic/:channel", "", "admin t:c"],
  ["DELETE", "/topics/:topic", "", "admin t"],
  ["DELETE", "/topics/:topic/:channel", "", "admin t:c"],
  ["DELETE", "/nodes/:node", "", "admin t", 404],
  ["GET", "/messages/:topic", "", "read t"],
  ["GET", "/messages/:topic/:channel", "", "read t:c"],
  ["GET", "/message/:topic/:id", "", "read t", 404],
  ["GET", "/message/:topic/:id", "?channel=c", "read t", 404],
  ["POST", "/message/:topic", "", "publish t"],
  ["POST", "/message/:topic/:channel/:id", "", "admin t:c", 404],
];

export const ROUTES: readonly Row[] = [
  ...NSQD,
  ...pprof("", "/debug/pprof/"),
  ...LOOKUP_AT_ROOT,
  ...LOOKUP.map(([method, path, ...rest]): Row => [method, `/lookupd${path}`, ...rest]),
  ...pprof("/lookupd", "/debug/pprof"),
  ["POST", "/auth/token", "", "somebody known", 501],
  ["GET", "/openapi.json", "", "nobody need be known"],
  ...ADMIN.map(([method, path, ...rest]): Row => [method, `/admin/api${path}`, ...rest]),
];

/** Doors that are no routes: all of them upgrade to a WebSocket. */
export const DOORS: readonly (readonly [path: string, rule: Rule])[] = [
  ["/v2?topic=t", "publish t"],
  ["/v2?topic=t&channel=c", "subscribe t:c"],
  ["/v1", "admin everything"],
];

/** What is sent to each route that takes a body. */
export function bodyFor(path: string): string {
  if (path === "/auth/token") {
    return JSON.stringify({ authorizations: [{ topic: ".*", channels: [".*"], permissions: ["read"] }] });
  }
  return path.startsWith("/admin/api") ? JSON.stringify({ topic: "t", action: actionFor(path) }) : "x";
}

function actionFor(path: string): string {
  return path.includes("/message/") ? "finish" : "pause";
}

/** The path of a route with what it is about. */
export function filledIn(path: string): string {
  const parts: Record<string, string> = { topic: "t", channel: "c", id: MESSAGE, node: "n:1", param: "log_level" };
  return path.replace(/:(\w+)/g, (_, name: string) => parts[name] as string);
}
