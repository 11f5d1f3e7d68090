// Who produces which topics and channels (spec 5.3, nsqlookupd/registration_db.go): the broker's own ones, which are there as long
// as they exist, and those that producers elsewhere have registered over a connection.

import type { OwnTopic, Registration, Registrations } from "../lookup/registrations.ts";
import { isEphemeral } from "../protocol/names.ts";
import { lookupSchema } from "./lookup-schema.ts";
import { type Sql, select, selectFirst } from "./sql.ts";

type OwnRow = { name: string; channels: string; listed: string | null; tombstoned_at: number | null };
type RegistrationRow = { topic: string; channel: string; producer: string; tombstoned_at: number | null };
type NameRow = { name: string };

const THE_TOPIC = "";

export class RegistrationDb implements Registrations {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
    // All channels of an own topic lie in its row, because rows written are what is paid for.
    sql.exec(
      `CREATE TABLE IF NOT EXISTS own_topic (
        name TEXT PRIMARY KEY,
        channels TEXT NOT NULL,
        listed TEXT,
        tombstoned_at INTEGER
      ) WITHOUT ROWID`,
    );
    sql.exec("CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY) WITHOUT ROWID");
    sql.exec("CREATE TABLE IF NOT EXISTS channel (topic TEXT, name TEXT, PRIMARY KEY (topic, name)) WITHOUT ROWID");
    sql.exec(
      `CREATE TABLE IF NOT EXISTS registration (
        topic TEXT,
        channel TEXT,
        producer TEXT,
        tombstoned_at INTEGER,
        PRIMARY KEY (topic, channel, producer)
      ) WITHOUT ROWID`,
    );
    sql.exec("CREATE INDEX IF NOT EXISTS registration_producer ON registration (producer)");
    lookupSchema.mark(sql);
  }

  // The broker's own topics.

  /** Takes note that a topic exists, with these channels and no others. Returns what was known of it before. */
  announce(topic: string, channels: readonly string[]): OwnTopic | null {
    const before = this.ownTopic(topic);
    const sorted = [...channels].sort();
    // Topics announce themselves again after every sleep: only news are worth a row.
    if (before && sorted.join() === before.channels.join()) return before;
    const added = sorted.filter((channel) => !before?.channels.includes(channel));
    const stillListed = before?.listed?.filter((channel) => sorted.includes(channel)) ?? [];
    // A new channel registers its topic, too; one that was not listed has lost its tombstone.
    const isListed = before === null || before.listed !== null || added.length > 0;
    const listed = isListed ? [...stillListed, ...added].sort() : null;
    this.#saveOwn({ topic, channels: sorted, listed, tombstonedAt: before?.listed ? before.tombstonedAt : null });
    return before;
  }

  /** Takes note that a topic exists no more. False when it was not known. */
  withdraw(topic: string): boolean {
    if (this.ownTopic(topic) === null) return false;
    this.#sql.exec("DELETE FROM own_topic WHERE name = ?", topic);
    return true;
  }

  ownTopic(topic: string): OwnTopic | null {
    const row = selectFirst<OwnRow>(this.#sql, "SELECT * FROM own_topic WHERE name = ?", topic);
    return row && ownTopicOf(row);
  }

  /** Sorted by name. */
  ownTopics(): OwnTopic[] {
    return [...select<OwnRow>(this.#sql, "SELECT * FROM own_topic ORDER BY name")].map(ownTopicOf);
  }

  // What producers elsewhere say.

  register(producer: string, topic: string, channel: string | null): void {
    this.#sql.atomically(() => {
      if (channel === null) this.createTopic(topic);
      else this.createChannel(topic, channel);
      for (const place of new Set([channel ?? THE_TOPIC, THE_TOPIC])) {
        this.#sql.exec("INSERT OR IGNORE INTO registration VALUES (?, ?, ?, NULL)", topic, place, producer);
      }
    });
  }

  /** Names stay when their last producer leaves, but for ephemeral ones. Without a channel all channels of the topic are meant. */
  unregister(producer: string, topic: string, channel: string | null): void {
    this.#sql.atomically(() => {
      if (channel === null) {
        this.#sql.exec("DELETE FROM registration WHERE topic = ? AND producer = ?", topic, producer);
        if (isEphemeral(topic) && !this.#hasProducers(topic, THE_TOPIC)) this.#dropTopic(topic);
      } else {
        this.#sql.exec(
          "DELETE FROM registration WHERE topic = ? AND channel = ? AND producer = ?",
          ...[topic, channel, producer],
        );
        if (isEphemeral(channel) && !this.#hasProducers(topic, channel)) this.#dropChannel(topic, channel);
      }
    });
  }

  /** A producer is gone; all names stay. */
  remove(producer: string): void {
    this.#sql.exec("DELETE FROM registration WHERE producer = ?", producer);
  }

  /** Removes all producers but these. */
  keepOnly(producers: ReadonlySet<string>): void {
    const all = [...select<{ producer: string }>(this.#sql, "SELECT DISTINCT producer FROM registration")];
    for (const { producer } of all) if (!producers.has(producer)) this.remove(producer);
  }

  // What is ordered over HTTP.

  createTopic(topic: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO topic VALUES (?)", topic);
  }

  createChannel(topic: string, channel: string): void {
    this.createTopic(topic);
    this.#sql.exec("INSERT OR IGNORE INTO channel VALUES (?, ?)", topic, channel);
  }

  /** Forgets a topic with its channels and producers, until one of them registers it again. */
  deleteTopic(topic: string): void {
    this.#sql.atomically(() => {
      this.#sql.exec("DELETE FROM registration WHERE topic = ?", topic);
      this.#sql.exec("DELETE FROM channel WHERE topic = ?", topic);
      this.#dropTopic(topic);
      const own = this.ownTopic(topic);
      if (own?.listed) this.#saveOwn({ ...own, listed: null });
    });
  }

  /** False when there is no such channel. */
  deleteChannel(topic: string, channel: string): boolean {
    if (!this.channels(topic).includes(channel)) return false;
    this.#sql.atomically(() => {
      this.#sql.exec("DELETE FROM registration WHERE topic = ? AND channel = ?", topic, channel);
      this.#dropChannel(topic, channel);
      const own = this.ownTopic(topic);
      if (own?.listed?.includes(channel)) {
        this.#saveOwn({ ...own, listed: own.listed.filter((other) => other !== channel) });
      }
    });
    return true;
  }

  tombstone(topic: string, producer: string | null, now: number): void {
    if (producer === null) {
      this.#sql.exec("UPDATE own_topic SET tombstoned_at = ? WHERE name = ?", now, topic);
    } else {
      this.#sql.exec(
        "UPDATE registration SET tombstoned_at = ? WHERE topic = ? AND channel = '' AND producer = ?",
        ...[now, topic, producer],
      );
    }
  }

  // What is known, sorted.

  hasTopic(topic: string): boolean {
    return selectFirst(this.#sql, "SELECT 1 FROM topic WHERE name = ?", topic) !== null || this.#isListed(topic);
  }

  /** As a JSON array: there may be very many. */
  topicsAsJson(): string {
    const names = "SELECT name FROM topic UNION SELECT name FROM own_topic WHERE listed IS NOT NULL ORDER BY name";
    return (
      selectFirst<{ json: string }>(this.#sql, `SELECT json_group_array(name) AS json FROM (${names})`)?.json ?? "[]"
    );
  }

  channels(topic: string): string[] {
    const rows = select<NameRow>(this.#sql, "SELECT name FROM channel WHERE topic = ?", topic);
    const names = [...rows].map(({ name }) => name);
    return [...new Set([...names, ...(this.ownTopic(topic)?.listed ?? [])])].sort();
  }

  producersOf(topic: string): Registration[] {
    return this.#registrations("WHERE topic = ? AND channel = ''", topic);
  }

  topicsOf(producer: string): Registration[] {
    return this.#registrations("WHERE producer = ? AND channel = ''", producer);
  }

  registrations(): Registration[] {
    return this.#registrations("");
  }

  #registrations(where: string, ...bindings: string[]): Registration[] {
    const statement = `SELECT * FROM registration ${where} ORDER BY topic, channel, producer`;
    const rows = [...select<RegistrationRow>(this.#sql, statement, ...bindings)];
    return rows.map(({ tombstoned_at, ...row }) => ({ ...row, tombstonedAt: tombstoned_at }));
  }

  #isListed(topic: string): boolean {
    const statement = "SELECT 1 FROM own_topic WHERE name = ? AND listed IS NOT NULL";
    return selectFirst(this.#sql, statement, topic) !== null;
  }

  #hasProducers(topic: string, channel: string): boolean {
    const statement = "SELECT 1 FROM registration WHERE topic = ? AND channel = ? LIMIT 1";
    return selectFirst(this.#sql, statement, topic, channel) !== null;
  }

  #dropTopic(topic: string): void {
    this.#sql.exec("DELETE FROM topic WHERE name = ?", topic);
  }

  #dropChannel(topic: string, channel: string): void {
    this.#sql.exec("DELETE FROM channel WHERE topic = ? AND name = ?", topic, channel);
  }

  #saveOwn({ topic, channels, listed, tombstonedAt }: OwnTopic): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO own_topic VALUES (?, ?, ?, ?)",
      ...[topic, JSON.stringify(channels), listed && JSON.stringify(listed), tombstonedAt],
    );
  }
}

function ownTopicOf({ name, channels, listed, tombstoned_at }: OwnRow): OwnTopic {
  return {
    topic: name,
    channels: JSON.parse(channels) as string[],
    listed: listed === null ? null : (JSON.parse(listed) as string[]),
    tombstonedAt: tombstoned_at,
  };
}
