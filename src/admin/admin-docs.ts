// What the document says of the admin API's routes.

import {
  type Answer,
  binary,
  channelFilter,
  channelInPath,
  defer,
  inPath,
  json,
  jsonObject,
  maybe,
  NAME,
  type Refused,
  type RouteDoc,
  topicInPath,
} from "../http/documented.ts";
import { message as messageBody } from "../http/nsqd-docs.ts";
import { nullable, object, oneOf, optional, type Schema, text, whole } from "../http/schema.ts";
import { adminRef } from "./admin-schemas.ts";
import type { Answer as Done } from "./api.ts";

const NO_TOPIC: Refused = [404, "TOPIC_NOT_FOUND"];
const NO_MESSAGE: Refused = [404, "MESSAGE_NOT_FOUND"];
const NO_CHANNEL = { 404: ["CHANNEL_NOT_FOUND", "TOPIC_NOT_FOUND"] };

const done: Answer = json(object<Done>({ message: text }), "Done; `message` says which nodes could not be told.");
const topicPart = topicInPath(NO_TOPIC);
const channelPart = channelInPath(null);
const id = {
  name: "id",
  description: "The id of a message.",
  schema: { ...text, pattern: "^[0-9a-f]{16}$" },
  example: "0000000000000001",
};
const node = inPath(
  {
    name: "node",
    description: "`broadcast_address:http_port`",
    schema: { ...text, pattern: "^.+:\\d+$" },
    example: "127.0.0.1:4151",
  },
  [404, "NODE_NOT_FOUND"],
);

function page(most: number, byDefault: number) {
  const range: Schema = { type: "integer", minimum: 1, maximum: most, default: byDefault };
  return maybe("limit", range, 10, "How many at most.", [400, "INVALID_ARG_LIMIT"]);
}

const search = maybe("search", text, "orders", "A text that they have, in any case.");
const order = jsonObject(
  object<{ action: string }>({ action: { ...oneOf("pause", "unpause", "empty"), "x-invalid": "INVALID_ACTION" } }),
  { action: "pause" },
  "What shall be done.",
);

export const topics: RouteDoc = {
  summary: "All topics, or those without a producer",
  params: [maybe("inactive", { ...oneOf("true", "false") }, "true", "`true` for topics without a producer.")],
  answers: [
    json({ anyOf: [adminRef("TopicsAnswer"), adminRef("InactiveTopicsAnswer")] }, "A list, or channels by topic."),
  ],
};

export const topic: RouteDoc = {
  summary: "A topic on all nodes",
  params: [topicPart],
  answers: [json(adminRef("TopicAnswer"), "Its sums, and each node's figures.")],
};

export const channel: RouteDoc = {
  summary: "A channel on all nodes",
  params: [topicPart, channelPart],
  answers: [json(adminRef("ChannelAnswer"), "Its sums, each node's figures, and its consumers.")],
  errors: NO_CHANNEL,
};

export const nodes: RouteDoc = {
  summary: "All nodes",
  answers: [json(adminRef("NodesAnswer"), "The broker is one of them.")],
};

export const oneNode: RouteDoc = {
  summary: "The topics of a node",
  params: [node],
  answers: [json(adminRef("NodeAnswer"), "With their consumers.")],
};

