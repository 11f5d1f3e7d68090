// The object of a channel: turns what happens to it into calls on the queue, and performs what follows from them.

import { DurableObject } from "cloudflare:workers";
import { parseOptions } from "../options.ts";
import { clientError } from "../protocol/errors.ts";
import { BODY_OFFSET } from "../protocol/message.ts";
import { isEphemeral } from "../protocol/names.ts";
import type { ChannelLife } from "../queue/channel-life.ts";
import { ChannelQueue } from "../queue/channel-queue.ts";
import type { ChannelStore } from "../queue/channel-store.ts";
import { Consumer } from "../queue/consumer.ts";
import type { Batch } from "../queue/log-store.ts";
import type { Addressed, Intervened, Intervention } from "../queue/operator.ts";
import type { Session } from "../session/session.ts";
import type { SessionHost } from "../session/session-host.ts";
import { channelSchema } from "../storage/channel-schema.ts";
import { MemoryChannelStore } from "../storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../storage/sqlite-channel-store.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type ChannelReport, lookIntoChannel, reportOnChannel } from "./channel-report.ts";
import { ClientWatch } from "./client-watch.ts";
import { Delay } from "./delay.ts";
import { Departure } from "./departure.ts";
import type { PushAnswer } from "./fan-out.ts";
import { Forwarder } from "./forwarder.ts";
import { KeepAwake } from "./keep-awake.ts";
import { Life } from "./life.ts";
import { parseChannelObject, topicObject } from "./object-names.ts";
import { openSql } from "./object-sql.ts";
import { restoredQueue, savedState } from "./restored-queue.ts";
import { Saver } from "./saver.ts";
import type { Socket } from "./socket.ts";
import { NO_AUTH, Sockets } from "./sockets.ts";
import { EXITING, Subscription } from "./subscription.ts";
import { TopicLink } from "./topic-link.ts";
import type { ChannelLookReport, LookOrder } from "./topic-look.ts";
import { Usage } from "./usage.ts";
import { WakeUp } from "./wake-up.ts";

/** How often a peer that takes nothing is looked at again, ms. */
const WATCH_MS = 100;
/** How long messages are held back to be sent together, ms. */
const MOMENT_MS = 1;

