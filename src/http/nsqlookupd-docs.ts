// What the document says of nsqlookupd's routes.

import type { PeerInfo } from "../lookup/peer-info.ts";
import { anyTopic, EMPTY, json, type RouteDoc, topic, topicAndChannel } from "./documented.ts";
import type { DebugProducer, LookupNode } from "./nsqlookupd-api.ts";
import { count, flag, list, map, type NamedSchemas, number, object, refsTo, text } from "./schema.ts";

interface Named {
  PeerInfo: PeerInfo;
  LookupNode: LookupNode;
  DebugProducer: DebugProducer;
}

const ref = refsTo<Named>();

const PEER = {
  remote_address: text,
  hostname: text,
  broadcast_address: text,
  tcp_port: count,
  http_port: count,
  version: text,
  topology_zone: text,
  topology_region: text,
};

export const lookupSchemas: NamedSchemas<Named> = {
  PeerInfo: object<PeerInfo>(PEER),
  LookupNode: object<LookupNode>({ ...PEER, tombstones: list(flag), topics: list(text) }),
  DebugProducer: object<DebugProducer>({
    broadcast_address: text,
    hostname: text,
    http_port: count,
    id: text,
    last_update: number,
    tcp_port: count,
    tombstoned: flag,
    tombstoned_at: number,
    topology_region: text,
    topology_zone: text,
    version: text,
  }),
};

export const lookup: RouteDoc = {
  summary: "The producers and channels of a topic",
  params: [anyTopic],
  answers: [
    json(
      object<{ channels: string[]; producers: PeerInfo[] }>({ channels: list(text), producers: list(ref("PeerInfo")) }),
      "Producers that are active and have no tombstone.",
    ),
  ],
  errors: { 404: ["TOPIC_NOT_FOUND"] },
};

export const topics: RouteDoc = {
  summary: "All topics that are known",
  answers: [json(object<{ topics: string[] }>({ topics: list(text) }), "Those without a producer, too.")],
};

export const channels: RouteDoc = {
  summary: "The channels of a topic",
  params: [anyTopic],
  answers: [json(object<{ channels: string[] }>({ channels: list(text) }), "None when the topic is not known.")],
};

export const nodes: RouteDoc = {
  summary: "All producers and their topics",
  answers: [
    json(
      object<{ producers: LookupNode[] }>({ producers: list(ref("LookupNode")) }),
      "`tombstones` says of each of `topics` whether it is tombstoned.",
    ),
  ],
};

export const debug: RouteDoc = {
  summary: "All registrations",
  answers: [json(map(list(ref("DebugProducer"))), "By `topic:T:`, `channel:T:C` and `client::`; times are ns.")],
};

export const tombstone: RouteDoc = {
  summary: "Hides a producer of a topic for a while",
  params: [
    anyTopic,
    {
      name: "node",
      description: "`broadcast_address:http_port` of the producer.",
      schema: text,
      example: "127.0.0.1:4151",
      missing: [400, "MISSING_ARG_NODE"],
      invalid: null,
    },
  ],
  answers: [EMPTY],
};

export const info: RouteDoc = {
  summary: "Tells the version",
  answers: [json(object<{ version: string }>({ version: text }), "The NSQ whose API this is.")],
};

export const createTopic: RouteDoc = {
  summary: "Registers a topic",
  params: [topic([400, "INVALID_ARG_TOPIC"])],
  answers: [EMPTY],
};

export const deleteTopic: RouteDoc = {
  summary: "Forgets a topic and its channels, if it is known",
  params: [anyTopic],
  answers: [EMPTY],
};

export const createChannel: RouteDoc = {
  summary: "Registers a channel, and its topic",
  params: topicAndChannel,
  answers: [EMPTY],
};

export const deleteChannel: RouteDoc = {
  summary: "Forgets a channel",
  params: topicAndChannel,
  answers: [EMPTY],
  errors: { 404: ["CHANNEL_NOT_FOUND"] },
};
