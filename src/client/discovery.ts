// Asks nsqlookupd, or a broker's own, who produces a topic, again and again (spec 8.4).

import type { Clock } from "./clock.ts";
import type { LookupProducer } from "./transport.ts";

export interface DiscoveryConfig {
  readonly lookupdPollInterval: number;
  readonly lookupdPollJitter: number;
  readonly lookupdPollTimeout: number;
  readonly clock: Clock;
}

export interface DiscoveryEvents {
  found(producer: LookupProducer, lookup: URL): void;
  failed(error: unknown): void;
  /** What a request carries besides. */
  headers(): Promise<Record<string, string>>;
}

/** So many are asked before a poll is given up. */
const TRIES = 3;
/** ms. */
const SOON = 100;

export class Discovery {
  readonly #topic: string;
  readonly #config: DiscoveryConfig;
  readonly #events: DiscoveryEvents;
  #lookups: URL[] = [];
  #next = 0;
  #cancel: () => void = () => {};
  #cancelSoon: (() => void) | null = null;
  #polling: Promise<void> | null = null;
  readonly #stopping = new AbortController();

  constructor(topic: string, config: DiscoveryConfig, events: DiscoveryEvents) {
    this.#topic = topic;
    this.#config = config;
    this.#events = events;
  }

  /** @param addresses `http://host:port`, or `host:port`; `/lookup` is asked where they name no path */
  start(addresses: readonly string[]): void {
    this.#lookups.push(...addresses.map(parseAddress));
    const { clock, lookupdPollInterval, lookupdPollJitter } = this.#config;
    this.poll();
    this.#cancel();
    this.#cancel = clock.after(lookupdPollInterval * lookupdPollJitter * clock.random(), () => this.#wait());
  }

  stop(): void {
    this.#stopping.abort();
    this.#cancel();
    this.#cancelSoon?.();
  }

  /** Asks before its time, since a connection was lost: once for all that are lost together. */
  pollSoon(): void {
    this.#cancelSoon ??= this.#config.clock.after(SOON, () => {
      this.#cancelSoon = null;
      this.poll();
    });
  }

  /** Asks now, unless that is under way. */
  poll(): void {
    if (this.#lookups.length === 0) return;
    this.#polling ??= this.#poll().finally(() => {
      this.#polling = null;
    });
  }

  async #poll(): Promise<void> {
    for (let tries = 1; !this.#isStopped; tries++) {
      const lookup = this.#lookups[this.#next++ % this.#lookups.length] as URL;
      try {
        for (const producer of await this.#ask(lookup)) if (!this.#isStopped) this.#events.found(producer, lookup);
        return;
      } catch (error) {
        if (this.#isStopped) return;
        this.#events.failed(error);
        if (tries === TRIES) return;
      }
    }
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #wait(): void {
    const { clock, lookupdPollInterval } = this.#config;
    this.#cancel = clock.after(lookupdPollInterval, () => {
      this.poll();
      this.#wait();
    });
  }

  async #ask(lookup: URL): Promise<readonly LookupProducer[]> {
    const url = new URL(lookup);
    url.searchParams.set("topic", this.#topic);
    const response = await fetch(url, {
      headers: { Accept: "application/vnd.nsq; version=1.0", ...(await this.#events.headers()) },
      signal: AbortSignal.any([AbortSignal.timeout(this.#config.lookupdPollTimeout), this.#stopping.signal]),
    });
    if (response.status === 404) return []; // nobody produces it yet
    if (!response.ok) throw new Error(`${lookup} answered ${response.status}`);
    const answer = (await response.json()) as Answer;
    return (answer.producers ?? answer.data?.producers ?? []).filter(isProducer);
  }
}

interface Answer {
  readonly producers?: readonly LookupProducer[];
  /** Of an nsqlookupd before 1.0. */
  readonly data?: { readonly producers?: readonly LookupProducer[] };
}

function isProducer(value: Partial<LookupProducer>): value is LookupProducer {
  return typeof value.broadcast_address === "string";
}

function parseAddress(address: string): URL {
  const url = new URL(address.includes("://") ? address : `http://${address}`);
  if (url.pathname === "/") url.pathname = "/lookup";
  return url;
}
