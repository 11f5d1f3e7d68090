// GET /audit: the actions of administrators, the newest first.

import { may } from "../auth/need.ts";
import type { DocumentedRoute } from "../http/documented.ts";
import { Params } from "../http/params.ts";
import { HttpError, json } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import * as docs from "./admin-docs.ts";
import type { AuditAnswer } from "./api.ts";
import { numberParam } from "./number-param.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

const audit: Handler = async (request, broker) => {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const before = numberParam(params, "before", { byDefault: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
  if (before instanceof HttpError) return before;
  const limit = numberParam(params, "limit", { byDefault: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT });
  if (limit instanceof HttpError) return limit;
  const found = await broker.lookup.auditPage(before === 0 ? null : before, limit + 1);
  const entries = found.slice(0, limit);
  const next = found.length > limit ? (entries.at(-1)?.id ?? null) : null;
  return json({ entries, next, message: "" } satisfies AuditAnswer);
};

export const auditRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/audit", need: may("read", "everything"), handler: audit, doc: docs.audit },
];
