// Workloads, and what they cost. Messages have 1 KB, and unless it is said otherwise there is one channel, whose consumer is on the
// direct path. Topics, channels and connections are there before anything is counted.

import { fromByteString } from "../../src/protocol/bytes.ts";
import { post, publish } from "../durable/broker-api.ts";
import { mark, type Stub } from "../durable/objects.ts";
import type { ReceivedMessage, V2Client } from "../durable/v2-client.ts";
import { mpub } from "../helpers/commands.ts";
import { Random } from "../helpers/random.ts";
import { BODY, MeteredBroker, TOPIC } from "./metered-broker.ts";
import type { Measured } from "./outcome.ts";
import { COUNTED, type Counts } from "./prices.ts";
import { SingleMessages } from "./single-messages.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** By then everything is saved (sync-timeout). */
const SAVED_MS = SECOND_MS;

const BATCH = 100;
const BATCHES = 50;
/** Ten thousand messages a second. */
const BATCH_MS = 10;

/** Batches of a hundred, each to its own row, since the next one is sent when the last one is answered. */
export function busy(channels: number): Promise<Measured> {
  return MeteredBroker.run(channels, async (broker) => {
    const producer = await broker.producer();
    const consumers = await Promise.all(broker.channels.map((channel) => broker.consumer(2_500, channel)));
    const batch = fromByteString(mpub(TOPIC, Array(BATCH).fill(BODY)));
    return batches(broker, async () => {
      producer.sendBytes(batch);
      await producer.next();
      for (const consumer of consumers) await finish(broker, consumer, await consumer.messages(BATCH));
    });
  });
}

/** What each further channel adds to that. */
export async function busyFurtherChannel(): Promise<Measured> {
  const further = 2;
  const [one, more] = [await busy(1), await busy(1 + further)];
  const added = COUNTED.map((name) => [name, (more.counts[name] - one.counts[name]) / further]);
  return { counts: Object.fromEntries(added) as unknown as Counts, messages: one.messages };
}

/** Batches over POST /mpub. */
export function mpubOverHttp(): Promise<Measured> {
  return MeteredBroker.run(1, async (broker) => {
    const consumer = await broker.consumer(2_500);
    const body = Array(BATCH).fill(BODY).join("\n");
    return batches(broker, async () => {
      await post(`/mpub?topic=${TOPIC}`, body);
      await finish(broker, consumer, await consumer.messages(BATCH));
    });
  });
}

/** Both clients behind the gateway: a hundred PUBs without waiting for an answer, FINs as they come. */
export function behindGateway(): Promise<Measured> {
  return MeteredBroker.run(1, async (broker) => {
    const producer = await broker.producer("/v2");
    const consumer = await broker.consumer(2_500, "c0", "/v2");
    const pubs = fromByteString(`PUB ${TOPIC}\n\0\0\x04\0${BODY}`.repeat(BATCH));
    return batches(broker, async () => {
      producer.sendBytes(pubs);
      for (let i = 0; i < BATCH; i++) await producer.next();
      await finish(broker, consumer, await consumer.messages(BATCH));
    });
  });
}

/** Every message is requeued once before it is finished. */
export function redelivery(): Promise<Measured> {
  return MeteredBroker.run(1, async (broker) => {
    const producer = await broker.producer();
    const consumer = await broker.consumer(2_500);
    const batch = fromByteString(mpub(TOPIC, Array(BATCH).fill(BODY)));
    return batches(broker, async () => {
      producer.sendBytes(batch);
      await producer.next();
      const first = await consumer.messages(BATCH);
      await broker.carriedOut(1, () => consumer.send(first.map(({ id }) => `REQ ${id} 0`).join("\n")));
      await finish(broker, consumer, await consumer.messages(BATCH));
    });
  });
}

/**
 * One POST /pub for each message, five hundred a second, each as soon as its time has come. Without `linger` each is
 * answered before the next one comes, so that none share a row.
 */
export function singles(messages: number, channels: number, lingerMs: number): Promise<Measured> {
  const seed = 1;
  return MeteredBroker.run(
    channels,
    async (broker) => {
      const consumers = await Promise.all(broker.channels.map((channel) => broker.consumer(100, channel)));
      const singles = new SingleMessages(broker, consumers, lingerMs);
      const random = new Random(seed);
      const counts = await broker.measure(async () => {
        // At 2 ms on average: who published by the clock would keep step with the linger.
        for (let i = 0; i < messages; i++) await singles.publishIn(random.int(5));
        await singles.finished();
        await broker.pass(SAVED_MS);
      });
      return { counts, messages };
    },
    { linger: `${lingerMs}ms` },
  );
}

const TRICKLE_HOURS = 2;

