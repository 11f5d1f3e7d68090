// The object of a channel: turns what happens to it into calls on the queue, and performs what follows from them.

import { DurableObject } from "cloudflare:workers";
import { directDefaults, directLimits } from "../limits.ts";
import { parseOptions } from "../options.ts";
import { EMPTY } from "../protocol/bytes.ts";
import { type ClientError, clientError } from "../protocol/errors.ts";
import { isEphemeral } from "../protocol/names.ts";
import { ChannelQueue } from "../queue/channel-queue.ts";
import { decodeChannelState, idleState } from "../queue/channel-state.ts";
import type { ChannelStore } from "../queue/channel-store.ts";
import { Consumer } from "../queue/consumer.ts";
import type { Batch } from "../queue/log-store.ts";
import { clientStats } from "../session/client-stats.ts";
import { initialSettings } from "../session/connection.ts";
import { Session } from "../session/session.ts";
import type { SessionHost } from "../session/session-host.ts";
import { MemoryChannelStore } from "../storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../storage/sqlite-channel-store.ts";
import { AlarmClock } from "./alarm-clock.ts";
import type { PushAnswer } from "./fan-out.ts";
import { Forwarder } from "./forwarder.ts";
import { KeepAwake } from "./keep-awake.ts";
import { parseChannelObject, topicObject } from "./object-names.ts";
import { objectSql } from "./object-sql.ts";
import type { Socket } from "./socket.ts";
import { Sockets } from "./sockets.ts";
import { TopicLink } from "./topic-link.ts";
import type { ChannelReport } from "./topic-stats.ts";
import { WakeUp } from "./wake-up.ts";

/** How often a peer that takes nothing is looked at again, ms. */
const WATCH_MS = 100;

