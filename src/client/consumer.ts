// Consumes a channel of a topic over as many connections as there are producers (spec 8.4).

import { isValidName } from "../protocol/names.ts";
import { Backoff, type Signal } from "./backoff.ts";
import { Discovery } from "./discovery.ts";
import { NsqError, StoppedError } from "./errors.ts";
import { Events, type Unsubscribe } from "./events.ts";
import type { Message, Response } from "./message.ts";
import { type ConsumerConfig, type ConsumerOptions, consumerConfig, secretOf } from "./options.ts";
import { Rdy } from "./rdy.ts";
import { retryDelay, wait } from "./retry.ts";
import { Source, type SourceEvents } from "./source.ts";
import { type HandleOptions, type Handler, Takers } from "./takers.ts";

export interface ConsumerEvents {
  connection: { readonly address: string };
  disconnection: { readonly address: string; readonly error: Error };
  /** What went wrong: an address or a lookup that cannot be reached, an error frame, a handler that failed. */
  error: { readonly error: unknown; readonly message?: Message };
  /** Nothing is received for so long, ms; level 0 when all is well again. */
  backoff: { readonly level: number; readonly pauseMs: number };
  /** A message was delivered more often than `maxAttempts`, and is finished without having been handled. */
  maxAttempts: Message;
  /** The time of a message ran out before it was answered: it is delivered again. */
  timeout: Message;
}

/** A graceful stop takes no longer, ms. */
const STOP_LIMIT = 30_000;
/** The first attempt to connect anew waits so long at most, ms; each further one twice as long. */
const RECONNECT = 100;

interface Target {
  readonly address: string;
  /** Whether it is tried again when the connection is lost; one that a lookup has told of is left to the lookup. */
  isKept: boolean;
  readonly config: ConsumerConfig;
  source: Source | null;
  failures: number;
  /** Gives it up. */
  readonly left: AbortController;
}

export class Consumer implements AsyncIterable<Message> {
  readonly topic: string;
  readonly channel: string;
  readonly #config: ConsumerConfig;
  readonly #events = new Events<ConsumerEvents>();
  readonly #targets = new Map<string, Target>();
  /** Addresses that were told to be left: a lookup does not bring them back. */
  readonly #left = new Set<string>();
  readonly #rdy: Rdy<Source>;
  readonly #backoff: Backoff;
  readonly #discovery: Discovery;
  /** Without them nothing is received. */
  readonly #takers: Takers;
  #cancelResume: () => void = () => {};
  #cancelRedistribution: () => void = () => {};
  #stopping: Promise<void> | null = null;

