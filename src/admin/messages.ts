// Looking inside a topic or channel, and dealing with single messages (src/admin/api.ts says what is asked and answered).

import { may } from "../auth/need.ts";
import { FIRST_NODE } from "../durable/object-names.ts";
import type { SeenMessage } from "../durable/topic-look.ts";
import type { Broker } from "../http/broker.ts";
import type { DocumentedRoute } from "../http/documented.ts";
import { jsonBody } from "../http/json-body.ts";
import { Params, readBody } from "../http/params.ts";
import { publishMessage } from "../http/publish.ts";
import { HttpError, json } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import { fromByteString, toByteString } from "../protocol/bytes.ts";
import { MESSAGE_ID_LENGTH, messageId, NOT_AN_ID, parseMessageId } from "../protocol/message-id.ts";
import { isValidName } from "../protocol/names.ts";
import type { LookPlace } from "../queue/look.ts";
import * as docs from "./admin-docs.ts";
import { MESSAGE_LISTS, type MessageList, type MessagesAnswer, type MessageView } from "./api.ts";
import { audited } from "./audit.ts";
import { numberParam } from "./number-param.ts";
import { CHANNEL_NOT_FOUND, TOPIC_NOT_FOUND } from "./topics.ts";

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
/** Consumers must catch up first. */
const TOO_MANY_MESSAGES = new HttpError(409, "TOO_MANY_MESSAGES");
const MESSAGE_NOT_FOUND = new HttpError(404, "MESSAGE_NOT_FOUND");

const DONE = { message: "" };

const topicMessages: Handler = (request, broker, topic = "") => look(request, broker, topic, null);
const channelMessages: Handler = (request, broker, topic = "", channel = "") => look(request, broker, topic, channel);

const body: Handler = async (request, broker, topic = "", id = "") => {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const seq = seqOf(id);
  const due = instant(params.get("due"));
  if (due instanceof HttpError) return due;
  const channel = params.get("channel");
  const found = isValidName(topic) && seq !== null ? await broker.topic(topic).body(channel, seq, due) : null;
  if (found === null) return MESSAGE_NOT_FOUND;
  const headers = {
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename="${id}"`,
    "X-Content-Type-Options": "nosniff",
  };
  return new Response(found, { headers });
};

const publish: Handler = async (request, broker, topic = "") => {
  if (!isValidName(topic)) return new HttpError(400, "INVALID_TOPIC");
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const message = await readBody(request, broker.options.maxMsgSize);
  return audited(request, broker, { action: "publish_message", topic }, async () => {
    return (await publishMessage(broker, topic, message, params.get("defer"))) ?? json(DONE);
  });
};

const intervene: Handler = async (request, broker, topic = "", channel = "", id = "") => {
  const order = await jsonBody(request);
  if (order instanceof HttpError) return order;
  const { action, due = null } = order;
  if (action !== "finish" && action !== "requeue") return new HttpError(400, "INVALID_ACTION");
  if (due !== null && !Number.isSafeInteger(due)) return new HttpError(400, "INVALID_DUE");
  const seq = seqOf(id);
  const entry = { action: `${action}_message`, topic, channel, messageId: id };
  return audited(request, broker, entry, async () => {
    if (!isValidName(topic)) return TOPIC_NOT_FOUND;
    if (seq === null) return MESSAGE_NOT_FOUND;
    const outcome = await broker
      .topic(topic)
      .intervene(channel, { intervention: action, seq, due: due as number | null });
    if (outcome === "done") return json(DONE);
    if (outcome === "no-message") return MESSAGE_NOT_FOUND;
    if (outcome === "too-many") return TOO_MANY_MESSAGES;
    return outcome === "no-topic" ? TOPIC_NOT_FOUND : CHANNEL_NOT_FOUND;
  });
};

// biome-ignore format: a route a line
export const messageRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/messages/:topic", need: may("read", "topic"), handler: topicMessages, doc: docs.topicMessages },
  { method: "GET", path: "/messages/:topic/:channel", need: may("read", "channel"), handler: channelMessages, doc: docs.channelMessages },
  { method: "GET", path: "/message/:topic/:id", need: may("read", "topic"), handler: body, doc: docs.body },
  { method: "POST", path: "/message/:topic", need: may("publish", "topic"), creates: true, handler: publish, doc: docs.publish },
  { method: "POST", path: "/message/:topic/:channel/:id", need: may("admin", "channel"), handler: intervene, doc: docs.intervene },
];

async function look(
  request: Request,
  broker: Broker,
  topic: string,
  channel: string | null,
): Promise<Response | HttpError> {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const list = params.get("list") ?? "waiting";
  if (!isList(list) || list === (channel === null ? "in_flight" : "latest"))
    return new HttpError(400, "INVALID_ARG_LIST");
  const place = placeOf(params.get("page"));
  if (place instanceof HttpError) return place;
  const limit = numberParam(params, "limit", { byDefault: DEFAULT_LIMIT, min: 1, max: MAX_LIMIT });
  if (limit instanceof HttpError) return limit;
  if (!isValidName(topic)) return TOPIC_NOT_FOUND;
  const page = await broker.topic(topic).look(channel, { list, place, limit, search: params.get("search") ?? "" });
  if (page === "no-topic") return TOPIC_NOT_FOUND;
  if (page === "no-channel") return CHANNEL_NOT_FOUND;
  const next = page.next && `${page.next.section}:${page.next.order}:${page.next.seq}`;
  return json({ list, messages: page.messages.map(messageView), next, message: "" } satisfies MessagesAnswer);
}

function messageView({ seq, owner, ...seen }: SeenMessage): MessageView {
  return {
    id: messageId(FIRST_NODE, seq),
    timestamp: seen.timestamp,
    attempts: seen.attempts,
    size: seen.size,
    preview: btoa(toByteString(seen.preview)),
    due: seen.due,
    delivered_at: seen.deliveredAt,
    deadline: seen.deadline,
    client: owner && { client_id: owner.client_id, hostname: owner.hostname, remote_address: owner.remote_address },
    is_match: seen.isMatch,
  };
}

function isList(text: string): text is MessageList {
  return (MESSAGE_LISTS as readonly string[]).includes(text);
}

/** Null for the first page. */
function placeOf(page: string | null): LookPlace | null | HttpError {
  if (page === null || page === "") return null;
  const [, section, order, seq] = /^(channel|log):(\d{1,16}):(\d{1,16})$/.exec(page) ?? [];
  if (section !== "channel" && section !== "log") return new HttpError(400, "INVALID_ARG_PAGE");
  return { section, order: Number(order), seq: Number(seq) };
}

/** Null when it is no id of this node. */
function seqOf(id: string): number | null {
  if (id.length !== MESSAGE_ID_LENGTH || /[^0-9a-f]/.test(id)) return null;
  const seq = parseMessageId(fromByteString(id), 0, FIRST_NODE);
  return seq === NOT_AN_ID ? null : seq;
}

function instant(text: string | null): number | null | HttpError {
  if (text === null || text === "") return null;
  return /^\d{1,16}$/.test(text) ? Number(text) : new HttpError(400, "INVALID_ARG_DUE");
}
