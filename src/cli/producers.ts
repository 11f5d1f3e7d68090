// Where a tool publishes to: nsqds, or a broker.

import { Producer } from "../client/index.ts";
import { asFailure, type ClientOpt, clientOptions } from "./client-options.ts";
import { originOf } from "./endpoint.ts";

export interface ProducerSettings {
  /** nsqds; without any it is the broker. */
  readonly nsqds: readonly string[] | undefined;
  readonly url: string;
  readonly token: string;
  readonly opts: readonly ClientOpt[];
  readonly userAgent: string;
}

/** One for each address. They connect when they are needed. @throws {Failure} */
export function openProducers({ nsqds, url, token, opts, userAgent }: ProducerSettings): Map<string, Producer> {
  const kind = nsqds ? "tcp" : "web-socket";
  const addresses = nsqds ?? [v2Of(originOf(url))];
  try {
    const options = clientOptions({ kind, opts, userAgent, token });
    return new Map(addresses.map((address) => [address, new Producer(address, options)]));
  } catch (error) {
    throw asFailure(error);
  }
}

/** The broker's door for any topic. */
function v2Of(origin: string): string {
  return `${origin.replace(/^http/, "ws")}/v2`;
}
