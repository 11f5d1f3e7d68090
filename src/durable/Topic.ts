// The object of a topic: turns what happens to it into calls on the log, and performs what follows from them.

import { DurableObject } from "cloudflare:workers";
import { parseOptions } from "../options.ts";
import { isEphemeral } from "../protocol/names.ts";
import type { ChannelLife } from "../queue/channel-life.ts";
import type { Batch } from "../queue/log-store.ts";
import type { Segment } from "../queue/record-writer.ts";
import { topicSchema } from "../storage/topic-schema.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { Announcer } from "./announcer.ts";
import { ChannelOrders, type ChannelOutcome, type InterventionOrder } from "./channel-orders.ts";
import type { PushAnswer } from "./fan-out.ts";
import type { ScrapeAnswer } from "./figures.ts";
import { KeepAwake } from "./keep-awake.ts";
import { Life } from "./life.ts";
import { channelObject, LOOKUP_OBJECT, parseTopicObject, topicObject } from "./object-names.ts";
import { isStorageFull, openSql } from "./object-sql.ts";
import { OpenTopic } from "./open-topic.ts";
import { Producers } from "./producers.ts";
import type { PublishOutcome } from "./publish-group.ts";
import type { LookOrder } from "./topic-look.ts";
import { TopicStatistics } from "./topic-statistics.ts";
import type { TopicReport } from "./topic-stats.ts";
import { Usage } from "./usage.ts";

/** A part of the log for a channel. */
export interface Pulled {
  readonly batches: Batch[];
  /** How far the topic has fanned out. */
  readonly end: number;
  /** Whether the topic sends what follows by itself. */
  readonly isFollowing: boolean;
}

/** How long a lost call to a channel can stay unnoticed: an alarm rings that often while messages are published. */
const GUARD_MS = 10 * 60_000;
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Bytes of one answer to a channel, about. */
const PULL_BYTES = 2 * 2 ** 20;

