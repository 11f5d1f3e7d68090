// Every route there is, what it takes to be let in there, and the document of them.

import { adminRoutes } from "./admin/admin-api.ts";
import { adminSchemas } from "./admin/admin-schemas.ts";
import type { DocumentedRoute } from "./http/documented.ts";
import { nsqdRoutes } from "./http/nsqd-api.ts";
import { nsqdSchemas } from "./http/nsqd-schemas.ts";
import { nsqlookupdRoutes } from "./http/nsqlookupd-api.ts";
import { lookupSchemas } from "./http/nsqlookupd-docs.ts";
import { openApi, openApiRoute, type RouteGroup } from "./http/openapi.ts";
import { tokenRoutes } from "./http/tokens.ts";

const groups: readonly RouteGroup[] = [
  { tag: "nsqd", about: "nsqd's API", routes: nsqdRoutes },
  { tag: "nsqlookupd", about: "nsqlookupd's API", routes: nsqlookupdRoutes },
  { tag: "tokens", about: "Tokens that are made of larger ones", routes: tokenRoutes },
  { tag: "nsqadmin", about: "nsqadmin's API, and what its pages need beside it", routes: adminRoutes },
  { tag: "document", about: "This document", routes: [openApiRoute(openApiDocument)] },
];

export const routes: readonly DocumentedRoute[] = groups.flatMap((group) => group.routes);

export function openApiDocument(): object {
  return openApi(groups, { ...nsqdSchemas, ...lookupSchemas, ...adminSchemas });
}
