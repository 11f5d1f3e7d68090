// What can be done to topics, channels and nodes: asks first where something is lost, does it, and says how it went.

import type { ChannelView, TopicView } from "../api.ts";
import { confirm, type Question } from "./confirm.tsx";
import { channelLoss, deleteText, emptyText, isNothing, type Loss, topicLoss } from "./losses.ts";
import { path, send } from "./request.ts";
import { toast, toastError } from "./toast.tsx";

type Target = Pick<TopicView, "topic_name"> & Partial<Pick<ChannelView, "channel_name">>;

export function setPaused(target: Target, isPaused: boolean): Promise<boolean> {
  const done = isPaused ? "is paused" : "is unpaused";
  return perform(`${inWords(target)} ${done}`, `Could not ${isPaused ? "pause" : "unpause"} ${inWords(target)}`, () =>
    send("POST", pathOf(target), { action: isPaused ? "pause" : "unpause" }),
  );
}

/** Of a topic only what waits at the topic itself: the channels keep theirs. */
export async function emptyTopic(topic: TopicView): Promise<boolean> {
  const loss: Loss = { waiting: topic.depth, inFlight: 0, deferred: 0, consumers: 0 };
  const rest = topic.channels.length > 0 ? " What its channels have they keep." : "";
  return empty(topic, `${emptyText(loss)}${rest}`);
}

export async function emptyChannel(channel: ChannelView): Promise<boolean> {
  return empty(channel, emptyText(channelLoss(channel)));
}

async function empty(target: Target, text: string): Promise<boolean> {
  const what = inWords(target);
  if (!(await confirm({ title: `Empty ${what}?`, text, action: "Empty queue" }))) return false;
  return perform(`${what} is empty`, `Could not empty ${what}`, () =>
    send("POST", pathOf(target), { action: "empty" }),
  );
}

export function deleteTopic(topic: TopicView): Promise<boolean> {
  const channels = topic.channels.length;
  const suffix = channels > 0 ? ` Its ${channels === 1 ? "channel goes" : `${channels} channels go`} with it.` : "";
  return remove(topic, topicLoss(topic), suffix);
}

export function deleteChannel(channel: ChannelView): Promise<boolean> {
  return remove(channel, channelLoss(channel), "");
}

/** One that has no producer, so nothing waits in it. */
export function deleteInactive(topic_name: string, channel_name?: string): Promise<boolean> {
  const target = channel_name === undefined ? { topic_name } : { topic_name, channel_name };
  return remove(target, { waiting: 0, inFlight: 0, deferred: 0, consumers: 0 }, "");
}

async function remove(target: Target, loss: Loss, suffix: string): Promise<boolean> {
  const what = inWords(target);
  const question: Question = {
    title: `Delete ${what}?`,
    text: deleteText(loss) + suffix,
    action: `Delete ${target.channel_name === undefined ? "topic" : "channel"}`,
    ...(!isNothing(loss) && { name: target.channel_name ?? target.topic_name }),
  };
  if (!(await confirm(question))) return false;
  return perform(`${what} is deleted`, `Could not delete ${what}`, () => send("DELETE", pathOf(target)));
}

/** Hides a topic's producer for a while and deletes the topic there. */
export async function tombstone(topic: TopicView): Promise<boolean> {
  const { topic_name, node } = topic;
  const loss = topicLoss(topic);
  const question: Question = {
    title: `Tombstone ${topic_name} at ${node}?`,
    text: `Consumers do not find the topic at this node for a while, and it is deleted there. ${deleteText(loss)}`,
    action: "Tombstone",
    ...(!isNothing(loss) && { name: topic_name }),
  };
  if (!(await confirm(question))) return false;
  return perform(`${topic_name} is tombstoned at ${node}`, `Could not tombstone ${topic_name}`, () =>
    send("DELETE", path("nodes", node), { topic: topic_name }),
  );
}

export function create(topic: string, channel: string): Promise<boolean> {
  const what = channel === "" ? `Topic ${topic}` : `Channel ${topic}/${channel}`;
  return perform(`${what} is created`, "Could not create it", () =>
    send("POST", path("topics"), channel === "" ? { topic } : { topic, channel }),
  );
}

async function perform(done: string, failed: string, order: () => Promise<{ message: string }>): Promise<boolean> {
  try {
    const { message } = await order();
    toast(message === "" ? capital(done) : message, message !== "");
    return true;
  } catch (error) {
    toastError(failed, error);
    return false;
  }
}

function pathOf({ topic_name, channel_name }: Target): string {
  return channel_name === undefined ? path("topics", topic_name) : path("topics", topic_name, channel_name);
}

function inWords({ topic_name, channel_name }: Target): string {
  return channel_name === undefined ? `topic ${topic_name}` : `channel ${topic_name}/${channel_name}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
