// The Worker: which door a request comes to.

import { adminRoutes } from "./admin/admin-api.ts";
import { adminPage, isBrowserAtRoot, isPagePath, toPages } from "./admin/pages.ts";
import { openV1, openV2, serveTcp } from "./gateway/doors.ts";
import { Broker } from "./http/broker.ts";
import { nsqdRoutes } from "./http/nsqd-api.ts";
import { nsqlookupdRoutes } from "./http/nsqlookupd-api.ts";
import { error, HttpError, plain } from "./http/respond.ts";
import { createRouter, internalError } from "./http/router.ts";
import { pathOf } from "./http/target.ts";
import { parseOptions } from "./options.ts";

export { Channel } from "./durable/Channel.ts";
export { Lookup } from "./durable/Lookup.ts";
export { Topic } from "./durable/Topic.ts";

const route = createRouter([...nsqdRoutes, ...nsqlookupdRoutes, ...adminRoutes]);

const CLOSED =
  "This broker is closed: whoever could reach it could use it. " +
  "Set the variable `open` to `true` if that is what you want.\n";

export default {
  async fetch(request, env, context) {
    const broker = brokerOf(env);
    if (broker === null) return error(new HttpError(500, "INVALID_CONFIGURATION"));
    const { options } = broker;
    const pathname = pathOf(request.url);
    if (!options.open && pathname !== "/ping") return plain(CLOSED, 403);
    if (pathname === "/v2") return openV2(request, env, options, context).catch(internalError);
    if (pathname === "/v1") return openV1(request, env, options).catch(internalError);
    if (isPagePath(pathname)) return page(request, pathname, env);
    if (isBrowserAtRoot(request, pathname)) return toPages();
    return route(request, pathname, broker);
  },

  /** Raw TCP, where the runtime accepts it: local development and self-hosting. */
  async connect(socket, env) {
    const options = brokerOf(env)?.options;
    if (options?.open) await serveTcp(socket, env, options);
    else await socket.close();
  },
} satisfies ExportedHandler<Env>;

async function page(request: Request, pathname: string, env: Env): Promise<Response> {
  const answer = await adminPage(request, pathname, env.ASSETS).catch(internalError);
  return answer instanceof HttpError ? error(answer) : answer;
}

/** By environment: its vars never change. */
const brokers = new WeakMap<Env, Broker>();

/** Null when an option is wrong: the log says which. */
function brokerOf(env: Env): Broker | null {
  const known = brokers.get(env);
  if (known) return known;
  try {
    const broker = new Broker(env, parseOptions({ ...env }));
    brokers.set(env, broker);
    return broker;
  } catch (cause) {
    console.error("wrong configuration:", cause);
    return null;
  }
}
