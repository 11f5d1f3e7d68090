// GET /topics, /topics/:topic and /topics/:topic/:channel (spec 6.3, nsqadmin/http.go).

import { may } from "../auth/need.ts";
import type { Broker } from "../http/broker.ts";
import type { DocumentedRoute } from "../http/documented.ts";
import { Params } from "../http/params.ts";
import { HttpError, json } from "../http/respond.ts";
import type { Handler } from "../http/router.ts";
import { isValidName } from "../protocol/names.ts";
import * as docs from "./admin-docs.ts";
import { channelAggregate, topicAggregate } from "./aggregate.ts";
import type { ChannelAnswer, InactiveTopicsAnswer, TopicAnswer, TopicsAnswer } from "./api.ts";
import { noAnswer, producersOf, statsOf, warning } from "./cluster.ts";

export const TOPIC_NOT_FOUND = new HttpError(404, "TOPIC_NOT_FOUND");
export const CHANNEL_NOT_FOUND = new HttpError(404, "CHANNEL_NOT_FOUND");

const topics: Handler = async (request, broker) => {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  if (params.get("inactive") === "true") return json(await inactiveTopics(broker));
  const { names } = await knownTopics(broker);
  return json({ topics: names.length > 0 ? names : null, message: "" } satisfies TopicsAnswer);
};

const topic: Handler = async (request, broker, name = "") => {
  if (!isValidName(name)) return TOPIC_NOT_FOUND;
  const { own, elsewhere, known } = await producersOf(request, broker, name);
  const stats = await statsOf([own, ...elsewhere], { topic: name, channel: null, includesClients: false });
  const isMissing = stats.topics.length === 0 && known === null;
  const error = noAnswer(stats) ?? (isMissing ? TOPIC_NOT_FOUND : null);
  if (error) return error;
  return json({ ...topicAggregate(name, stats.topics), message: warning(stats.failures) } satisfies TopicAnswer);
};

const channel: Handler = async (request, broker, topic = "", name = "") => {
  if (!isValidName(topic)) return TOPIC_NOT_FOUND;
  const { own, elsewhere, known } = await producersOf(request, broker, topic);
  const stats = await statsOf([own, ...elsewhere], { topic, channel: name, includesClients: true });
  const views = stats.topics.flatMap(({ channels }) => channels).filter(({ channel_name }) => channel_name === name);
  if (views.length === 0 && !known?.channels.includes(name)) {
    return noAnswer(stats) ?? (known === null ? TOPIC_NOT_FOUND : CHANNEL_NOT_FOUND);
  }
  const message = warning(stats.failures);
  return json({ ...channelAggregate(topic, name, views), message } satisfies ChannelAnswer);
};

export const topicRoutes: readonly DocumentedRoute[] = [
  { method: "GET", path: "/topics", need: may("read", "everything"), handler: topics, doc: docs.topics },
  { method: "GET", path: "/topics/:topic", need: may("read", "topic"), handler: topic, doc: docs.topic },
  { method: "GET", path: "/topics/:topic/:channel", need: may("read", "channel"), handler: channel, doc: docs.channel },
];

/** All that is known, sorted: one of the broker's own that nsqlookupd was told to forget is there all the same. */
export async function knownTopics(broker: Broker): Promise<{ names: string[]; own: ReadonlySet<string> }> {
  const [registered, own] = await Promise.all([broker.lookup.topicsAsJson(), broker.lookup.ownTopics()]);
  return { names: [...new Set([...(JSON.parse(registered) as string[]), ...own])].sort(), own: new Set(own) };
}

/** Topics without a producer that is active and has no tombstone. */
async function inactiveTopics(broker: Broker): Promise<InactiveTopicsAnswer> {
  const [registered, nodes] = await Promise.all([broker.lookup.topicsAsJson(), broker.lookup.nodes()]);
  const active = new Set(
    [nodes.own, ...nodes.others].flatMap(({ topics, tombstones }) => topics.filter((_, index) => !tombstones[index])),
  );
  const inactive = (JSON.parse(registered) as string[]).filter((name) => !active.has(name));
  const channels = await broker.lookup.channelsOf(inactive);
  const entries = inactive.map((name, index) => [name, nullIfEmpty(channels[index])] as const);
  return { topics: Object.fromEntries(entries), message: "" };
}

function nullIfEmpty(list: string[] | undefined): string[] | null {
  return list === undefined || list.length === 0 ? null : list;
}
