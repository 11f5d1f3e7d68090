// An nsqd, as the API asks it and orders it about: the broker itself, or one elsewhere that has registered.

import type { TopicView } from "./api.ts";

export interface StatsQuery {
  /** Null for all. */
  readonly topic: string | null;
  /** Null for all. */
  readonly channel: string | null;
  readonly includesClients: boolean;
}

export interface NodeStats {
  readonly topics: readonly TopicView[];
  /** What could not be learned, in words for the administrator. */
  readonly failures: readonly string[];
}

export interface Order {
  readonly verb: "create" | "delete" | "empty" | "pause" | "unpause";
  readonly topic: string;
  /** Null when the topic itself is meant. */
  readonly channel: string | null;
}

export interface Failure {
  /** In words for the administrator. */
  readonly failure: string;
}

export interface NsqdNode {
  /** `broadcast_address:http_port` */
  readonly address: string;
  stats(query: StatsQuery): Promise<NodeStats>;
  order(order: Order): Promise<"done" | "no-topic" | "no-channel" | Failure>;
}

/** As nsqadmin words it, but without what the exception said. */
export function failureAt(address: string, what: string): string {
  return `ERROR querying http://${address}: ${what}`;
}
