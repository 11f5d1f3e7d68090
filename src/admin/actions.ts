// POST and DELETE on /topics and /nodes: what an administrator has done to topics and channels, on every node that has them (spec 6.3,
// nsqadmin/http.go). What exists nowhere is not found; a node that cannot be reached is a warning.

import { may } from "../auth/need.ts";
import type { Broker } from "../http/broker.ts";
import type { DocumentedRoute } from "../http/documented.ts";
import { jsonBody } from "../http/json-body.ts";
import { HttpError, json, refused } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import { allows } from "../identity/identity.ts";
import { isValidName } from "../protocol/names.ts";
import * as docs from "./admin-docs.ts";
import type { Answer } from "./api.ts";
import { audited } from "./audit.ts";
import { carryOut, producersOf, warning } from "./cluster.ts";
import { NODE_NOT_FOUND, nodeAt } from "./nodes.ts";
import type { Order } from "./nsqd-node.ts";
import { CHANNEL_NOT_FOUND, TOPIC_NOT_FOUND } from "./topics.ts";

const INVALID_TOPIC = new HttpError(400, "INVALID_TOPIC");

const create: Handler = async (request, broker) => {
  const body = await jsonBody(request);
  if (body instanceof HttpError) return body;
  const { topic, channel = "" } = body;
  if (!isName(topic)) return INVALID_TOPIC;
  if (channel !== "" && channel !== null && !isName(channel)) return new HttpError(400, "INVALID_CHANNEL");
  const channels = isName(channel) ? ["", channel] : [""];
  if (!channels.every((each) => allows(broker.identity, "admin", topic, each))) return refused("forbidden");
  const names = { topic, channel: isName(channel) ? channel : null };
  if ((await broker.mayCreate(request, names)) === false) return refused("too-many");
  const created = await audited(request, broker, { action: "create_topic", topic }, async () => {
    await broker.lookup.createTopic(topic);
    return carriedOut(request, broker, { verb: "create", topic, channel: null });
  });
  if (created instanceof HttpError || !isName(channel)) return created;
  return audited(request, broker, { action: "create_channel", topic, channel }, async () => {
    await broker.lookup.createChannel(topic, channel);
    return carriedOut(request, broker, { verb: "create", topic, channel });
  });
};

const changeTopic: Handler = async (request, broker, topic = "") => {
  const verb = await verbIn(request);
  if (verb instanceof HttpError) return verb;
  const entry = { action: `${verb}_topic`, topic };
  return audited(request, broker, entry, () => carriedOut(request, broker, { verb, topic, channel: null }));
};

const changeChannel: Handler = async (request, broker, topic = "", channel = "") => {
  const verb = await verbIn(request);
  if (verb instanceof HttpError) return verb;
  const entry = { action: `${verb}_channel`, topic, channel };
  return audited(request, broker, entry, () => carriedOut(request, broker, { verb, topic, channel }));
};

const deleteTopic: Handler = (request, broker, topic = "") =>
  audited(request, broker, { action: "delete_topic", topic }, () =>
    carriedOut(request, broker, { verb: "delete", topic, channel: null }),
  );

const deleteChannel: Handler = (request, broker, topic = "", channel = "") =>
  audited(request, broker, { action: "delete_channel", topic, channel }, () =>
    carriedOut(request, broker, { verb: "delete", topic, channel }),
  );

/** The tombstone keeps consumers from making the topic anew there while the node says that it is gone (spec 5.5). */
const tombstone: Handler = async (request, broker, address = "") => {
  const body = await jsonBody(request);
  if (body instanceof HttpError) return new HttpError(body.status, "INVALID_BODY");
  const { topic } = body;
  if (!isName(topic)) return INVALID_TOPIC;
  if (!allows(broker.identity, "admin", topic, "")) return refused("forbidden");
  const entry = { action: "tombstone_topic_producer", topic, node: address };
  return audited(request, broker, entry, async () => {
    const found = await nodeAt(request, broker, address);
    if (found === null) return NODE_NOT_FOUND;
    await broker.lookup.tombstone(topic, address, found.ownAddress);
    const { isDone, failures } = await carryOut([found.node], { verb: "delete", topic, channel: null });
    const isThere = isDone || failures.length > 0 || found.topics.includes(topic);
    return isThere ? json({ message: warning(failures) } satisfies Answer) : TOPIC_NOT_FOUND;
  });
};

// biome-ignore format: a route a line
export const actionRoutes: readonly DocumentedRoute[] = [
  { method: "POST", path: "/topics", need: may("admin", "body"), handler: create, doc: docs.create },
  { method: "POST", path: "/topics/:topic", need: may("admin", "topic"), handler: changeTopic, doc: docs.changeTopic },
  { method: "POST", path: "/topics/:topic/:channel", need: may("admin", "channel"), handler: changeChannel, doc: docs.changeChannel },
  { method: "DELETE", path: "/topics/:topic", need: may("admin", "topic"), handler: deleteTopic, doc: docs.deleteTopic },
  { method: "DELETE", path: "/topics/:topic/:channel", need: may("admin", "channel"), handler: deleteChannel, doc: docs.deleteChannel },
  { method: "DELETE", path: "/nodes/:node", need: may("admin", "body"), handler: tombstone, doc: docs.tombstone },
];

/** Has an order carried out by all nodes that it concerns. */
async function carriedOut(request: Request, broker: Broker, order: Order): Promise<Response | HttpError> {
  const { verb, topic, channel } = order;
  if (!isValidName(topic)) return TOPIC_NOT_FOUND;
  if (channel !== null && !isValidName(channel)) return CHANNEL_NOT_FOUND;
  const { own, elsewhere, known } = await producersOf(request, broker, topic);
  // Lookup forgets first: who is told that something is gone shall not find it there.
  if (verb === "delete") await forget(broker, topic, channel);
  // A topic is new for the broker alone; other nodes have it when they are published to (clusterinfo/data.go CreateTopicChannel).
  const nodes = verb === "create" && channel === null ? [own] : [own, ...elsewhere];
  const { isDone, hasTopic, failures } = await carryOut(nodes, order);
  const isKnown = channel === null ? known !== null : known?.channels.includes(channel);
  if (isDone || isKnown || failures.length > 0) return json({ message: warning(failures) } satisfies Answer);
  return hasTopic || known !== null ? CHANNEL_NOT_FOUND : TOPIC_NOT_FOUND;
}

async function forget(broker: Broker, topic: string, channel: string | null): Promise<void> {
  if (channel === null) await broker.lookup.deleteTopic(topic);
  else await broker.lookup.deleteChannel(topic, channel);
}

async function verbIn(request: Request): Promise<"pause" | "unpause" | "empty" | HttpError> {
  const body = await jsonBody(request);
  if (body instanceof HttpError) return body;
  const { action } = body;
  const isKnown = action === "pause" || action === "unpause" || action === "empty";
  return isKnown ? action : new HttpError(400, "INVALID_ACTION");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && isValidName(value);
}