  /** @throws {NsqError} for a name or an option that is invalid */
  constructor(topic: string, channel: string, options: ConsumerOptions = {}) {
    if (!isValidName(topic)) throw new NsqError(`invalid topic name: ${topic}`);
    if (!isValidName(channel)) throw new NsqError(`invalid channel name: ${channel}`);
    this.topic = topic;
    this.channel = channel;
    this.#config = consumerConfig(options);
    const { clock, maxInFlight } = this.#config;
    const random = () => clock.random();
    this.#rdy = new Rdy(maxInFlight, this.#config, random);
    this.#backoff = new Backoff(this.#config, random);
    this.#takers = new Takers(this.#config, {
      came: () => this.#share(),
      allLeft: () => this.#rdy.pause(),
      givenUp: (message) => this.#events.emit("maxAttempts", message),
      failed: (error, message) => this.#events.emit("error", { error, message }),
    });
    this.#discovery = new Discovery(topic, this.#config, {
      found: (producer, lookup) => {
        const address = this.#config.transport.addressOf(producer, lookup);
        if (!this.#left.has(address)) this.#add(address, false, this.#config);
      },
      failed: (error) => this.#events.emit("error", { error }),
      headers: () => this.#lookupHeaders(),
    });
  }

  on<N extends keyof ConsumerEvents>(name: N, listener: (event: ConsumerEvents[N]) => void): Unsubscribe {
    return this.#events.on(name, listener);
  }

  /** Handles messages as they come. Several handlers share them. */
  handle(handler: Handler, options: HandleOptions = {}): this {
    this.#takers.handle(handler, options);
    return this;
  }

  /** Connects to addresses, and anew whenever a connection is lost. */
  connect(...addresses: string[]): this {
    for (const address of addresses) this.#add(address, true, this.#config);
    return this;
  }

  /** Connects to all that nsqlookupds, or a broker's `/lookup`, name as producers of the topic, now and later. */
  connectToLookup(...addresses: string[]): this {
    if (this.#stopping) throw new StoppedError();
    this.#discovery.start(addresses);
    return this;
  }

  /**
   * Connects straight to this channel of an nsq-edge deployment: the channel sleeps while nothing happens, and the platform keeps
   * the connection instead of heartbeats.
   * @param origin `https://broker.example`
   */
  connectToEdge(origin: string): this {
    const url = new URL("/v2", origin);
    url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
    url.searchParams.set("topic", this.topic);
    url.searchParams.set("channel", this.channel);
    this.#add(url.href, true, { ...this.#config, heartbeatInterval: -1 });
    return this;
  }

  /** Closes the connection to an address, and does not connect to it again. What is in flight there is delivered again. */
  disconnect(address: string): void {
    const target = this.#targets.get(address);
    this.#targets.delete(address);
    this.#left.add(address);
    target?.left.abort();
    const source = target?.source;
    if (!source) return;
    source.close();
    this.#remove(source);
  }

  /** 0 pauses. */
  changeMaxInFlight(maxInFlight: number): void {
    consumerConfig({ maxInFlight });
    this.#rdy.change(maxInFlight);
    this.#share();
  }

  /** Whether a connection has most of what it may have in flight: then it is time for more. */
  get isStarved(): boolean {
    return this.#sources.some(({ inFlight, rdy }) => inFlight > 0 && inFlight >= 0.85 * rdy);
  }

  /** Takes no more messages. Resolves when those in flight are answered, after thirty seconds at most. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Messages one by one, to be answered by whoever takes them. */
  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.#takers.loop();
  }

  get #sources(): Source[] {
    return [...this.#targets.values()].flatMap(({ source }) => source ?? []);
  }

  #add(address: string, isKept: boolean, config: ConsumerConfig): void {
    if (this.#stopping) throw new StoppedError();
    if (isKept) this.#left.delete(address);
    const known = this.#targets.get(address);
    if (known) {
      known.isKept ||= isKept;
      return;
    }
    if (this.#targets.size === 0) this.#redistributeLater();
    const target: Target = { address, isKept, config, source: null, failures: 0, left: new AbortController() };
    this.#targets.set(address, target);
    void this.#open(target);
  }

  async #open(target: Target): Promise<void> {
    const { address, config, left } = target;
    try {
      if (left.signal.aborted) return;
      const source = await Source.open(address, config, this.#sourceEvents, left.signal);
      if (left.signal.aborted) {
        source.close();
        return;
      }
      target.source = source;
      this.#rdy.add(source);
      source.subscribe(this.topic, this.channel);
      this.#share();
    } catch (error) {
      if (left.signal.aborted) return;
      this.#events.emit("error", { error });
      this.#retry(target);
    }
  }

  /** Connects anew after a while, each time a longer one. */
  #retry(target: Target): void {
    if (this.#targets.get(target.address) !== target) return;
    if (!target.isKept || this.#stopping) {
      this.#targets.delete(target.address);
      return;
    }
    const { clock, lookupdPollInterval } = this.#config;
    const delay = retryDelay(++target.failures, RECONNECT, lookupdPollInterval, clock.random());
    void wait(clock, delay, target.left.signal).then(() => this.#open(target));
  }

  readonly #sourceEvents: SourceEvents = {
    message: (message, source) => this.#takers.receive(message, source),
    subscribed: ({ address }) => {
      const target = this.#targets.get(address);
      if (target) target.failures = 0;
      this.#events.emit("connection", { address });
    },
    error: (error) => this.#events.emit("error", { error }),
    closed: (source, error) => {
      const target = this.#targets.get(source.address);
      this.#remove(source);
      this.#events.emit("disconnection", { address: source.address, error });
      if (target) {
        target.source = null;
        this.#retry(target);
      }
      if (source.isSubscribed && !this.#stopping) this.#discovery.pollSoon();
    },
    answering: (response) => this.#signal(signalOf(response)),
    requeueDelay: ({ attempts }, { delayMs }) => {
      const { defaultRequeueDelay, maxRequeueDelay } = this.#config;
      return delayMs === -1 ? Math.min(defaultRequeueDelay * attempts, maxRequeueDelay) : delayMs;
    },
    timedOut: (message) => this.#events.emit("timeout", message),
  };

  /** A connection is gone: others get its share. */
  #remove(source: Source): void {
    this.#rdy.remove(source);
    this.#share();
  }

  /** Shares out what may be in flight. */
  #share(): void {
    if (!this.#takers.areThere || this.#stopping || this.#backoff.isPausing) return;
    if (this.#backoff.level === 0) this.#rdy.spread();
    else this.#rdy.tryOne(); // its message says whether all is well again
  }

  #signal(signal: Signal): void {
    const step = this.#backoff.signal(signal);
    if (step === "nothing" || this.#stopping) return;
    const pauseMs = step === "over" ? 0 : step.pauseMs;
    this.#events.emit("backoff", { level: this.#backoff.level, pauseMs });
    if (this.#stopping) return; // a listener did so
    if (step === "over") this.#share();
    else this.#pause(pauseMs);
  }

  #pause(ms: number): void {
    this.#rdy.pause();
    this.#cancelResume();
    this.#cancelResume = this.#config.clock.after(ms, () => {
      this.#backoff.resume();
      this.#share();
    });
  }

  #redistributeLater(): void {
    const { clock, rdyRedistributeInterval } = this.#config;
    this.#cancelRedistribution();
    this.#cancelRedistribution = clock.after(rdyRedistributeInterval, () => {
      const now = clock.now();
      for (const source of this.#sources) source.expire(now);
      if (this.#stopping || this.#targets.size === 0) return;
      if (this.#takers.areThere && !this.#backoff.isPausing) this.#rdy.redistribute(now, this.#backoff.level > 0);
      this.#redistributeLater();
    });
  }

  async #lookupHeaders(): Promise<Record<string, string>> {
    const { authSecret, lookupdAuthorization } = this.#config;
    if (!lookupdAuthorization) return {};
    const secret = await secretOf(authSecret);
    return secret !== "" ? { Authorization: `Bearer ${secret}` } : {};
  }

  async #stop(): Promise<void> {
    this.#discovery.stop();
    this.#cancelResume();
    this.#cancelRedistribution();
    for (const { left } of this.#targets.values()) left.abort();
    const sources = this.#sources;
    let cancel = () => {};
    const limit = new Promise<void>((resolve) => {
      cancel = this.#config.clock.after(STOP_LIMIT, resolve);
    });
    await Promise.race([Promise.all(sources.map((source) => source.stop())), limit]);
    for (const source of sources) source.close();
    this.#targets.clear();
    await Promise.race([this.#takers.end(), limit]);
    cancel();
  }
}

function signalOf(response: Response): Signal {
  if (response.kind === "finish") return "success";
  return response.isFailure ? "failure" : "continue";
}
