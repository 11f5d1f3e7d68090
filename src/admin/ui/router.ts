// Which page a path names, and the path of each page. Names may hold any character, so each part is encoded.

export type Route =
  | { readonly page: "topics" }
  | { readonly page: "topic"; readonly topic: string }
  | { readonly page: "channel"; readonly topic: string; readonly channel: string }
  | { readonly page: "nodes" }
  | { readonly page: "node"; readonly node: string }
  | { readonly page: "lookup" }
  | { readonly page: "counter" }
  | { readonly page: "audit" }
  | { readonly page: "unknown" };

export const BASE = "/admin/";
const UNKNOWN: Route = { page: "unknown" };

export function parsePath(pathname: string): Route {
  if (pathname !== "/admin" && !pathname.startsWith(BASE)) return UNKNOWN;
  const parts = decoded(pathname.slice(BASE.length).replace(/\/$/, ""));
  if (parts === null || parts.length > 3) return UNKNOWN;
  const [page = "", name, channel] = parts;
  if (name === "" || channel === "") return UNKNOWN;
  if (page === "topics" && name !== undefined) {
    return channel === undefined ? { page: "topic", topic: name } : { page: "channel", topic: name, channel };
  }
  if (page === "nodes" && name !== undefined && channel === undefined) return { page: "node", node: name };
  if (name !== undefined) return UNKNOWN;
  if (page === "" || page === "topics") return { page: "topics" };
  if (page === "nodes" || page === "lookup" || page === "counter" || page === "audit") return { page };
  return UNKNOWN;
}

/** topicHref("a#ephemeral") is /admin/topics/a%23ephemeral */
export function topicHref(topic: string): string {
  return `${BASE}topics/${encodeURIComponent(topic)}`;
}

export function channelHref(topic: string, channel: string): string {
  return `${topicHref(topic)}/${encodeURIComponent(channel)}`;
}

export function nodeHref(node: string): string {
  return `${BASE}nodes/${encodeURIComponent(node)}`;
}

function decoded(path: string): string[] | null {
  try {
    return path.split("/").map(decodeURIComponent);
  } catch {
    // A lone % encodes nothing: no page of ours has such a path.
    return null;
  }
}
