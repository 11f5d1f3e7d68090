// POST /topic/* and /channel/* (spec 3.2, nsqd/http.go).

import type { ChannelOutcome } from "../durable/channel-orders.ts";
import { isValidName } from "../protocol/names.ts";
import type { Broker } from "./broker.ts";
import { Params, topicChannelParams, topicParam } from "./params.ts";
import { HttpError, ok } from "./respond.ts";
import type { Handler } from "./router.ts";

type TopicStub = ReturnType<Broker["topic"]>;

const TOPIC_NOT_FOUND = new HttpError(404, "TOPIC_NOT_FOUND");
const CHANNEL_NOT_FOUND = new HttpError(404, "CHANNEL_NOT_FOUND");

export const createTopic: Handler = async (request, broker) => {
  const params = Params.of(request);
  if (params instanceof HttpError) return params;
  const topic = topicParam(params, "INVALID_TOPIC");
  if (topic instanceof HttpError) return topic;
  await broker.topic(topic).create();
  return ok();
};

// nsqd does not look at the names of topics that are to be deleted or paused: impossible ones are just not found.
export const deleteTopic = topicOrder(null, (topic) => topic.remove());
export const emptyTopic = topicOrder("INVALID_TOPIC", (topic) => topic.empty());
export const pauseTopic = topicOrder(null, (topic) => topic.setPaused(true));
export const unpauseTopic = topicOrder(null, (topic) => topic.setPaused(false));

export const createChannel = channelOrder((topic, channel) => topic.createChannel(channel));
export const deleteChannel = channelOrder((topic, channel) => topic.removeChannel(channel));
export const emptyChannel = channelOrder((topic, channel) => topic.emptyChannel(channel));
export const pauseChannel = channelOrder((topic, channel) => topic.setChannelPaused(channel, true));
export const unpauseChannel = channelOrder((topic, channel) => topic.setChannelPaused(channel, false));

function topicOrder(invalid: "INVALID_TOPIC" | null, carryOut: (topic: TopicStub) => Promise<boolean>): Handler {
  return async (request, broker) => {
    const params = Params.of(request);
    if (params instanceof HttpError) return params;
    const topic = topicParam(params, invalid);
    if (topic instanceof HttpError) return topic;
    const isFound = isValidName(topic) && (await carryOut(broker.topic(topic)));
    return isFound ? ok() : TOPIC_NOT_FOUND;
  };
}

function channelOrder(carryOut: (topic: TopicStub, channel: string) => Promise<ChannelOutcome>): Handler {
  return async (request, broker) => {
    const params = Params.of(request);
    if (params instanceof HttpError) return params;
    const names = topicChannelParams(params);
    if (names instanceof HttpError) return names;
    const outcome = await carryOut(broker.topic(names.topic), names.channel);
    if (outcome === "done") return ok();
    return outcome === "no-topic" ? TOPIC_NOT_FOUND : CHANNEL_NOT_FOUND;
  };
}
