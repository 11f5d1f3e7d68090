// What the directory reads of the registrations (src/storage/registration-db.ts keeps them).

/** The place of a producer elsewhere in a topic or channel. */
export interface Registration {
  readonly topic: string;
  /** Empty for the topic itself. */
  readonly channel: string;
  readonly producer: string;
  /** When it was hidden, ms; null when it was not. */
  readonly tombstonedAt: number | null;
}

/** One of the broker's own topics. */
export interface OwnTopic {
  readonly topic: string;
  readonly channels: readonly string[];
  /** The channels that are listed; null when the topic is not: it was deleted here, though it exists. */
  readonly listed: readonly string[] | null;
  readonly tombstonedAt: number | null;
}

/** All lists are sorted. */
export interface Registrations {
  hasTopic(topic: string): boolean;
  channels(topic: string): string[];
  ownTopic(topic: string): OwnTopic | null;
  ownTopics(): OwnTopic[];
  /** The producers elsewhere of a topic. */
  producersOf(topic: string): Registration[];
  /** The topics of a producer elsewhere. */
  topicsOf(producer: string): Registration[];
  /** All of producers elsewhere. */
  registrations(): Registration[];
  /** Hides a producer of a topic; a null producer is the broker itself. */
  tombstone(topic: string, producer: string | null, now: number): void;
}
