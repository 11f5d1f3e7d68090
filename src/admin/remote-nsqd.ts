// An nsqd elsewhere, asked over HTTP as nsqadmin asks it (spec 6.1, internal/clusterinfo/data.go). It has said itself where it is, so
// neither its address nor its answers are trusted.

import type { PeerInfo } from "../lookup/peer-info.ts";
import { fromUtf8 } from "../protocol/bytes.ts";
import { isValidName } from "../protocol/names.ts";
import { readUpTo } from "../read-up-to.ts";
import { type Fields, fieldsOf, listOf, text } from "./fields.ts";
import { topicView } from "./node-views.ts";
import { type Failure, failureAt, type NodeStats, type NsqdNode, type Order, type StatsQuery } from "./nsqd-node.ts";
import { nodeName } from "./own-nsqd.ts";

const HEADERS = { Accept: "application/vnd.nsq; version=1.0" };
const TIMEOUT_MS = 5_000;
/** Bytes of an answer, some of which are in memory at a time: figures of a few thousand channels or clients. */
const MAX_ANSWER = 2 * 2 ** 20;
/** Topics, channels and clients of an answer: the bytes of one could be many times as many of nothing. */
const MAX_VIEWS = 10_000;

interface Answer {
  readonly status: number;
  readonly body: string;
}

export class RemoteNsqd implements NsqdNode {
  readonly address: string;
  readonly #info: PeerInfo;

  constructor(info: PeerInfo) {
    this.#info = info;
    this.address = nodeName(info).address;
  }

  async stats({ topic, channel, includesClients }: StatsQuery): Promise<NodeStats> {
    const query = new URLSearchParams({ format: "json", include_clients: String(includesClients) });
    if (topic !== null) query.set("topic", topic);
    if (channel !== null) query.set("channel", channel);
    const answer = await this.#call("GET", `/stats?${query}`);
    if ("failure" in answer) return { topics: [], failures: [answer.failure] };
    const said = answer.status === 200 ? parsed(answer.body) : undefined;
    if (said === undefined) return { topics: [], failures: [this.#failure(`got response ${answer.status}`)] };
    const name = nodeName(this.#info);
    // One that does not know the parameters tells of all.
    const isAsked = ({ topic_name }: Fields) => (topic === null ? isValidName(text(topic_name)) : topic_name === topic);
    const asked = listOf(fieldsOf(said).topics).filter(isAsked);
    if (countViews(asked) > MAX_VIEWS) return { topics: [], failures: [this.#failure("the answer is too long")] };
    return { topics: asked.map((each) => topicView(name, each, Date.now())), failures: [] };
  }

  async order({ verb, topic, channel }: Order): Promise<"done" | "no-topic" | "no-channel" | Failure> {
    const query = new URLSearchParams(channel === null ? { topic } : { topic, channel });
    const answer = await this.#call("POST", `/${channel === null ? "topic" : "channel"}/${verb}?${query}`);
    if ("failure" in answer) return answer;
    if (answer.status === 200) return "done";
    if (answer.status !== 404) return { failure: this.#failure(`got response ${answer.status}`) };
    return answer.body.includes("CHANNEL_NOT_FOUND") ? "no-channel" : "no-topic";
  }

  async #call(method: "GET" | "POST", path: string): Promise<Answer | Failure> {
    const origin = originOf(this.#info);
    if (origin === null) return { failure: this.#failure("no such address") };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(origin + path, { method, headers: HEADERS, signal, redirect: "manual" });
      const body = await readUpTo(MAX_ANSWER, response.body);
      if (body === null) return { failure: this.#failure("the answer is too long") };
      return { status: response.status, body: fromUtf8(body) };
    } catch (error) {
      console.error(`NSQD(${this.address}): ${method} ${path}:`, error);
      return { failure: this.#failure("no answer") };
    }
  }

  #failure(what: string): string {
    return failureAt(this.address, what);
  }
}

function countViews(topics: readonly Fields[]): number {
  const channels = topics.flatMap((topic) => listOf(topic.channels));
  return topics.length + channels.reduce((sum, { clients }) => sum + 1 + listOf(clients).length, 0);
}

/** Null when what it calls its address would make a URL of another kind. */
function originOf({ broadcast_address, http_port }: PeerInfo): string | null {
  const host = broadcast_address.includes(":") ? `[${broadcast_address}]` : broadcast_address;
  const url = URL.parse(`http://${host}:${http_port}`);
  const isPlain = url?.href === `${url?.origin}/`;
  return url && isPlain ? url.origin : null;
}

/** Undefined when it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
