// The Worker: which door a request comes to, and who comes in.

import { env as ownEnv } from "cloudflare:workers";
import { isBrowserAtRoot, isPagePath, openPages, toPages } from "./admin/pages.ts";
import { isPreflight, originOf, preflightAnswer, shared } from "./auth/origin.ts";
import { openV1, openV2, serveTcp, V1_NEED, v2Need } from "./gateway/doors.ts";
import { Broker } from "./http/broker.ts";
import { error, HttpError, refused } from "./http/respond.ts";
import { createRouter, internalError } from "./http/router.ts";
import { pathOf } from "./http/target.ts";
import { levelNumber, parseOptions } from "./options.ts";
import { routes } from "./routes.ts";

export { Channel } from "./durable/Channel.ts";
export { Lookup } from "./durable/Lookup.ts";
export { Topic } from "./durable/Topic.ts";

/** By environment: its vars never change. */
const brokers = new WeakMap<Env, Broker>();

const route = createRouter(routes);

sayWhetherOpen(newBroker(ownEnv));

export default {
  async fetch(request, env, context) {
    const broker = brokerOf(env);
    if (broker === null) return error(new HttpError(500, "INVALID_CONFIGURATION"));
    if (request.headers.has("Origin")) return answerPage(request, broker, context).catch(internalError);
    return answer(request, broker, context);
  },

  /** Raw TCP, where the runtime accepts it: local development and self-hosting. */
  async connect(socket, env) {
    const broker = brokerOf(env);
    if (broker === null || broker.doorkeeper.isClosed) await socket.close();
    else await serveTcp(socket, broker);
  },
} satisfies ExportedHandler<Env>;

/** Answers a browser that says of which origin the page is that calls. */
async function answerPage(request: Request, broker: Broker, context: ExecutionContext): Promise<Response> {
  const origin = originOf(request, broker.options.allowedOrigins);
  if (origin.kind === "own") return answer(request, broker, context);
  if (origin.kind === "foreign") return refused("forbidden");
  if (isPreflight(request)) return preflightAnswer(origin.origin);
  return shared(await answer(request, broker, context), origin.origin);
}

/** Once, when it starts: nobody shall find out by accident. */
function sayWhetherOpen(broker: Broker | null): void {
  if (!broker?.doorkeeper.isOpen || levelNumber(broker.options.logLevel) > levelNumber("info")) return;
  const { logPrefix } = broker.options;
  console.info(`${logPrefix}INFO: open: whoever can reach this broker may use it (docs/security.md)`);
}

async function answer(request: Request, broker: Broker, context: ExecutionContext): Promise<Response> {
  const pathname = pathOf(request.url);
  if (pathname === "/v2") return v2(request, pathname, broker, context).catch(internalError);
  if (pathname === "/v1") return v1(request, pathname, broker).catch(internalError);
  if (isPagePath(pathname)) return openPages(request, pathname, broker).catch(internalError);
  if (isBrowserAtRoot(request, pathname) && !broker.doorkeeper.isClosed) return toPages();
  return route(request, pathname, broker);
}

async function v2(request: Request, pathname: string, broker: Broker, context: ExecutionContext): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const names = { topic: searchParams.get("topic"), channel: searchParams.get("channel") };
  const { doorkeeper } = broker;
  const need = v2Need(names);
  const caller =
    need === null ? doorkeeper.identify(request, pathname) : doorkeeper.admit(request, pathname, need, names);
  const known = await caller;
  const answer = typeof known === "string" ? known : await openV2(request, broker, known, names, context);
  return typeof answer === "string" ? refused(answer) : answer;
}

async function v1(request: Request, pathname: string, broker: Broker): Promise<Response> {
  const caller = await broker.doorkeeper.admit(request, pathname, V1_NEED, { topic: null, channel: null });
  const answer = typeof caller === "string" ? caller : await openV1(request, broker, caller);
  return typeof answer === "string" ? refused(answer) : answer;
}

/** Null when an option is wrong. */
function brokerOf(env: Env): Broker | null {
  const broker = brokers.get(env) ?? newBroker(env);
  if (broker !== null) brokers.set(env, broker);
  return broker;
}

/** Null when an option is wrong: the log says which. */
function newBroker(env: Env): Broker | null {
  try {
    return Broker.create(env, parseOptions({ ...env }));
  } catch (cause) {
    console.error("wrong configuration:", cause);
    return null;
  }
}