export class Channel extends DurableObject<Env> {
  readonly #address = parseChannelObject(this.ctx.id.name ?? "");
  readonly #isEphemeral = isEphemeral(this.#address.channel);
  readonly #options = parseOptions({ ...this.env });
  readonly #sql = objectSql(this.ctx.storage);
  readonly #saved = new SqliteChannelStore(this.#sql);
  readonly #store: ChannelStore = this.#isEphemeral ? new MemoryChannelStore() : this.#saved;
  readonly #alarm = new AlarmClock(this.ctx.storage);
  readonly #wakeUp = new WakeUp(this.#alarm, () => this.#wakeUpCall());
  readonly #keepAwake = new KeepAwake(() => this.#isVolatile);
  readonly #sockets: Sockets;
  readonly #forwarder: Forwarder;
  readonly #topicLink: TopicLink;
  #queue: ChannelQueue | null = null;
  #isAwake = false;
  #saveTimer: ReturnType<typeof setTimeout> | null = null;
  /** No heartbeat is owed before this, ms. */
  #beatAt = Number.POSITIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    void ctx.blockConcurrencyWhile(() => this.#alarm.load());
    this.#sockets = new Sockets(ctx, (connection, settings) => {
      const initial = settings ?? initialSettings(connection, directDefaults(this.#options));
      return new Session(connection, initial, directLimits(this.#options), this.#sessionHost, false);
    });
    this.#forwarder = new Forwarder(
      (topic, records) => this.#topic(topic).publish(records),
      (sessions) => this.#answered(sessions),
    );
    const { topic, channel } = this.#address;
    this.#topicLink = new TopicLink(
      {
        pull: (start, seq, low) => this.#topic(topic).pull(channel, start, seq, low),
        frames: (start, seqs) => this.#topic(topic).frames(channel, start, seqs),
      },
      {
        fetched: () => this.#proceed(Date.now()),
        removed: () => this.#end(),
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
    subscribe: (topic, channel, session) => void this.#subscribe(topic, channel, session),
    compress: (_compression, session) => session.resume(session.now),
  };

  // Sockets: the gateway's, and those of direct consumers.

  override fetch(request: Request): Response {
    this.#wake();
    return this.#sockets.accept(request, Date.now());
  }

  override webSocketMessage(webSocket: WebSocket, message: string | ArrayBuffer): void {
    this.#wake(webSocket);
    const socket = this.#sockets.get(webSocket);
    if (!socket) return;
    const now = Date.now();
    if (typeof message === "string") socket.control(message, now);
    else socket.receive(new Uint8Array(message), now);
    this.#proceed(now, [socket]);
  }

  override webSocketClose(webSocket: WebSocket): void {
    this.#wake(webSocket);
    const socket = this.#sockets.closed(webSocket);
    if (socket) this.#left(socket);
    this.#proceed(Date.now());
  }

  override webSocketError(webSocket: WebSocket): void {
    this.webSocketClose(webSocket);
  }

  override alarm(): void {
    this.#alarm.rang();
    this.#wake();
    this.#wakeUpCall();
  }

  // Orders of the topic; `start` says which life of the channel is meant.

  /** Takes what was published. */
  push(start: number, batches: Batch[], end: number): PushAnswer {
    this.#wake();
    const queue = this.#queue;
    // Without consumers there is nothing to take it for, and no reason to write a state.
    if (queue?.start !== start) {
      if (queue) this.#end(); // an earlier life, whose end this object was not told
      this.#leaveIfDeserted(start);
      return { isFollowing: false, low: start };
    }
    const isFollowing = queue.offer(batches, end);
    this.#proceed(Date.now());
    return { isFollowing, low: queue.savedLow };
  }

  setPaused(start: number, isPaused: boolean): void {
    this.#ensure(start).setPaused(isPaused);
    this.#proceed(Date.now());
  }

  /** Drops everything before `end`. */
  empty(start: number, end: number): void {
    this.#ensure(start).empty(end);
    this.#proceed(Date.now());
  }

  /** Ends the life that began at `start`: closes its consumers' connections and forgets everything. */
  async remove(start: number): Promise<void> {
    this.#wake();
    if (this.#queue && this.#queue.start !== start) return;
    this.#end();
    const deleted = this.ctx.storage.deleteAll(); // takes effect at once, and takes the alarm along
    this.#alarm.rang();
    await deleted;
  }

  /** Whether nobody is connected, or about to subscribe. */
  isDeserted(): boolean {
    this.#wake();
    return this.#sockets.size === 0;
  }

  stats(start: number, fanout: number): ChannelReport {
    this.#wake();
    const now = Date.now();
    const queue = this.#queue?.start === start ? this.#queue : null;
    const clients = [...this.#sockets]
      .filter(({ session }) => session.isConsumer)
      .map(({ session }) => ({ id: session.connection.id, stats: clientStats(session) }));
    return {
      counts: queue?.counts(fanout, now) ?? ChannelQueue.untouched(start, fanout),
      cursor: queue?.cursor ?? start,
      clientCount: clients.length,
      clients,
    };
  }

  #topic(name: string) {
    return this.env.TOPIC.getByName(topicObject({ ...this.#address, topic: name }));
  }

  /** Whether a sleep would lose something: an ephemeral channel is only in memory, and so is a command half received. */
  get #isVolatile(): boolean {
    const isUnsaved = this.#isEphemeral && this.#queue !== null && !this.#queue.isIdle;
    return this.#sockets.isReceiving(Date.now()) || isUnsaved;
  }

  get #limits() {
    const { maxMsgTimeout, memQueueSize, syncEvery } = this.#options;
    return {
      node: this.#address.node,
      maxMsgTimeoutMs: maxMsgTimeout,
      maxBehind: this.#isEphemeral ? memQueueSize : Number.POSITIVE_INFINITY,
      syncEvery,
    };
  }

  /** Brings back what was there before a sleep; every event begins with it. */
  #wake(waking?: WebSocket): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const now = Date.now();
    const slept = this.#sockets.restore(now, waking);
    const consumers = slept.flatMap(({ socket: { session }, attachment: { consumer, channel } }) => {
      if (consumer === null || channel === null) return [];
      const restored = new Consumer(session.connection.id, session.settings);
      restored.restore(consumer);
      return [{ session, consumer: restored, channel }];
    });
    const bytes = this.#store.load();
    const last = consumers.map(({ channel }) => channel).sort((a, b) => b.cursor - a.cursor)[0];
    const state = bytes ? decodeChannelState(bytes) : last ? idleState(last.start, last.cursor) : null;
    if (state === null) return;
    const connected = consumers.map(({ consumer }) => consumer);
    const queue = ChannelQueue.restore(state, connected, this.#store, this.#limits, Math.random);
    for (const { session, consumer } of consumers) session.attach(queue, consumer);
    this.#queue = queue;
    this.#schedule(now);
  }

  /** The queue of the life that began at `start`. */
  #ensure(start: number): ChannelQueue {
    this.#wake();
    if (this.#queue?.start === start) return this.#queue;
    if (this.#queue) this.#end(); // an earlier life, whose end this object was not told
    SqliteChannelStore.createTables(this.#sql);
    this.#queue = ChannelQueue.create(start, this.#store, this.#limits, Math.random);
    return this.#queue;
  }

  async #subscribe(topic: string, channel: string, session: Session): Promise<void> {
    const { start, error } = await this.#openChannel(topic, channel);
    const socket = this.#sockets.of(session.connection.id);
    if (!socket) return; // left in the meantime
    const now = Date.now();
    const queue = start === null ? null : this.#ensure(start);
    if (queue === null) {
      session.resume(now, error);
    } else if (this.#isCrowded(queue)) {
      const { maxChannelConsumers } = this.#options;
      const text = `SUB failed consumers for ${topic}:${channel} exceeds limit of ${maxChannelConsumers}`;
      session.resume(now, clientError("E_SUB_FAILED", text));
    } else {
      const consumer = new Consumer(session.connection.id, session.settings);
      queue.connect(consumer);
      // An ephemeral channel ends with its last consumer, also when that is lost in a crash.
      if (this.#isEphemeral) this.#saved.save(() => EMPTY);
      session.subscribed(queue, consumer, now);
    }
    this.#proceed(now, [socket]);
  }

  async #openChannel(topic: string, channel: string): Promise<{ start: number | null; error: ClientError | null }> {
    if (topic !== this.#address.topic || channel !== this.#address.channel) {
      const text = "cannot SUB to another topic or channel than the URL names";
      return { start: null, error: clientError("E_INVALID", text) };
    }
    try {
      const start = await this.#topic(topic).openChannel(channel);
      return { start, error: start === null ? clientError("E_SUB_FAILED", "SUB failed exiting") : null };
    } catch (error) {
      this.#log("its topic could not be reached", error);
      return { start: null, error: clientError("E_SUB_FAILED", "SUB failed topic cannot be reached") };
    }
  }

  #isCrowded(queue: ChannelQueue): boolean {
    const { maxChannelConsumers } = this.#options;
    return maxChannelConsumers > 0 && queue.consumers.size >= maxChannelConsumers;
  }

  /**
   * Sends what the sessions of the sockets have to say, which may carry out commands that waited for that; delivers what can be
   * delivered, and saves what must be saved before that goes out; and sees to what comes next.
   */
  #proceed(now: number, sockets: readonly Socket[] = []): void {
    for (const socket of sockets) socket.flush();
    this.#forwarder.flush();
    const queue = this.#queue;
    const touched = new Set(sockets);
    for (const { id } of queue?.dispatch(now) ?? []) {
      const socket = this.#sockets.of(id);
      if (socket) touched.add(socket);
    }
    if (queue?.saveNeed === "now") this.#save(queue, now);
    for (const socket of touched) {
      socket.flush();
      this.#keep(socket, now);
    }
    if (queue && queue === this.#queue) this.#topicLink.fetchFor(queue);
    this.#schedule(now);
  }

  /** Keeps what a sleep would forget of a connection; or it is over. */
  #keep(socket: Socket, now: number): void {
    if (!socket.isOpen) {
      this.#sockets.remove(socket);
      this.#left(socket);
      return;
    }
    socket.keep();
    this.#beatAt = Math.min(this.#beatAt, socket.heartbeat.nextAt);
    if (socket.mustBeWatched) this.#wakeUp.arrange(now + WATCH_MS, now, true);
    if (socket.session.hasLongPartial) this.#keepAwake.check();
  }

  #answered(sessions: readonly Session[]): void {
    const sockets = sessions.flatMap(({ connection }) => this.#sockets.of(connection.id) ?? []);
    this.#proceed(Date.now(), sockets);
  }

  /** A connection is gone. */
  #left({ session }: Socket): void {
    if (!session.isConsumer || !this.#queue) return;
    this.#queue.disconnect(session.consumer);
    if (this.#isEphemeral && this.#queue.consumers.size === 0) this.#leave(this.#queue.start);
  }

  /** An ephemeral channel whose consumers were lost in a crash leaves when it is next heard of. */
  #leaveIfDeserted(start: number): void {
    if (this.#isEphemeral && this.#sockets.size === 0 && this.#saved.load() !== null) this.#leave(start);
  }

  #leave(start: number): void {
    const { topic, channel } = this.#address;
    void this.#topic(topic)
      .leave(channel, start)
      .catch((error) => this.#log("its topic could not be told that the last consumer left", error));
  }

  /** Ends this life of the channel. */
  #end(): void {
    this.#queue = null;
    for (const socket of [...this.#sockets]) {
      socket.close();
      this.#sockets.remove(socket);
    }
    this.#wakeUp.cancel();
  }

  #save(queue: ChannelQueue, now: number): void {
    try {
      queue.save(now);
    } catch (error) {
      // What was saved last is the truth: this life ends, and the next one begins with it.
      this.#log("its state could not be saved", error);
      this.ctx.abort("state could not be saved");
    }
    if (!isEphemeral(this.#address.topic)) return;
    // An ephemeral topic stays awake while it has unfinished messages.
    const { topic, channel } = this.#address;
    void this.#topic(topic)
      .report(channel, queue.start, queue.savedLow)
      .catch((error) => this.#log("its topic could not be reached", error));
  }

  /** Sees to it that the object is awake when there is something to do. */
  #schedule(now: number): void {
    const queue = this.#queue;
    if (!queue) return;
    if (queue.saveNeed === "soon" && this.#saveTimer === null) {
      this.#saveTimer = setTimeout(() => this.#saveLater(), this.#options.syncTimeout);
    }
    // Until the save the object is awake anyway, and by then the alarm may turn out not to be needed.
    this.#wakeUp.arrange(Math.min(queue.nextWakeAt(now), this.#beatAt), now, this.#saveTimer !== null);
    if (this.#isEphemeral) this.#keepAwake.check();
  }

  #saveLater(): void {
    this.#saveTimer = null;
    const now = Date.now();
    if (this.#queue && this.#queue.saveNeed !== "none") this.#save(this.#queue, now);
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
