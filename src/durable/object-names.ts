// How the objects of a topic are called. The node is part of every name from the first day, so that a topic can be spread
// over several later; a slash is in no topic or channel name.

export interface TopicAddress {
  readonly node: number;
  readonly topic: string;
}

export interface ChannelAddress extends TopicAddress {
  readonly channel: string;
}

/** The only node there is for now. */
export const FIRST_NODE = 0;

export function topicObject({ node, topic }: TopicAddress): string {
  return `${node}/${topic}`;
}

export function channelObject({ node, topic, channel }: ChannelAddress): string {
  return `${node}/${topic}/${channel}`;
}

/** Everything else of Lookup is one object. */
export const LOOKUP_OBJECT = "lookup";

export function parseTopicObject(name: string): TopicAddress {
  const [node, topic] = name.split("/");
  if (!node || !topic) throw new Error(`not the name of a topic's object: ${name}`);
  return { node: Number(node), topic };
}

export function parseChannelObject(name: string): ChannelAddress {
  const [node, topic, channel] = name.split("/");
  if (!node || !topic || !channel) throw new Error(`not the name of a channel's object: ${name}`);
  return { node: Number(node), topic, channel };
}
