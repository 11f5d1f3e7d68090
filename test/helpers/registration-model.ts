// Spec 5.3 in plain maps: what RegistrationDb must agree with.

import type { OwnTopic, Registration, Registrations } from "../../src/lookup/registrations.ts";
import { isEphemeral } from "../../src/protocol/names.ts";
import type { RegistrationDb } from "../../src/storage/registration-db.ts";

/** What can be done to a RegistrationDb and asked of it. */
export type Registry = Pick<RegistrationDb, keyof RegistrationDb>;

/** The tombstone of each producer at a key: `topic` or `topic channel`, which sort as the pairs do. */
type Producers = Map<string, number | null>;

interface Own {
  readonly topic: string;
  channels: string[];
  /** Null when the topic is not listed. */
  listed: Set<string> | null;
  tombstonedAt: number | null;
}

export class RegistrationModel implements Registry, Registrations {
  readonly #keys = new Map<string, Producers>();
  readonly #own = new Map<string, Own>();

  announce(topic: string, channels: readonly string[]): OwnTopic | null {
    const before = this.ownTopic(topic);
    const own = this.#own.get(topic) ?? { topic, channels: [], listed: new Set<string>(), tombstonedAt: null };
    this.#own.set(topic, own);
    for (const channel of channels) {
      if (own.channels.includes(channel)) continue;
      own.listed ??= new Set();
      own.listed.add(channel);
    }
    for (const channel of own.channels) if (!channels.includes(channel)) own.listed?.delete(channel);
    own.channels = [...channels];
    return before;
  }

  withdraw(topic: string): boolean {
    return this.#own.delete(topic);
  }

  register(producer: string, topic: string, channel: string | null): void {
    for (const key of new Set([keyOf(topic, channel), topic])) {
      const producers = this.#addKey(key);
      producers.set(producer, producers.get(producer) ?? null);
    }
  }

  unregister(producer: string, topic: string, channel: string | null): void {
    const key = keyOf(topic, channel);
    for (const at of channel === null ? this.#keysOf(topic) : [key]) this.#keys.get(at)?.delete(producer);
    if (isEphemeral(key) && this.#keys.get(key)?.size === 0) this.#keys.delete(key);
  }

  remove(producer: string): void {
    for (const producers of this.#keys.values()) producers.delete(producer);
  }

  keepOnly(kept: ReadonlySet<string>): void {
    for (const { producer } of this.registrations()) if (!kept.has(producer)) this.remove(producer);
  }

  createTopic(topic: string): void {
    this.#addKey(topic);
  }

  createChannel(topic: string, channel: string): void {
    this.#addKey(topic);
    this.#addKey(keyOf(topic, channel));
  }

  /** A producer that is removed from a topic leaves no tombstone behind. */
  deleteTopic(topic: string): void {
    for (const key of this.#keysOf(topic)) this.#keys.delete(key);
    const own = this.#own.get(topic);
    if (own) Object.assign(own, { listed: null, tombstonedAt: null });
  }

  deleteChannel(topic: string, channel: string): boolean {
    const wasKnown = this.#keys.delete(keyOf(topic, channel));
    return this.#own.get(topic)?.listed?.delete(channel) || wasKnown;
  }

  tombstone(topic: string, producer: string | null, now: number): void {
    const own = this.#own.get(topic);
    const producers = this.#keys.get(topic);
    if (producer !== null && producers?.has(producer)) producers.set(producer, now);
    if (producer === null && own?.listed) own.tombstonedAt = now;
  }

  hasTopic(topic: string): boolean {
    return this.#keys.has(topic) || this.#own.get(topic)?.listed != null;
  }

  topicsAsJson(): string {
    const names = [...this.#keys.keys(), ...this.#own.keys()].map((key) => key.split(" ")[0] as string);
    return JSON.stringify([...new Set(names)].filter((topic) => this.hasTopic(topic)).sort());
  }

  channels(topic: string): string[] {
    const elsewhere = this.#keysOf(topic).flatMap((key) => key.split(" ").slice(1));
    return [...new Set([...elsewhere, ...(this.#own.get(topic)?.listed ?? [])])].sort();
  }

  ownTopic(topic: string): OwnTopic | null {
    return this.ownTopics().find((own) => own.topic === topic) ?? null;
  }

  ownTopics(): OwnTopic[] {
    const sorted = [...this.#own.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
    return sorted.map(({ topic, channels, listed, tombstonedAt }) => ({
      topic,
      channels: [...channels].sort(),
      listed: listed && [...listed].sort(),
      tombstonedAt,
    }));
  }

  producersOf(topic: string): Registration[] {
    return this.registrations().filter((one) => one.topic === topic && one.channel === "");
  }

  topicsOf(producer: string): Registration[] {
    return this.registrations().filter((one) => one.producer === producer && one.channel === "");
  }

  registrations(): Registration[] {
    const sorted = [...this.#keys.keys()].sort().map((key) => [key, this.#keys.get(key) as Producers] as const);
    return sorted.flatMap(([key, producers]) => {
      const [topic = "", channel = ""] = key.split(" ");
      const there = [...producers].map(([producer, tombstonedAt]) => ({ topic, channel, producer, tombstonedAt }));
      return there.sort((a, b) => (a.producer < b.producer ? -1 : 1));
    });
  }

  #keysOf(topic: string): string[] {
    return [...this.#keys.keys()].filter((key) => key === topic || key.startsWith(`${topic} `));
  }

  #addKey(key: string): Producers {
    const producers = this.#keys.get(key) ?? new Map();
    this.#keys.set(key, producers);
    return producers;
  }
}

function keyOf(topic: string, channel: string | null): string {
  return channel === null ? topic : `${topic} ${channel}`;
}