export class Topic extends DurableObject<Env> {
  readonly #address = parseTopicObject(this.ctx.id.name ?? "");
  readonly #options = parseOptions({ ...this.env });
  readonly #usage = new Usage();
  readonly #sql = openSql(this.ctx, topicSchema, `topic ${this.#address.topic}`, this.#usage);
  readonly #life = new Life(this.ctx, (what, error) => this.#log(what, error));
  readonly #alarm = new AlarmClock(this.ctx.storage, this.#usage, (error) =>
    this.#life.end("an alarm could not be set", error),
  );
  readonly #producers: Producers;
  #topic: OpenTopic | null;
  /** Where the seqs of the last life ended, and the lives of its channels. */
  #lastEnd = 0;
  readonly #announcer = new Announcer(
    () => this.#announce(),
    (error) => this.#retry("could not be announced", error),
  );
  readonly #statistics = new TopicStatistics(this.#address.topic, this.#reported, {
    topic: () => this.#topic,
    usage: () => this.#usage.counts,
    producers: () => this.#producers.reports,
    ask: (channel, life, fanout) => this.#channel(channel).stats(life, fanout),
    mark: () => this.#lookup.mark(this.#address.topic),
    failed: (error) => this.#log("Lookup could not be told that figures changed", error),
    wakeWithin: (ms) => this.#alarm.setBy(Date.now() + ms),
  });
  /** Under way while a new topic learns which channels it has: publishes are answered after that. */
  #introduction: Promise<void> | null = null;
  #deletion: Promise<void> | null = null;
  #hasIntroduced = false;
  #failures = 0;
  readonly #keepAwake = new KeepAwake(() => this.#topic?.isVolatile ?? false);
  readonly #orders = new ChannelOrders(
    () => this.#living,
    (channel) => this.#channel(channel),
  );

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { storage } = ctx; // asking for it costs more than it looks
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      // The platform gives up an alarm that failed some times (platform notes A3).
      if (this.#isOwing) this.#alarm.setBy(Date.now() + RETRY_MS);
    });
    this.#topic = OpenTopic.load(this.#address.topic, Date.now(), this.#surroundings);
    this.#producers = new Producers(ctx, this.#address.topic, this.#options, {
      store: (segments) => this.#store(segments),
      confirmed: () => storage.sync(),
      ready: () => this.#introduction,
      publishTo: (topic, records) => this.#other(topic).publish(records),
      createTopic: (topic) => {
        if (topic === this.#address.topic) this.#ensure();
        else
          this.#other(topic)
            .create()
            .catch((error) => this.#log(`topic ${topic} could not be created`, error));
      },
      guard: (work) => this.#life.guard(work),
      wakeBy: (at) => this.#alarm.setBy(at),
    });
  }

  // Sockets: the gateway's, and those of direct producers.

  override fetch(request: Request): Response {
    return this.#producers.accept(request);
  }

  override webSocketMessage(webSocket: WebSocket, message: string | ArrayBuffer): void {
    this.#usage.webSocketMessages++;
    this.#life.guard(() => this.#producers.receive(webSocket, message));
  }

  override webSocketClose(webSocket: WebSocket): void {
    this.#producers.closed(webSocket);
    this.#statistics.changed();
  }

  override webSocketError(webSocket: WebSocket): void {
    this.webSocketClose(webSocket);
  }

  override async alarm(): Promise<void> {
    this.#usage.alarms++;
    this.#alarm.rang();
    await Promise.all([this.#statistics.check(), this.#wakeUpCall()]);
  }

  async #wakeUpCall(): Promise<void> {
    this.#producers.beat(Date.now());
    const topic = this.#topic;
    if (topic?.isDeleting) {
      await this.#delete(topic).catch((error) => this.#retry("could not be deleted", error));
      return;
    }
    if (!this.#announcer.isTold && (topic || OpenTopic.isGone(this.#sql))) await this.#announcer.tell();
    if (!topic) return;
    for (const [channel, life] of topic.removedChannels) await this.#tellRemoved(topic, channel, life);
    await topic.fanOut.ask();
    if (this.#living !== topic) return;
    topic.saveFree();
    if (topic.log.trim()) this.#alarm.setBy(Date.now() + RETRY_MS);
  }

  // Orders of the Worker.

  /** Publishes records as a RecordWriter collects them. */
  publish(records: Uint8Array): Promise<PublishOutcome> {
    this.#usage.calls++;
    return this.#producers.publish(records);
  }

  async create(): Promise<void> {
    this.#ensure();
    await this.#introduction;
  }

  /** False when there is no such topic. */
  async remove(): Promise<boolean> {
    const topic = this.#topic;
    if (!topic) return false;
    topic.isDeleting = true;
    topic.save();
    this.#alarm.setBy(Date.now() + RETRY_MS);
    await this.#delete(topic);
    return true;
  }

  /** Drops what waits at the topic itself. False when there is no such topic. */
  empty(): boolean {
    return this.#change((topic) => topic.log.empty());
  }

  setPaused(isPaused: boolean): boolean {
    return this.#change((topic) => topic.log.setPaused(isPaused));
  }

  async createChannel(channel: string): Promise<ChannelOutcome> {
    if (!this.#living) return "no-topic";
    return (await this.openChannel(channel)) === null ? "no-topic" : "done";
  }

  removeChannel(channel: string): Promise<ChannelOutcome> {
    return this.#orders.at(channel, async (topic) => {
      await this.#removeChannel(topic, channel);
      return "done" as const;
    });
  }

  emptyChannel(channel: string): Promise<ChannelOutcome> {
    return this.#statistics.changing(this.#orders.empty(channel));
  }

  setChannelPaused(channel: string, isPaused: boolean): Promise<ChannelOutcome> {
    return this.#statistics.changing(this.#orders.setPaused(channel, isPaused));
  }

  /** Drops a message from a channel, or puts it at the tail of its queue at once. */
  intervene(channel: string, order: InterventionOrder): ReturnType<ChannelOrders["intervene"]> {
    return this.#statistics.changing(this.#orders.intervene(channel, order));
  }

  /** A page of messages of the topic itself, when the channel is null, or of a channel. */
  look(channel: string | null, order: LookOrder): ReturnType<ChannelOrders["look"]> {
    return this.#orders.look(channel, order);
  }

  /** The body of a message; `due` is when it falls due, if a channel has it. */
  body(channel: string | null, seq: number, due: number | null): Promise<Uint8Array | null> {
    return this.#orders.body(channel, seq, due);
  }

  /** Null when there is no such topic. */
  stats(channel: string | null, includesClients: boolean): Promise<TopicReport | null> {
    return this.#statistics.stats(channel, includesClients);
  }

  /** What a scrape is told; null when there is no such topic. */
  figures(): Promise<ScrapeAnswer | null> {
    return this.#statistics.figures();
  }

  // What the objects of its channels ask.

  /** Makes topic and channel exist for a consumer. Returns null while the topic is deleted. */
  async openChannel(channel: string): Promise<ChannelLife | null> {
    const topic = this.#ensure();
    await this.#introduction;
    if (this.#living !== topic) return null;
    if (!topic.log.hasChannel(channel)) {
      topic.addChannels([channel]);
      this.#statistics.changed();
      await this.#tellLookup();
    }
    return topic.log.hasChannel(channel) ? topic.log.channelLife(channel) : null;
  }

  /** The log from `seq` on. Null when this life of the channel is over. */
  pull(channel: string, life: number, seq: number, low: number): Pulled | null {
    this.#usage.calls++;
    const topic = this.#withChannel(channel, life);
    if (!topic) return null;
    topic.log.report(channel, low);
    const batches = topic.log.read(seq, PULL_BYTES);
    const last = batches.at(-1);
    const next = last ? last.first + last.count : seq;
    const isFollowing = next >= topic.log.fanout;
    if (isFollowing) topic.fanOut.follow(channel, next);
    if (isFollowing && topic.log.canTrim) this.#alarm.setBy(Date.now() + GUARD_MS);
    return { batches, end: topic.log.fanout, isFollowing };
  }

  /** The frames of the first of some messages, null for one that is gone. Null when the channel is. */
  frames(channel: string, life: number, seqs: number[]): (Uint8Array | null)[] | null {
    return this.#withChannel(channel, life)?.log.frames(seqs, PULL_BYTES) ?? null;
  }

  /** The channel has saved that everything below `low` is finished. */
  report(channel: string, life: number, low: number): void {
    this.#withChannel(channel, life)?.log.report(channel, low);
    this.#keepAwake.check();
  }

  /** Consumers of a channel came, went, or want another number of messages. */
  clientsChanged(): void {
    this.#statistics.changed();
  }

  /** The last consumer of an ephemeral channel left. */
  async leave(channel: string, life: number): Promise<void> {
    const isDeserted = await this.#channel(channel).isDeserted(); // not if another one has come since
    const topic = this.#withChannel(channel, life);
    if (topic && isDeserted) await this.#removeChannel(topic, channel);
  }

  /** What of the options figures depend on. */
  get #reported() {
    const { memQueueSize, e2eProcessingLatencyPercentile: quantiles } = this.#options;
    return { memQueueSize, quantiles };
  }

  get #surroundings() {
    const { memQueueSize, maxTopicBytes } = this.#options;
    return {
      sql: this.#sql,
      limits: { node: this.#address.node, memQueueSize, maxTopicBytes },
      push: (channel: string, batches: Batch[], end: number) => this.#push(channel, batches, end),
      pushFailed: (channel: string, error: unknown, isNews: boolean) => this.#pushFailed(channel, error, isNews),
      saveFailed: (error: unknown) => this.#life.end("state could not be saved", error),
    };
  }

  /** The topic, unless it is about to end. */
  get #living(): OpenTopic | null {
    return this.#topic?.isDeleting ? null : this.#topic;
  }

  /** Whether there is something that only the alarm brings to its end. */
  get #isOwing(): boolean {
    const topic = this.#topic;
    return topic ? topic.isDeleting || topic.removedChannels.size > 0 : OpenTopic.isGone(this.#sql);
  }

  #withChannel(channel: string, life: number): OpenTopic | null {
    const topic = this.#living;
    return topic?.log.hasChannel(channel) && topic.log.channelLife(channel).id === life ? topic : null;
  }

  get #lookup() {
    return this.env.LOOKUP.getByName(LOOKUP_OBJECT);
  }

  /** The object of another topic. */
  #other(topic: string) {
    return this.env.TOPIC.getByName(topicObject({ ...this.#address, topic }));
  }

  #channel(channel: string) {
    return this.env.CHANNEL.getByName(channelObject({ ...this.#address, channel }));
  }

  /** The topic; a new one when there is none. */
  #ensure(): OpenTopic {
    this.#topic ??= OpenTopic.create(this.#address.topic, Date.now(), this.#lastEnd, this.#surroundings);
    if (this.#topic.isNew && !this.#hasIntroduced) {
      this.#hasIntroduced = true;
      this.#introduction = this.#tellLookup().finally(() => {
        this.#introduction = null;
      });
    }
    return this.#topic;
  }

  #change(change: (topic: OpenTopic) => void): boolean {
    const topic = this.#living;
    if (!topic) return false;
    change(topic);
    topic.save();
    this.#statistics.changed();
    this.#fanOut(topic);
    return true;
  }

  #store(segments: Segment[]): PublishOutcome {
    if (segments.length === 0) return "stored";
    const outcome = this.#append(segments);
    const topic = this.#topic;
    if (!topic) return outcome;
    if (outcome === "stored") {
      this.#statistics.changed();
      this.#fanOut(topic);
    }
    if (outcome === "full" || outcome === "storage-full") this.#makeRoom(topic);
    this.#keepAwake.check();
    return outcome;
  }

  #append(segments: Segment[]): PublishOutcome {
    try {
      const topic = this.#ensure();
      if (topic.isDeleting) return "exiting";
      if (topic.log.isFull) return "full";
      topic.log.append(segments, Date.now());
      return "stored";
    } catch (error) {
      this.#log("failed to write messages", error);
      return isStorageFull(error) ? "storage-full" : "failed";
    }
  }

  /** Sends on what was fanned out; should a call be lost together with this life, the next one sends again. */
  #fanOut(topic: OpenTopic): void {
    if (topic.fanOut.hasFollowers) this.#alarm.setBy(Date.now() + GUARD_MS);
    topic.fanOut.send();
  }

  /** The channels may have finished more than the topic was told, and what they have finished may still be there. */
  #makeRoom(topic: OpenTopic): void {
    this.#alarm.setBy(Date.now() + RETRY_MS);
    void topic.fanOut.ask();
  }

  async #removeChannel(topic: OpenTopic, channel: string): Promise<void> {
    const { id: life } = topic.log.channelLife(channel);
    topic.removeChannel(channel);
    this.#statistics.changed();
    this.#alarm.setBy(Date.now() + RETRY_MS); // should this life end before the channel is told
    await this.#tellRemoved(topic, channel, life);
    if (this.#living !== topic) return;
    if (isEphemeral(this.#address.topic) && topic.log.channelNames.length === 0) await this.remove();
    else await this.#tellLookup();
  }

  async #tellRemoved(topic: OpenTopic, channel: string, life: number): Promise<void> {
    try {
      await this.#channel(channel).remove(life);
      if (this.#topic === topic) topic.forgetRemoved(channel, life);
    } catch (error) {
      this.#retry(`channel ${channel} could not be told that it was deleted`, error);
    }
  }

  /** Tells Lookup what is new; should this life end before that is done, the next one does it. */
  #tellLookup(): Promise<void> {
    this.#alarm.setBy(Date.now() + GUARD_MS);
    return this.#announcer.tell();
  }

  async #announce(): Promise<void> {
    const topic = this.#living;
    if (topic) {
      const channels = await this.#lookup.announce(this.#address.topic, topic.log.channelNames, topic.isNew);
      if (!topic.isNew || this.#topic !== topic) return;
      topic.adopt(channels);
      this.#statistics.changed(); // a scrape may have asked while the answer was under way
    } else {
      await this.#lookup.withdraw(this.#address.topic);
      if (this.#topic === null) await this.#forgetAll();
    }
  }

  /** Brings a deletion to its end; there is one at a time. */
  #delete(topic: OpenTopic): Promise<void> {
    this.#deletion ??= this.#deleteNow(topic).finally(() => {
      this.#deletion = null;
    });
    return this.#deletion;
  }

  async #deleteNow(topic: OpenTopic): Promise<void> {
    const channels = topic.log.channelNames.map((name) => [name, topic.log.channelLife(name).id] as const);
    const all = [...channels, ...topic.removedChannels];
    await Promise.all(all.map(([channel, life]) => this.#channel(channel).remove(life)));
    await this.#announcer.tell();
    this.#lastEnd = Math.max(topic.log.end, topic.log.state.nextLife);
    this.#topic = null;
    this.#hasIntroduced = false;
    const deleted = this.#forgetAll();
    if (!this.#announcer.isTold) {
      OpenTopic.saveGone(this.#sql);
      this.#alarm.setBy(Date.now() + RETRY_MS);
    }
    await deleted;
  }

  #forgetAll(): Promise<void> {
    const deleted = this.ctx.storage.deleteAll(); // takes effect at once, and takes the alarm along
    this.#alarm.rang();
    this.#alarm.setBy(this.#producers.nextBeatAt);
    return deleted.catch((error) => this.#life.end("could not be deleted", error));
  }

  async #push(channel: string, batches: Batch[], end: number): Promise<PushAnswer> {
    const topic = this.#topic as OpenTopic;
    const answer = await this.#channel(channel).push(topic.log.channelLife(channel), batches, end);
    this.#failures = 0;
    return answer;
  }

  #pushFailed(channel: string, error: unknown, isNews: boolean): void {
    if (this.#topic?.log.hasChannel(channel)) this.#retry(`channel ${channel} could not be reached`, error, isNews);
  }

  #retry(what: string, error: unknown, isNews = true): void {
    if (isNews) this.#log(what, error);
    this.#alarm.setBy(Date.now() + Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures));
    this.#failures++;
  }

  #log(what: string, error: unknown): void {
    console.error(`TOPIC(${this.#address.topic}): ${what}:`, error);
  }
}