export class Channel extends DurableObject<Env> {
  readonly #address = parseChannelObject(this.ctx.id.name ?? "");
  readonly #isEphemeral = isEphemeral(this.#address.channel);
  readonly #options = parseOptions({ ...this.env });
  readonly #usage = new Usage();
  readonly #sql = openSql(
    this.ctx,
    channelSchema,
    `channel ${this.#address.topic}:${this.#address.channel}`,
    this.#usage,
  );
  readonly #saved = new SqliteChannelStore(this.#sql);
  readonly #store: ChannelStore = this.#isEphemeral ? new MemoryChannelStore() : this.#saved;
  readonly #life = new Life(this.ctx, (what, error) => this.#log(what, error));
  readonly #alarm = new AlarmClock(this.ctx.storage, this.#usage, (error) =>
    this.#life.end("an alarm could not be set", error),
  );
  readonly #wakeUp = new WakeUp(this.#alarm, () => this.#wakeUpCall());
  readonly #keepAwake = new KeepAwake(() => this.#isVolatile);
  readonly #sockets: Sockets;
  readonly #forwarder: Forwarder;
  readonly #topicLink: TopicLink;
  readonly #subscription = new Subscription(this.#address, this.#options.maxChannelConsumers, {
    open: (topic, channel) => this.#topic(topic).openChannel(channel),
    failed: (error) => this.#log("its topic could not be reached", error),
  });
  /** A consumer that has room for little waits for more. */
  readonly #holdingBack = new Delay(MOMENT_MS, () => this.#proceed(Date.now()));
  readonly #saver = new Saver(
    this.#options.syncTimeout,
    (queue, now) => this.#save(queue, now),
    () => this.#saveIsDue(),
  );
  /** Of an ephemeral channel. */
  readonly #departure = new Departure(this.#saved, {
    isDeserted: () => this.isDeserted(),
    leave: (life) => this.#topic(this.#address.topic).leave(this.#address.channel, life),
    failed: (error) => this.#log("its topic could not be told that the last consumer left", error),
    wakeBy: (at) => this.#alarm.setBy(at),
  });
  readonly #clientWatch = new ClientWatch(
    () => this.#topic(this.#address.topic).clientsChanged(),
    (error) => this.#log("its topic could not be told of its consumers", error),
  );
  #queue: ChannelQueue | null = null;
  /** The last life whose end this object was told. */
  #endedLife = 0;
  #isAwake = false;
  /** No heartbeat is owed before this, and no client is nobody any more, ms. */
  #beatAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
    this.#sockets = new Sockets(ctx, this.#options, {
      session: this.#sessionHost,
      guard: (work) => this.#life.guard(work),
    });
    this.#forwarder = new Forwarder(
      (topic, records) => this.#topic(topic).publish(records),
      (sessions) => this.#answered(sessions),
    );
    const { topic, channel } = this.#address;
    this.#topicLink = new TopicLink(
      {
        pull: (life, seq, low) => this.#topic(topic).pull(channel, life, seq, low),
        frames: (life, seqs) => this.#topic(topic).frames(channel, life, seqs),
      },
      {
        fetched: () => this.#proceed(Date.now()),
        removed: (queue) => {
          if (queue === this.#queue) this.#end();
        },
        failed: (error) => this.#log("its topic could not be reached", error),
      },
    );
  }

  readonly #sessionHost: SessionHost = {
    publish: (publication, session) => {
      this.#forwarder.publish(publication, session, session.now);
      return null;
    },
    createTopic: (topic) => {
      this.#topic(topic)
        .create()
        .catch((error) => this.#log(`topic ${topic} could not be created`, error));
    },
    subscribe: (topic, channel, session) => {
      this.#subscribe(topic, channel, session).catch((error) => {
        this.#log("SUB failed", error);
        session.resume(Date.now(), clientError("E_SUB_FAILED", "SUB failed"));
        this.#answered([session]);
      });
    },
    ...NO_AUTH,
    compress: (_compression, session) => session.resume(session.now),
  };

  // Sockets: the gateway's, and those of direct consumers.

  override fetch(request: Request): Response {
    this.#wake();
    return this.#sockets.accept(request, Date.now());
  }

  override webSocketMessage(webSocket: WebSocket, message: string | ArrayBuffer): void {
    this.#usage.webSocketMessages++;
    this.#life.guard(() => {
      this.#wake(webSocket);
      const socket = this.#sockets.get(webSocket);
      if (!socket) return;
      const now = Date.now();
      if (typeof message === "string") socket.control(message, now);
      else socket.receive(new Uint8Array(message), now);
      this.#proceed(now, [socket], true);
    });
  }

  override webSocketClose(webSocket: WebSocket): void {
    this.#life.guard(() => {
      this.#wake(webSocket);
      const socket = this.#sockets.closed(webSocket);
      if (socket) this.#gone(socket);
      this.#proceed(Date.now());
    });
  }

  override webSocketError(webSocket: WebSocket): void {
    this.webSocketClose(webSocket);
  }

  override alarm(): void {
    this.#usage.alarms++;
    this.#alarm.rang();
    this.#wake();
    this.#wakeUpCall();
  }

  // Orders of the topic; those that mean an earlier life of the channel come too late.

  /** Takes what was published. */
  push(life: ChannelLife, batches: Batch[], end: number): PushAnswer {
    this.#usage.calls++;
    // Without consumers there is nothing to take it for, and no reason to write a state.
    const queue = this.#queueOf(life);
    const isFollowing = queue?.offer(batches, end) ?? false;
    this.#proceed(Date.now());
    return { isFollowing, low: queue?.savedLow ?? life.start };
  }

  setPaused(life: ChannelLife, isPaused: boolean): void {
    this.#ensure(life)?.setPaused(isPaused);
    this.#proceed(Date.now());
  }

  /** Drops everything before `end`. */
  empty(life: ChannelLife, end: number): void {
    this.#ensure(life)?.empty(end);
    this.#keepAll();
    this.#proceed(Date.now());
  }

  /** Ends a life: closes its consumers' connections and forgets everything. */
  async remove(life: number): Promise<void> {
    this.#wake();
    if (this.#queue && this.#queue.life.id > life) return;
    this.#endedLife = Math.max(this.#endedLife, life);
    this.#end();
    const deleted = this.ctx.storage.deleteAll(); // takes effect at once, and takes the alarm along
    this.#alarm.rang();
    await deleted;
  }

  /** Drops a message, or puts it at the tail at once. */
  intervene(life: ChannelLife, fanout: number, intervention: Intervention, message: Addressed): Intervened {
    const queue = this.#ensure(life);
    if (queue === null) return "no-message";
    const now = Date.now();
    const outcome = queue.intervene(intervention, message, fanout, now);
    this.#saver.saveNow(queue, now);
    this.#keepAll();
    this.#proceed(now);
    return outcome;
  }

  /** Whether nobody consumes, or is about to. */
  isDeserted(): boolean {
    this.#wake();
    return ![...this.#sockets].some(({ session }) => session.isConsumer || session.isBlocked);
  }

  // What the topic asks.

  stats(life: ChannelLife, fanout: number): ChannelReport {
    const queue = this.#queueOf(life);
    this.#clientWatch.asked(queue?.consumers ?? []);
    return reportOnChannel(queue, this.#sessions, life, fanout, Date.now(), this.#usage.counts);
  }

  /** A page of the messages that it has taken, or holds. */
  look(life: ChannelLife, fanout: number, order: LookOrder): ChannelLookReport {
    const queue = this.#queueOf(life);
    return lookIntoChannel(queue, this.#sessions, life, fanout, order, Date.now());
  }

  /** The body of a message that it holds itself; null when it does not. */
  body(life: ChannelLife, seq: number, due: number | null): Uint8Array | null {
    return this.#queueOf(life)?.heldFrame(seq, due)?.slice(BODY_OFFSET) ?? null;
  }

  #topic(name: string) {
    return this.env.TOPIC.getByName(topicObject({ ...this.#address, topic: name }));
  }

  /** The queue of a life of the channel; null when there is none, or of another one. */
  #queueOf(life: ChannelLife): ChannelQueue | null {
    this.#wake();
    return this.#queue?.life.id === life.id ? this.#queue : null;
  }

  get #sessions(): Session[] {
    return [...this.#sockets].map(({ session }) => session);
  }

  /** Whether a sleep would lose something: an ephemeral channel is only in memory, and so is a command half received. */
  get #isVolatile(): boolean {
    const isUnsaved = this.#isEphemeral && this.#queue !== null && !this.#queue.isIdle;
    return this.#sockets.isReceiving(Date.now()) || isUnsaved;
  }

  get #limits() {
    const { maxMsgTimeout, memQueueSize, syncEvery, e2eProcessingLatencyPercentile: quantiles } = this.#options;
    return {
      node: this.#address.node,
      maxMsgTimeoutMs: maxMsgTimeout,
      maxBehind: this.#isEphemeral ? memQueueSize : Number.POSITIVE_INFINITY,
      syncEvery,
      latencyWindowMs: quantiles.length > 0 ? this.#options.e2eProcessingLatencyWindowTime : 0,
    };
  }

  /** Brings back what was there before a sleep; every event begins with it. @throws {Error} when the saved state is damaged */
  #wake(waking?: WebSocket): void {
    if (this.#isAwake) return;
    try {
      this.#restore(waking);
      this.#isAwake = true;
    } catch (error) {
      this.#life.end("what was saved could not be restored", error);
      throw error;
    }
  }

  #restore(waking?: WebSocket): void {
    const now = Date.now();
    const slept = this.#sockets.restore(now, waking);
    if (this.#isEphemeral) this.#departure.load();
    this.#queue = restoredQueue(slept, this.#store, this.#limits);
    if (this.#queue === null) return;
    this.#clientWatch.look(this.#queue.consumers);
    this.#schedule(now);
  }

  /** The queue of a life of the channel; null when a later one has begun, or this one has ended. */
  #ensure(life: ChannelLife): ChannelQueue | null {
    this.#wake();
    const current = this.#queue?.life.id ?? 0;
    if (current === life.id) return this.#queue;
    if (life.id < current || life.id <= this.#endedLife) return null;
    if (this.#queue) this.#end(); // an earlier life, whose end this object was not told
    SqliteChannelStore.createTables(this.#sql);
    const saved = savedState(this.#store);
    this.#queue =
      saved?.life.id === life.id
        ? ChannelQueue.restore(saved, [], this.#store, this.#limits, Math.random)
        : ChannelQueue.create(life, this.#store, this.#limits, Math.random);
    return this.#queue;
  }

  async #subscribe(topic: string, channel: string, session: Session): Promise<void> {
    const opened = await this.#subscription.open(topic, channel);
    const socket = this.#sockets.of(session.connection.id);
    const now = Date.now();
    const queue = "life" in opened ? this.#ensure(opened.life) : null;
    if (queue && this.#isEphemeral) this.#departure.arrive(queue.life.id);
    if (!socket) {
      this.#proceed(now); // left in the meantime, and may have been the only one
      return;
    }
    const refused = queue ? this.#subscription.refuse(queue) : "error" in opened ? opened.error : EXITING;
    if (queue === null || refused) {
      session.resume(now, refused);
    } else {
      const consumer = new Consumer(session.connection.id, session.settings);
      consumer.heard(now);
      queue.connect(consumer);
      session.subscribed(queue, consumer, now);
    }
    this.#proceed(now, [socket]);
  }

  /**
   * Takes what the sessions of the sockets have to say, which may carry out commands that waited for that; delivers what can be
   * delivered; saves what must be saved before anybody learns of it, and only then sends; and sees to what comes next. When it is patient
   * it waits a moment for more to deliver together.
   */
  #proceed(now: number, sockets: readonly Socket[] = [], isPatient = false): void {
    this.#life.guard(() => this.#carryOn(now, sockets, isPatient));
  }

  #carryOn(now: number, sockets: readonly Socket[], isPatient: boolean): void {
    for (const socket of sockets) {
      socket.collect();
      if (!socket.isOpen || socket.session.isDone) this.#gone(socket);
    }
    const touched = new Set(sockets);
    const add = ({ id }: Consumer) => {
      const socket = this.#sockets.of(id);
      if (socket) touched.add(socket);
      return socket;
    };
    this.#forwarder.flush();
    const queue = this.#queue;
    for (const consumer of queue?.dispatch(now, isPatient) ?? []) add(consumer);
    if (isPatient && queue?.isHoldingBack(now)) this.#holdingBack.start(now);
    for (const consumer of queue?.takeTimedOut() ?? []) add(consumer)?.doubt();
    if (queue) this.#saver.beforeSending(queue, now);
    for (const socket of touched) {
      socket.flush();
      if (this.#isThere(socket)) this.#keep(socket, now);
    }
    if (this.#isEphemeral) this.#departure.check();
    if (queue) this.#clientWatch.check(queue.consumers);
    if (queue && queue === this.#queue) this.#topicLink.fetchFor(queue);
    this.#schedule(now);
  }

  /** Whether a connection is open; else it is over. */
  #isThere(socket: Socket): boolean {
    if (socket.isOpen) return true;
    if (this.#sockets.remove(socket)) this.#gone(socket);
    return false;
  }

  /** Keeps what a sleep would forget of a connection. */
  #keep(socket: Socket, now: number): void {
    this.#sockets.keep(socket);
    this.#beatAt = Math.min(this.#beatAt, socket.nextBeatAt);
    if (socket.mustBeWatched) this.#wakeUp.arrange(now + WATCH_MS, now, null);
    if (socket.session.hasLongPartial) this.#keepAwake.check();
  }

  /** What only the connections know over a sleep has changed for all of them: where an ephemeral channel is, what they have in flight. */
  #keepAll(): void {
    for (const socket of this.#sockets) this.#sockets.keep(socket);
  }

  #answered(sessions: readonly Session[]): void {
    const sockets = sessions.flatMap(({ connection }) => this.#sockets.of(connection.id) ?? []);
    this.#proceed(Date.now(), sockets);
  }

  /** A connection is gone. */
  #gone({ session }: Socket): void {
    if (!session.isConsumer || session.queue !== this.#queue) return;
    this.#queue.disconnect(session.consumer);
    // What only the connections know of an ephemeral channel goes on with those that are left.
    if (this.#isEphemeral) this.#keepAll();
  }

  /** Ends this life of the channel, and with it the connections of its consumers. */
  #end(): void {
    const queue = this.#queue;
    this.#queue = null;
    for (const socket of [...this.#sockets]) {
      if (!socket.session.isConsumer || socket.session.queue !== queue) continue;
      socket.close();
      this.#sockets.remove(socket);
    }
    this.#departure.forget();
    this.#wakeUp.cancel();
  }

  #save(queue: ChannelQueue, now: number): void {
    try {
      queue.save(now);
    } catch (error) {
      this.#life.end("state could not be saved", error);
    }
    if (!isEphemeral(this.#address.topic)) return;
    // An ephemeral topic stays awake while it has unfinished messages.
    const { topic, channel } = this.#address;
    void this.#topic(topic)
      .report(channel, queue.life.id, queue.savedLow)
      .catch((error) => this.#log("its topic could not be reached", error));
  }

  /** Sees to it that the object is awake when there is something to do. */
  #schedule(now: number): void {
    const queue = this.#queue;
    if (queue) this.#saver.afterEvent(queue, now);
    const wakeAt = Math.min(queue?.nextWakeAt(now) ?? Number.POSITIVE_INFINITY, this.#beatAt);
    // Once it has saved it asks again, and by then the alarm may turn out not to be needed.
    this.#wakeUp.arrange(wakeAt, now, this.#saver.dueAt);
    if (this.#isEphemeral) this.#keepAwake.check();
  }

  #saveIsDue(): void {
    const now = Date.now();
    if (this.#queue) this.#saver.saveNow(this.#queue, now);
    this.#proceed(now);
  }

  #wakeUpCall(): void {
    const now = Date.now();
    this.#beatAt = Number.POSITIVE_INFINITY;
    const sockets = [...this.#sockets];
    for (const socket of sockets) socket.beat(now);
    this.#proceed(now, sockets);
  }

  #log(what: string, error: unknown): void {
    console.error(`CHANNEL(${this.#address.topic}:${this.#address.channel}): ${what}:`, error);
  }
}
