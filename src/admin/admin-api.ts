// nsqadmin's API (spec 6.3) and what the pages need beside it; src/admin/api.ts says what is answered.

import type { DocumentedRoute } from "../http/documented.ts";
import { HttpError, refused } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import { actionRoutes } from "./actions.ts";
import { auditRoutes } from "./audit-page.ts";
import { isFromElsewhere } from "./caller.ts";
import { messageRoutes } from "./messages.ts";
import { nodeRoutes } from "./nodes.ts";
import { overviewRoutes } from "./overview.ts";
import { topicRoutes } from "./topics.ts";

const PREFIX = "/admin/api";
const INVALID_REQUEST = new HttpError(400, "INVALID_REQUEST");

export const adminRoutes: readonly DocumentedRoute[] = [
  ...topicRoutes,
  ...nodeRoutes,
  ...overviewRoutes,
  ...auditRoutes,
  ...actionRoutes,
  ...messageRoutes,
].map((route) => ({ ...route, path: PREFIX + route.path, handler: guarded(route.handler) }));

/** Gives a handler the parts of the path decoded; [ADM4] what a page of another origin orders does not come to it. */
function guarded(handler: Handler): Handler {
  return async (request, broker, ...params) => {
    if (request.method !== "GET" && isFromElsewhere(request)) return refused("forbidden");
    const decoded = decodedParams(params);
    const answer = decoded === null ? INVALID_REQUEST : await handler(request, broker, ...decoded);
    if (answer instanceof HttpError) return answer;
    answer.headers.set("Cache-Control", "no-store");
    return answer;
  };
}

/** Null when one of them is malformed. */
function decodedParams(params: readonly string[]): string[] | null {
  try {
    return params.map(decodeURIComponent);
  } catch {
    return null;
  }
}