export const overview: RouteDoc = {
  summary: "Topics by name, each in a line",
  params: [
    search,
    maybe(
      "offset",
      { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
      0,
      "How many to pass over.",
      [400, "INVALID_ARG_OFFSET"],
    ),
    page(200, 100),
  ],
  answers: [json(adminRef("OverviewAnswer"), "A page of them.")],
};

export const counter: RouteDoc = {
  summary: "How many messages each channel had on each node",
  answers: [json(adminRef("CounterAnswer"), "By `topic:channel:node`.")],
};

export const info: RouteDoc = {
  summary: "The broker, and who calls",
  answers: [json(adminRef("InfoAnswer"), "What the pages begin with.")],
};

export const audit: RouteDoc = {
  summary: "The audit trail, newest first",
  params: [
    maybe(
      "before",
      { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
      0,
      "Only entries before this id; 0 for all.",
      [400, "INVALID_ARG_BEFORE"],
    ),
    page(200, 50),
  ],
  answers: [json(adminRef("AuditAnswer"), "A page of it.")],
};

export const create: RouteDoc = {
  summary: "Creates a topic, and a channel of it",
  body: jsonObject(
    object<{ topic: string; channel?: string | null }>({
      topic: { ...NAME, "x-invalid": "INVALID_TOPIC" },
      channel: optional({ anyOf: [NAME, { enum: ["", null] }], "x-invalid": "INVALID_CHANNEL" }),
    }),
    { topic: "orders", channel: "billing" },
    "Their names.",
  ),
  answers: [done],
  errors: NO_CHANNEL,
};

export const changeTopic: RouteDoc = {
  summary: "Pauses, unpauses or empties a topic",
  params: [topicPart],
  body: order,
  answers: [done],
};

export const changeChannel: RouteDoc = {
  summary: "Pauses, unpauses or empties a channel",
  params: [topicPart, channelInPath([404, "CHANNEL_NOT_FOUND"])],
  body: order,
  answers: [done],
};

export const deleteTopic: RouteDoc = { summary: "Deletes a topic", params: [topicPart], answers: [done] };

export const deleteChannel: RouteDoc = {
  summary: "Deletes a channel",
  params: [topicPart, channelInPath([404, "CHANNEL_NOT_FOUND"])],
  answers: [done],
};

export const tombstone: RouteDoc = {
  summary: "Deletes a topic on one node, and hides the node as its producer for a while",
  params: [node],
  body: {
    ...jsonObject(
      object<{ topic: string }>({ topic: { ...NAME, "x-invalid": "INVALID_TOPIC" } }),
      { topic: "orders" },
      "The topic.",
    ),
    empty: [400, "INVALID_BODY"],
  },
  answers: [done],
  errors: { 404: ["TOPIC_NOT_FOUND"] },
};

export const topicMessages: RouteDoc = {
  summary: "A look at the messages of a topic",
  params: [topicPart, ...looking("waiting", "deferred", "latest")],
  answers: [json(adminRef("MessagesAnswer"), "A page of them.")],
};

export const channelMessages: RouteDoc = {
  summary: "A look at the messages of a channel",
  params: [topicPart, channelPart, ...looking("waiting", "in_flight", "deferred")],
  answers: [json(adminRef("MessagesAnswer"), "A page of them.")],
  errors: NO_CHANNEL,
};

export const body: RouteDoc = {
  summary: "The body of a message",
  params: [
    topicInPath(NO_MESSAGE),
    inPath(id, NO_MESSAGE),
    channelFilter,
    maybe("due", { ...text, pattern: "^\\d{0,16}$" }, "0", "When it falls due, ms since the epoch, as it was shown.", [
      400,
      "INVALID_ARG_DUE",
    ]),
  ],
  answers: [binary("Its bytes.")],
};

export const publish: RouteDoc = {
  summary: "Publishes a message",
  params: [topicInPath([400, "INVALID_TOPIC"]), defer],
  body: messageBody,
  answers: [done],
  errors: { 503: ["EXITING", "TOPIC_FULL", "STORAGE_FULL", "PUB_FAILED"] },
};

export const intervene: RouteDoc = {
  summary: "Finishes or requeues a message of a channel",
  params: [topicPart, channelPart, inPath(id, NO_MESSAGE)],
  body: jsonObject(
    object<{ action: string; due?: number | null }>({
      action: { ...oneOf("finish", "requeue"), "x-invalid": "INVALID_ACTION" },
      due: optional({
        ...nullable(whole),
        description: "When it falls due, as it was shown.",
        "x-invalid": "INVALID_DUE",
      }),
    }),
    { action: "finish" },
    "What shall be done.",
  ),
  answers: [done],
  errors: { ...NO_CHANNEL, 409: ["TOO_MANY_MESSAGES"] },
};

function looking(...lists: string[]) {
  return [
    maybe("list", { ...oneOf(...lists), default: "waiting" }, "waiting", "Which of them.", [400, "INVALID_ARG_LIST"]),
    maybe("page", { ...text, pattern: "^((channel|log):\\d{1,16}:\\d{1,16})?$" }, "", "A `next` of before.", [
      400,
      "INVALID_ARG_PAGE",
    ]),
    page(100, 50),
    search,
  ];
}
