// What a scenario runs against: the broker on one of its doors, or nsqd.

import type { Endpoint } from "./load/task.ts";

export interface Target {
  /** `http://host:port` */
  readonly http: string;
  readonly pid: number;
  producer(topic: string): Endpoint;
  consumer(topic: string, channel: string): Endpoint;
}

const MAGIC = "  V2";

/** The sockets go straight to the objects. */
export function direct(http: string, ws: string, pid: number): Target {
  return {
    http,
    pid,
    producer: (topic) => greeted(`${ws}?topic=${topic}`),
    consumer: (topic, channel) => subscribed(`${ws}?topic=${topic}&channel=${channel}`, topic, channel),
  };
}

/** All goes through one door: a WebSocket or TCP. */
export function generic(http: string, url: string, pid: number): Target {
  return {
    http,
    pid,
    producer: () => greeted(url),
    consumer: (topic, channel) => subscribed(url, topic, channel),
  };
}

function greeted(url: string): Endpoint {
  return { url, greeting: [MAGIC], replies: 0 };
}

function subscribed(url: string, topic: string, channel: string): Endpoint {
  return { url, greeting: [MAGIC, `SUB ${topic} ${channel}\n`], replies: 1 };
}

let topics = 0;

/** Does something with a topic of its own, which is deleted afterwards. */
export async function withTopic<T>(
  target: Target,
  channels: readonly string[],
  act: (topic: string) => Promise<T>,
): Promise<T> {
  const topic = await createTopic(target, channels);
  const result = await act(topic);
  await post(`${target.http}/topic/delete?topic=${topic}`);
  return result;
}

/** Makes a topic with another name than all before. */
export async function createTopic({ http }: Target, channels: readonly string[]): Promise<string> {
  const topic = `bench-${++topics}`;
  await post(`${http}/topic/create?topic=${topic}`);
  await Promise.all(channels.map((channel) => post(`${http}/channel/create?topic=${topic}&channel=${channel}`)));
  return topic;
}

export async function post(url: string): Promise<void> {
  // Seconds lie between two calls: a connection that was kept may just be closed by the server.
  const response = await fetch(url, { method: "POST", headers: { Connection: "close" } });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}
