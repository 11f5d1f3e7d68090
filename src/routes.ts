// Every route there is, and what it takes to be let in there.

import { adminRoutes } from "./admin/admin-api.ts";
import { nsqdRoutes } from "./http/nsqd-api.ts";
import { nsqlookupdRoutes } from "./http/nsqlookupd-api.ts";
import type { Route } from "./http/router.ts";
import { tokenRoutes } from "./http/tokens.ts";

export const routes: readonly Route[] = [...nsqdRoutes, ...nsqlookupdRoutes, ...tokenRoutes, ...adminRoutes];
