// A broker with one topic and some channels, a clock that is moved, and the meter: what workloads run on.

import { evictAllDurableObjects, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { channelStub, post, topicStub } from "../durable/broker-api.ts";
import { alarmOf, type Stub } from "../durable/objects.ts";
import { direct, V2Client } from "../durable/v2-client.ts";
import { Meter } from "./meter.ts";
import { MovedClock } from "./moved-clock.ts";
import { COUNTED, type Counts } from "./prices.ts";

export const TOPIC = "t";
/** A message of 1 KB. */
export const BODY = "x".repeat(1_024);
/** An object that has nothing to do sleeps after about so long (durable-objects/concepts/durable-object-lifecycle). */
const AWAKE_MS = 10_000;

interface Alarm {
  readonly stub: Stub;
  readonly at: number;
}

export class MeteredBroker {
  readonly clock: MovedClock;
  readonly meter: Meter;
  readonly channels: readonly string[];
  /** The topic, and its channels. Over these nothing is counted: they are older than the meter. */
  readonly stubs: readonly Stub[];
  readonly #clients: V2Client[] = [];
  /** The alarm that rings first, and how many rows had been written when it was learnt. */
  #alarm: Alarm | null = null;
  #learntAt = -1;

  private constructor(clock: MovedClock, meter: Meter, channels: readonly string[], stubs: readonly Stub[]) {
    this.clock = clock;
    this.meter = meter;
    this.channels = channels;
    this.stubs = stubs;
  }

  /** Runs a workload on a new broker with so many channels, with options by nsqd's names. */
  static async run<T>(
    channels: number,
    workload: (broker: MeteredBroker) => Promise<T>,
    options: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const before = Object.keys(options).map((name) => [name, (env as unknown as Record<string, unknown>)[name]]);
    Object.assign(env, options);
    const clock = new MovedClock();
    try {
      const broker = await MeteredBroker.#open(clock, channels);
      return await workload(broker).finally(() => broker.#close());
    } finally {
      clock.stop();
      Object.assign(env, Object.fromEntries(before));
      await reset();
    }
  }

  static async #open(clock: MovedClock, count: number): Promise<MeteredBroker> {
    const channels = Array.from({ length: count }, (_, index) => `c${index}`);
    const topic = topicStub(TOPIC);
    const stubs = [topic, ...channels.map((channel) => channelStub(TOPIC, channel))];
    await post(`/topic/create?topic=${TOPIC}`);
    for (const channel of channels) await post(`/channel/create?topic=${TOPIC}&channel=${channel}`);
    const meter = await runInDurableObject(topic as DurableObjectStub, (_, { storage }) => new Meter(storage));
    return new MeteredBroker(clock, meter, channels, stubs);
  }

  #close(): void {
    for (const client of this.#clients) client.close();
    this.meter.remove();
  }

  /** What is counted until `work` is done and what it leaves to do is done, too. */
  async measure(work: () => Promise<void>): Promise<Counts> {
    const before = this.meter.counts;
    await work();
    await this.meter.quiet();
    const after = this.meter.counts;
    return Object.fromEntries(COUNTED.map((name) => [name, after[name] - before[name]])) as unknown as Counts;
  }

  async producer(path = direct(TOPIC)): Promise<V2Client> {
    const client = await V2Client.open(path);
    this.#clients.push(client);
    return client;
  }

  /** A consumer of a channel, on the direct path or another. */
  async consumer(rdy: number, channel = "c0", path = direct(TOPIC, channel)): Promise<V2Client> {
    const client = await this.producer(path);
    client.send(`SUB ${TOPIC} ${channel}`);
    await client.next();
    await this.carriedOut(1, () => client.send(`RDY ${rdy}`));
    return client;
  }

  /** Does what sends so many WebSocket messages to objects. Resolves when these, and what follows of them, are carried out. */
  async carriedOut(webSocketMessages: number, act: () => void): Promise<void> {
    const before = this.meter.counts.webSocketMessages;
    act();
    await this.meter.quiet(before + webSocketMessages);
  }

  /** Lets time pass. Timers and alarms ring in time, and an object that has nothing to do for long sleeps. */
  async pass(ms: number): Promise<void> {
    const until = Date.now() + ms;
    for (;;) {
      await this.meter.quiet();
      await this.#learnAlarms();
      const alarm = this.#alarm;
      const next = Math.min(this.clock.nextTimerAt, alarm?.at ?? until, until);
      if (next - Date.now() >= AWAKE_MS) await this.#doze();
      await this.clock.moveTo(next);
      await this.meter.quiet();
      if (alarm !== null && alarm.at <= next) await this.#ring(alarm);
      else if (next === until) return;
    }
  }

  /** All objects sleep; fails when one cannot. */
  async sleep(): Promise<void> {
    await this.#learnAlarms();
    await evictAllDurableObjects();
  }

  async #doze(): Promise<void> {
    if (this.clock.nextTimerAt === Number.POSITIVE_INFINITY) await this.sleep();
  }

  /** Learns what will ring next, if that may have changed: setting an alarm writes a row. */
  async #learnAlarms(): Promise<void> {
    if (this.#learntAt === this.meter.counts.rowsWritten) return;
    await this.meter.uncounted(async () => {
      const alarms = await Promise.all(this.stubs.map(async (stub) => ({ stub, at: await alarmOf(stub) })));
      const set = alarms.filter((alarm): alarm is Alarm => alarm.at !== null);
      this.#alarm = set.sort((a, b) => a.at - b.at)[0] ?? null;
    });
    this.#learntAt = this.meter.counts.rowsWritten;
  }

  async #ring({ stub }: Alarm): Promise<void> {
    this.#learntAt = -1;
    await runInDurableObject(stub as DurableObjectStub, async (instance, { storage }) => {
      await this.meter.uncounted(() => storage.deleteAlarm()); // what rings is not set any more
      await instance.alarm?.();
    });
    await this.meter.quiet();
    await this.#doze(); // by the time of the next event it would sleep again
  }
}