/** One message a minute, which is finished at once; the objects sleep in between. */
export function trickle(): Promise<Measured> {
  const messages = TRICKLE_HOURS * 60;
  return MeteredBroker.run(1, async (broker) => {
    const consumer = await broker.consumer(1);
    await broker.pass(HOUR_MS);
    const counts = await broker.measure(async () => {
      for (let i = 0; i < messages; i++) {
        await publish(TOPIC, BODY);
        await finish(broker, consumer, [await consumer.message()]);
        await broker.pass(MINUTE_MS);
      }
    });
    return { counts, messages };
  });
}

const DEFERRED = 60;

/** One DPUB a second, each for an hour later. */
export function deferred(): Promise<Measured> {
  return MeteredBroker.run(1, async (broker) => {
    const producer = await broker.producer();
    const consumer = await broker.consumer(1);
    const counts = await broker.measure(async () => {
      for (let i = 0; i < DEFERRED; i++) {
        producer.send(`DPUB ${TOPIC} ${HOUR_MS}`, BODY);
        await producer.next();
        await broker.pass(SECOND_MS);
      }
      await broker.pass(HOUR_MS - DEFERRED * SECOND_MS);
      for (let i = 0; i < DEFERRED; i++) {
        await finish(broker, consumer, [await consumer.message()]);
        await broker.pass(SECOND_MS);
      }
    });
    return { counts, messages: DEFERRED };
  });
}

const DEFERRED_BATCHES = 20;

/** A hundred DPUBs at once, each second, all for an hour later. */
export function deferredBatches(): Promise<Measured> {
  return MeteredBroker.run(1, async (broker) => {
    const producer = await broker.producer();
    const consumer = await broker.consumer(BATCH);
    const dpubs = fromByteString(`DPUB ${TOPIC} ${HOUR_MS}\n\0\0\x04\0${BODY}`.repeat(BATCH));
    const counts = await broker.measure(async () => {
      for (let i = 0; i < DEFERRED_BATCHES; i++) {
        producer.sendBytes(dpubs);
        for (let j = 0; j < BATCH; j++) await producer.next();
        await broker.pass(SECOND_MS);
      }
      await broker.pass(HOUR_MS - DEFERRED_BATCHES * SECOND_MS);
      for (let i = 0; i < DEFERRED_BATCHES; i++) {
        await finish(broker, consumer, await consumer.messages(BATCH));
        await broker.pass(SECOND_MS);
      }
    });
    return { counts, messages: DEFERRED_BATCHES * BATCH };
  });
}

const HEARTBEAT_MS = 30 * SECOND_MS;

export interface Idleness extends Measured {
  /** Whether the channel's object slept. */
  readonly slept: boolean;
  /** What was published after the day. */
  readonly delivered: ReceivedMessage;
}

/** A consumer that waits for a day, after everything was saved. Behind the gateway it answers heartbeats. */
export function idle(path: string): Promise<Idleness> {
  return MeteredBroker.run(1, async (broker) => {
    const consumer = await broker.consumer(1, "c0", path);
    const wait = (ms: number) => (path === "/v2" ? answerHeartbeats(broker, consumer, ms) : broker.pass(ms));
    await publish(TOPIC, BODY);
    await finish(broker, consumer, [await consumer.message()]);
    await wait(HOUR_MS);
    const isAwake = await mark(broker.stubs[1] as Stub);
    await broker.sleep();
    const counts = await broker.measure(() => wait(24 * HOUR_MS));
    const slept = !(await isAwake());
    await publish(TOPIC, BODY);
    return { counts, messages: 1, slept, delivered: await consumer.message() };
  });
}

async function answerHeartbeats(broker: MeteredBroker, consumer: V2Client, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += HEARTBEAT_MS) {
    await broker.pass(HEARTBEAT_MS);
    const beat = await consumer.next();
    if (!("response" in beat && beat.response === "_heartbeat_"))
      throw new Error(`no heartbeat: ${JSON.stringify(beat)}`);
    consumer.send("NOP");
  }
}

async function batches(broker: MeteredBroker, publishAndFinish: () => Promise<void>): Promise<Measured> {
  await publishAndFinish(); // sets the alarm that rings ten minutes later
  await broker.pass(SAVED_MS);
  const counts = await broker.measure(async () => {
    for (let i = 0; i < BATCHES; i++) {
      await publishAndFinish();
      await broker.pass(BATCH_MS);
    }
    await broker.pass(SAVED_MS);
  });
  return { counts, messages: BATCHES * BATCH };
}

/** Finishes messages, all in one WebSocket message. */
async function finish(broker: MeteredBroker, consumer: V2Client, messages: readonly ReceivedMessage[]): Promise<void> {
  await broker.carriedOut(1, () => consumer.send(messages.map(({ id }) => `FIN ${id}`).join("\n")));
}
