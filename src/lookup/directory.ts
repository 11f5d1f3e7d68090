// What consumers and nsqadmin are told of topics and their producers (spec 5.4, nsqlookupd/http.go). The broker itself is one of the
// producers; how it is reached only the Worker knows, from the request, so here it is only said where it belongs.

import type { PeerInfo } from "./peer-info.ts";
import type { Registration, Registrations } from "./registrations.ts";

/** A producer elsewhere, as long as it is connected. */
export interface Producer {
  readonly id: string;
  readonly info: PeerInfo;
  /** ms */
  readonly lastUpdate: number;
}

export interface DirectoryLimits {
  /** A producer that was silent for longer is not told of, ms. */
  readonly inactiveProducerTimeoutMs: number;
  /** How long a tombstone hides a producer of a topic, ms. */
  readonly tombstoneLifetimeMs: number;
}

/** What /lookup tells of a topic. */
export interface TopicProducers {
  readonly channels: string[];
  /** Whether the broker itself is one of the producers. */
  readonly isOwn: boolean;
  readonly producers: PeerInfo[];
}

/** The topics of a producer, and which of them are tombstoned: two lists of the same length. */
export interface NodeTopics {
  tombstones: boolean[];
  topics: string[];
}

/** What /nodes tells. */
export interface Nodes {
  readonly own: NodeTopics;
  readonly others: (PeerInfo & NodeTopics)[];
}

/** A place in /debug: `topic:T:`, `channel:T:C` or `client::`. */
export interface DebugPlace {
  readonly key: string;
  /** The broker itself, if it is there. */
  readonly own: { readonly tombstonedAt: number | null } | null;
  readonly producers: (Producer & { readonly tombstonedAt: number | null })[];
}

export class Directory {
  readonly #registrations: Registrations;
  /** By id. */
  readonly #producers: ReadonlyMap<string, Producer>;
  readonly #limits: DirectoryLimits;

  constructor(registrations: Registrations, producers: ReadonlyMap<string, Producer>, limits: DirectoryLimits) {
    this.#registrations = registrations;
    this.#producers = producers;
    this.#limits = limits;
  }

  /** Null when the topic is not known. */
  lookup(topic: string, now: number): TopicProducers | null {
    if (!this.#registrations.hasTopic(topic)) return null;
    const own = this.#registrations.ownTopic(topic);
    return {
      channels: this.#registrations.channels(topic),
      isOwn: own?.listed != null && !this.#isTombstoned(own.tombstonedAt, now),
      producers: this.#registrations
        .producersOf(topic)
        .filter(({ tombstonedAt }) => !this.#isTombstoned(tombstonedAt, now))
        .flatMap(({ producer }) => this.#activeProducer(producer, now)?.info ?? []),
    };
  }

  nodes(now: number): Nodes {
    const own = this.#registrations.ownTopics().filter(({ listed }) => listed !== null);
    const others = [...this.#producers.values()].filter((producer) => this.#isActive(producer, now));
    return {
      own: this.#nodeTopics(own, now),
      others: others.map(({ id, info }) => ({
        ...info,
        ...this.#nodeTopics(this.#registrations.topicsOf(id), now),
      })),
    };
  }

  /** Hides the producer at a node, `broadcast_address:http_port`, of a topic; `ownNode` is the broker's. */
  tombstone(topic: string, node: string, ownNode: string, now: number): void {
    if (node === ownNode) this.#registrations.tombstone(topic, null, now);
    for (const { producer } of this.#registrations.producersOf(topic)) {
      const info = this.#producers.get(producer)?.info;
      if (info && node === `${info.broadcast_address}:${info.http_port}`) {
        this.#registrations.tombstone(topic, producer, now);
      }
    }
  }

  /** All places that have producers. */
  debug(): DebugPlace[] {
    const places = new Map<string, DebugPlace>();
    const place = (key: string, own: DebugPlace["own"] = null): DebugPlace => {
      const known = places.get(key);
      if (known) return known;
      const made: DebugPlace = { key, own, producers: [] };
      places.set(key, made);
      return made;
    };
    place("client::", { tombstonedAt: null });
    for (const { topic, listed, tombstonedAt } of this.#registrations.ownTopics()) {
      if (listed !== null) place(debugKey({ topic, channel: "" }), { tombstonedAt });
      for (const channel of listed ?? []) place(debugKey({ topic, channel }), { tombstonedAt: null });
    }
    for (const producer of this.#producers.values())
      place("client::").producers.push({ ...producer, tombstonedAt: null });
    for (const registration of this.#registrations.registrations()) {
      const producer = this.#producers.get(registration.producer);
      const { tombstonedAt } = registration;
      if (producer) place(debugKey(registration)).producers.push({ ...producer, tombstonedAt });
    }
    return [...places.values()];
  }

  #nodeTopics(places: readonly { topic: string; tombstonedAt: number | null }[], now: number): NodeTopics {
    return {
      tombstones: places.map(({ tombstonedAt }) => this.#isTombstoned(tombstonedAt, now)),
      topics: places.map(({ topic }) => topic),
    };
  }

  #activeProducer(id: string, now: number): Producer | null {
    const producer = this.#producers.get(id);
    return producer && this.#isActive(producer, now) ? producer : null;
  }

  #isActive({ lastUpdate }: Producer, now: number): boolean {
    return now - lastUpdate <= this.#limits.inactiveProducerTimeoutMs;
  }

  #isTombstoned(at: number | null, now: number): boolean {
    return at !== null && now - at < this.#limits.tombstoneLifetimeMs;
  }
}

function debugKey({ topic, channel }: Pick<Registration, "topic" | "channel">): string {
  return channel === "" ? `topic:${topic}:` : `channel:${topic}:${channel}`;
}
