// What the document says of nsqd's routes.

import {
  anyTopic,
  type Body,
  channelFilter,
  defer,
  EMPTY,
  inPath,
  json,
  maybe,
  OK,
  plainText,
  type Refused,
  type RouteDoc,
  topic,
  topicAndChannel,
  topicFilter,
} from "./documented.ts";
import { nsqdRef } from "./nsqd-schemas.ts";
import { flag, oneOf, text, whole } from "./schema.ts";

const INVALID_TOPIC: Refused = [400, "INVALID_TOPIC"];
const NOT_STORED = ["EXITING", "TOPIC_FULL", "STORAGE_FULL", "PUB_FAILED"];
const NO_TOPIC = { 404: ["TOPIC_NOT_FOUND"] };
const NO_CHANNEL = { 404: ["TOPIC_NOT_FOUND", "CHANNEL_NOT_FOUND"] };

export const message: Body = {
  type: "application/octet-stream",
  description: "The message, any bytes.",
  schema: {},
  example: "hello world",
  empty: [400, "MSG_EMPTY"],
  tooLarge: [413, "MSG_TOO_BIG"],
  limit: "max_msg_size",
};

const messages: Body = {
  ...message,
  description:
    "A message a line, empty ones left out; with `binary=true` what MPUB has: int32 count, and int32 size and bytes of each message.",
  example: "hello\nworld",
  empty: null,
  tooLarge: [413, "BODY_TOO_BIG"],
  limit: "max_body_size",
};

const optionName = inPath(
  {
    name: "param",
    description: "The name of an option: nsqd's flag with `_` for `-`.",
    schema: { ...text, pattern: "^[a-z0-9_]+$" },
    example: "log_level",
  },
  [400, "INVALID_OPTION"],
);

export const pub: RouteDoc = {
  summary: "Publishes a message",
  description: "`OK` means stored. The topic comes to be by it.",
  params: [topic(INVALID_TOPIC), defer],
  body: message,
  answers: [OK],
  errors: { 503: NOT_STORED },
};

export const mpub: RouteDoc = {
  summary: "Publishes several messages, all or none",
  params: [
    topic(INVALID_TOPIC),
    maybe("binary", flag, false, "How the body is written. Anything but `false` and `0` is taken for `true`."),
  ],
  body: messages,
  answers: [OK],
  errors: { 413: ["MSG_TOO_BIG", "BAD_BODY", "BAD_MESSAGE"], 503: NOT_STORED },
};

export const ping: RouteDoc = { summary: "Tells that it is there", answers: [OK] };

export const info: RouteDoc = {
  summary: "Tells what nsqd tells of itself",
  answers: [json(nsqdRef("InfoDocument"), "Durations are ns.")],
};

export const stats: RouteDoc = {
  summary: "Figures of topics, channels and clients",
  params: [
    maybe("format", oneOf("json", "text"), "json", "`json`; anything else is text."),
    topicFilter,
    channelFilter,
    maybe("include_clients", flag, true, "Whether clients and producers are told of."),
    maybe("include_mem", flag, true, "Whether figures of the heap are told, all of them 0."),
  ],
  answers: [json(nsqdRef("StatsDocument"), "With `format=json`."), plainText(text, "Without.")],
};

export const metrics: RouteDoc = {
  summary: "Tells the figures of all topics and channels, for Prometheus",
  description: "Only topics that have changed are asked; see docs/metrics.md.",
  answers: [plainText(text, "Prometheus' text format, version 0.0.4.")],
};

export const createTopic: RouteDoc = { summary: "Creates a topic", params: [topic(INVALID_TOPIC)], answers: [EMPTY] };
export const emptyTopic: RouteDoc = {
  summary: "Drops what waits at a topic",
  params: [topic(INVALID_TOPIC)],
  answers: [EMPTY],
  errors: NO_TOPIC,
};
export const deleteTopic = ofAnyTopic("Deletes a topic and its channels");
export const pauseTopic = ofAnyTopic("Pauses a topic: what is published waits there");
export const unpauseTopic = ofAnyTopic("Hands on again what waits at a topic");

export const createChannel = ofChannel("Creates a channel");
export const deleteChannel = ofChannel("Deletes a channel");
export const emptyChannel = ofChannel("Drops all messages of a channel");
export const pauseChannel = ofChannel("Pauses a channel: nothing is delivered");
export const unpauseChannel = ofChannel("Delivers again what waits in a channel");

export const getConfig: RouteDoc = {
  summary: "Tells the value of an option",
  params: [optionName],
  answers: [
    json(
      { type: ["number", "boolean", "array"] },
      "A number (a duration in ns, a log level from 1), a boolean or a list.",
    ),
    plainText(text, "A text as it is; nothing at all when it is empty."),
    EMPTY,
  ],
};

export const putConfig: RouteDoc = {
  summary: "Changes the log level while the broker runs",
  params: [optionName],
  body: {
    type: "text/plain",
    description: "The level, in any case.",
    schema: { ...oneOf("debug", "info", "warn", "error", "fatal"), "x-invalid": "INVALID_VALUE" },
    example: "info",
    empty: [413, "INVALID_VALUE"],
    tooLarge: [413, "INVALID_VALUE"],
    limit: "max_msg_size",
  },
  answers: [json(whole, "The level as a number.")],
};

export const pprof: RouteDoc = {
  summary: "There is no Go runtime to look into",
  tag: "pprof",
  answers: [plainText(text, "What to use instead.", 501)],
};

function ofAnyTopic(summary: string): RouteDoc {
  return { summary, params: [anyTopic], answers: [EMPTY], errors: NO_TOPIC };
}

function ofChannel(summary: string): RouteDoc {
  return { summary, params: topicAndChannel, answers: [EMPTY], errors: NO_CHANNEL };
}
