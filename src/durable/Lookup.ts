// The object that is the broker's nsqlookupd: it knows which topics, channels and producers there are, and writes down when those of
// the broker come and go.

import { DurableObject } from "cloudflare:workers";
import { type DebugPlace, Directory, type Nodes, type TopicProducers } from "../lookup/directory.ts";
import { type LogLevel, levelNumber, parseOptions } from "../options.ts";
import { isEphemeral } from "../protocol/names.ts";
import { type Action, type AuditEntry, AuditTrail } from "../storage/audit-trail.ts";
import { FiguresStore } from "../storage/figures-store.ts";
import { lookupSchema } from "../storage/lookup-schema.ts";
import { RegistrationDb } from "../storage/registration-db.ts";
import { Life } from "./life.ts";
import { Notifier } from "./notifier.ts";
import { FIRST_NODE, topicObject } from "./object-names.ts";
import { openSql } from "./object-sql.ts";
import { Scrape, type Scraped } from "./scrape.ts";
import { Usage, type UsageCounts } from "./usage.ts";
import { V1Sockets } from "./v1-sockets.ts";

export class Lookup extends DurableObject<Env> {
  readonly #options = parseOptions({ ...this.env });
  readonly #usage = new Usage();
  readonly #sql = openSql(this.ctx, lookupSchema, "Lookup", this.#usage);
  readonly #db = new RegistrationDb(this.#sql);
  readonly #auditTrail = new AuditTrail(this.#sql);
  readonly #scrape = new Scrape(
    new FiguresStore(this.#sql),
    (topic) => this.env.TOPIC.getByName(topicObject({ node: FIRST_NODE, topic })).figures(),
    (topic, error) => this.#logError(`no figures of topic ${topic} for /metrics`, error),
  );
  readonly #notifier = new Notifier(this.#options.notificationHttpEndpoint, (what, error) =>
    this.#logError(what, error),
  );
  readonly #life = new Life(this.ctx, (what, error) => this.#logError(what, error));
  readonly #sockets: V1Sockets;
  readonly #directory: Directory;
  #logLevel: LogLevel = this.#options.logLevel;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql.exec(
      "CREATE TABLE IF NOT EXISTS broker (id INTEGER PRIMARY KEY CHECK (id = 0), start_time INTEGER NOT NULL)",
    );
    this.#sql.exec("INSERT OR IGNORE INTO broker VALUES (0, ?)", Math.floor(Date.now() / 1000));
    this.#sockets = new V1Sockets(ctx, {
      register: (producer, topic, channel) => this.#db.register(producer, topic, channel),
      unregister: (producer, topic, channel) => this.#db.unregister(producer, topic, channel),
      left: (producer) => this.#db.remove(producer),
    });
    const { producers } = this.#sockets;
    this.#db.keepOnly(new Set(producers.keys())); // the others were lost with an earlier life of this object
    const { inactiveProducerTimeout, tombstoneLifetime } = this.#options;
    this.#directory = new Directory(this.#db, producers, {
      inactiveProducerTimeoutMs: inactiveProducerTimeout,
      tombstoneLifetimeMs: tombstoneLifetime,
    });
  }

  // Producers elsewhere, with V1.

  override fetch(request: Request): Response {
    return this.#sockets.accept(request);
  }

  override webSocketMessage(webSocket: WebSocket, message: string | ArrayBuffer): void {
    this.#life.guard(() => this.#sockets.receive(webSocket, message, Date.now()));
  }

  override webSocketClose(webSocket: WebSocket): void {
    this.#life.guard(() => this.#sockets.closed(webSocket));
  }

  override webSocketError(webSocket: WebSocket): void {
    this.webSocketClose(webSocket);
  }

  // The broker's own topics.

  /**
   * A topic exists, with these channels and no others. When it is new it gets those, too, that are known of it from elsewhere,
   * but for ephemeral ones (spec 2.2): all that it has then are returned.
   */
  announce(topic: string, channels: string[], isNew: boolean): string[] {
    // What is there of an earlier life of the topic is no news from elsewhere.
    if (isNew) {
      this.#db.withdraw(topic);
      this.#scrape.forget(topic);
    }
    const known = isNew ? this.#db.channels(topic).filter((channel) => !isEphemeral(channel)) : [];
    const all = [...new Set([...channels, ...known])];
    const before = this.#db.announce(topic, all);
    if (before === null) this.#log(`TOPIC(${topic}): created`);
    for (const channel of all) {
      if (!before?.channels.includes(channel)) this.#log(`TOPIC(${topic}): new channel(${channel})`);
    }
    for (const channel of before?.channels ?? []) {
      if (!all.includes(channel)) this.#log(`TOPIC(${topic}): deleted channel(${channel})`);
    }
    return all;
  }

  /** A topic exists no more. */
  withdraw(topic: string): void {
    this.#scrape.forget(topic);
    if (this.#db.withdraw(topic)) this.#log(`TOPIC(${topic}): deleted`);
  }

  /** All topics of the broker, sorted by name. */
  ownTopics(): string[] {
    return this.#db.ownTopics().map(({ topic }) => topic);
  }

  // Scrapes.

  /** The figures of a topic are not any more what a scrape was told. */
  mark(topic: string): void {
    this.#scrape.mark(topic);
  }

  /** The figures of all topics, and what this object has cost since its life began. */
  async scrape(): Promise<Scraped & { usage: UsageCounts }> {
    const scraped = await this.#scrape.run(Date.now());
    return { ...scraped, usage: this.#usage.counts };
  }

  // What is asked and ordered over nsqlookupd's HTTP API.

  lookup(topic: string): TopicProducers | null {
    return this.#directory.lookup(topic, Date.now());
  }

  topicsAsJson(): string {
    return this.#db.topicsAsJson();
  }

  channels(topic: string): string[] {
    return this.#db.channels(topic);
  }

  /** Of each of some topics. */
  channelsOf(topics: string[]): string[][] {
    return topics.map((topic) => this.#db.channels(topic));
  }

  nodes(): Nodes {
    return this.#directory.nodes(Date.now());
  }

  debug(): DebugPlace[] {
    return this.#directory.debug();
  }

  createTopic(topic: string): void {
    this.#db.createTopic(topic);
  }

  createChannel(topic: string, channel: string): void {
    this.#db.createChannel(topic, channel);
  }

  deleteTopic(topic: string): void {
    this.#db.deleteTopic(topic);
  }

  /** False when there is no such channel. */
  deleteChannel(topic: string, channel: string): boolean {
    return this.#db.deleteChannel(topic, channel);
  }

  /** Hides the producer at a node, `broadcast_address:http_port`, of a topic; `ownNode` is the broker's. */
  tombstone(topic: string, node: string, ownNode: string): void {
    this.#directory.tombstone(topic, node, ownNode, Date.now());
  }

  // What administrators do.

  /** Writes down that an action begins. Returns its id. */
  recordAction(action: Action): number {
    return this.#auditTrail.begin(action, Date.now());
  }

  /** Writes down what became of an action, and tells whoever wants to know. */
  settleAction(id: number, outcome: string): void {
    const settled = this.#auditTrail.settle(id, outcome);
    if (settled) this.#notifier.tell(settled);
  }

  /** Some actions before the one with this id, the newest first; null for the newest of all. */
  auditPage(before: number | null, limit: number): AuditEntry[] {
    return this.#auditTrail.page(before, limit);
  }

  // The broker as a whole.

  /** When the broker came to be, s since the epoch: what is counted is counted since then. */
  startTime(): number {
    return this.ctx.storage.sql.exec<{ start_time: number }>("SELECT start_time FROM broker").one().start_time;
  }

  logLevel(): LogLevel {
    return this.#logLevel;
  }

  /** Holds until this object sleeps, as nsqd's holds until it is restarted. */
  setLogLevel(level: LogLevel): void {
    this.#logLevel = level;
  }

  #logError(what: string, error: unknown): void {
    console.error(`LOOKUP: ${what}:`, error);
  }

  #log(line: string): void {
    if (levelNumber(this.#logLevel) <= levelNumber("info")) console.info(`${this.#options.logPrefix}INFO: ${line}`);
  }
}
