// The unmodified nsqjs against the broker's TCP port: nothing is lost, and nothing comes twice without a reason.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { type Message, Reader, type ReaderOptions, Writer } from "nsqjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { channelStats } from "./stats.ts";

const COUNT = 10_000;
/** Published at a time: half as one batch, half singly. */
const ROUND = 200;
const REQUEUE_DELAY_MS = 50;
const TIMEOUT_MS = 1_000;
/** The first messages of the reader with the short timeout: some are left to time out, some kept by touching. */
const LEFT = 10;
const KEPT = 10;
/** Clocks of two processes, in whole ms. */
const CLOCK_MS = 3;
const CHANNEL = "ch";
const POLL = { timeout: 10_000 };

const MODES = {
  plain: {},
  deflate: { deflate: true },
  snappy: { snappy: true },
} as const;

let broker: BrokerProcess;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.stop());

type Handling = "finished" | "touched" | "requeued" | "left" | "kept";

interface Delivery {
  readonly attempts: number;
  /** ms */
  readonly at: number;
  readonly handling: Handling;
}

/** Everything that two readers of a channel were sent. */
class Deliveries {
  readonly #byBody = new Map<string, Delivery[]>();
  #finished = 0;
  #impatient = 0;

  get finished(): number {
    return this.#finished;
  }

  of(body: string): readonly Delivery[] {
    return this.#byBody.get(body) ?? [];
  }

  get bodies(): number {
    return this.#byBody.size;
  }

  countOf(handling: Handling): number {
    return [...this.#byBody.values()].flat().filter((delivery) => delivery.handling === handling).length;
  }

  /** Handles a message of the patient reader, which holds nothing for long. */
  takePatiently(message: Message): void {
    const digit = message.body.toString().at(8);
    if (digit === "3" && message.attempts === 1) {
      this.#add(message, "requeued");
      message.requeue(REQUEUE_DELAY_MS, false);
    } else {
      if (digit === "5") message.touch();
      this.#finish(message, digit === "5" ? "touched" : "finished");
    }
  }

  /** Handles a message of the reader with the short timeout. */
  async takeImpatiently(message: Message): Promise<void> {
    this.#impatient++;
    if (this.#impatient <= LEFT) {
      this.#add(message, "left");
    } else if (this.#impatient <= LEFT + KEPT) {
      this.#add(message, "kept");
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS * 0.4));
        message.touch();
      }
      message.finish();
      this.#finished++;
    } else {
      this.#finish(message, "finished");
    }
  }

  #finish(message: Message, handling: Handling): void {
    this.#add(message, handling);
    message.finish();
    this.#finished++;
  }

  #add({ attempts, body }: Message, handling: Handling): void {
    const deliveries = this.#byBody.get(body.toString()) ?? [];
    deliveries.push({ attempts, at: performance.now(), handling });
    this.#byBody.set(body.toString(), deliveries);
  }
}

describe.each(Object.entries(MODES))("nsqjs, %s", (name, mode) => {
  it("[DUR1] every acknowledged message is received, and again only for a reason", async () => {
    const topic = `nsqjs-${name}`;
    const compression = { deflate: name === "deflate", snappy: name === "snappy" };
    const errors: Error[] = [];
    const deliveries = new Deliveries();
    const patient = await openReader(topic, { ...mode, maxInFlight: 100 }, errors);
    patient.on("message", (message) => deliveries.takePatiently(message));
    const impatient = await openReader(
      topic,
      { ...mode, maxInFlight: LEFT + KEPT, messageTimeout: TIMEOUT_MS },
      errors,
    );
    impatient.on("message", (message) => void deliveries.takeImpatiently(message));
    const writer = await openWriter(mode, errors);

    const publishedAt: number[] = [];
    for (let first = 0; first < COUNT; first += ROUND) {
      publishedAt.push(performance.now());
      const bodies = Array.from({ length: ROUND }, (_, i) => bodyOf(first + i));
      const singles = bodies.splice(ROUND / 2);
      await Promise.all([publish(writer, topic, bodies), ...singles.map((body) => publish(writer, topic, body))]);
    }
    await expect.poll(() => deliveries.finished, { timeout: 20_000 }).toBe(COUNT);

    expect(deliveries.bodies).toBe(COUNT);
    const wrong = Array.from({ length: COUNT }, (_, n) => n)
      .map((n) => ({ list: deliveries.of(bodyOf(n)), since: publishedAt[Math.floor(n / ROUND)] ?? 0 }))
      .filter(({ list, since }) => !isRight(list, since));
    expect(wrong).toEqual([]);
    expect([deliveries.countOf("left"), deliveries.countOf("kept")]).toEqual([LEFT, KEPT]);
    expect(deliveries.countOf("requeued")).toBeGreaterThan(COUNT / 20);
    await expect
      .poll(() => channelStats(broker.http, topic, CHANNEL), POLL)
      .toMatchObject({
        depth: 0,
        in_flight_count: 0,
        deferred_count: 0,
        message_count: COUNT,
        requeue_count: deliveries.countOf("requeued"),
        timeout_count: LEFT,
        client_count: 2,
        clients: [compression, compression],
      });
    expect(errors).toEqual([]);
    await closeAll([patient, impatient], writer);
  });

  it("[CHN10] a deferred message is not early", async () => {
    const topic = `nsqjs-${name}-deferred`;
    const errors: Error[] = [];
    const reader = await openReader(topic, { ...mode }, errors);
    const writer = await openWriter(mode, errors);
    const start = performance.now();
    const received = once(reader, "message") as Promise<[Message]>;
    await new Promise<void>((resolve, reject) => {
      writer.deferPublish(topic, ["later"], 400, (error) => (error ? reject(error) : resolve()));
    });
    const [message] = await received;
    expect(performance.now() - start).toBeGreaterThanOrEqual(400 - CLOCK_MS);
    expect([message.attempts, message.body.toString()]).toEqual([1, "later"]);
    message.finish();
    await expect
      .poll(() => channelStats(broker.http, topic, CHANNEL), POLL)
      .toMatchObject({ depth: 0, in_flight_count: 0 });
    expect(errors).toEqual([]);
    await closeAll([reader], writer);
  });

  // With compression nsqjs says goodbye uncompressed, in the middle of the compressed stream.
  it("[LINE6] its goodbye ends its own connection and nothing else", async () => {
    const topic = `nsqjs-${name}-goodbye`;
    const errors: Error[] = [];
    const staying = await openReader(topic, mode, errors);
    const writer = await openWriter(mode, errors);
    const leaving = await Promise.all(Array.from({ length: 5 }, () => openReader(topic, mode, errors)));
    const leavingWriters = await Promise.all(Array.from({ length: 5 }, () => openWriter(mode, errors)));
    await Promise.all(leavingWriters.map((one) => closeAll([], one)));
    await closeAll(leaving);
    await expect.poll(() => channelStats(broker.http, topic, CHANNEL), POLL).toMatchObject({ client_count: 1 });

    const received = once(staying, "message") as Promise<[Message]>;
    await publish(writer, topic, "still there");
    const [message] = await received;
    expect(message.body.toString()).toBe("still there");
    message.finish();
    expect(errors).toEqual([]);
    await closeAll([staying], writer);
    const complaints = broker.log.split("\n").filter((line) => line !== "" && !line.startsWith("[nsqd] INFO: "));
    expect(complaints).toEqual([]);
  });
});

/** Text that is no other message's, and of some length; its ninth digit decides what becomes of it. */
function bodyOf(n: number): string {
  const hash = createHash("sha256").update(String(n)).digest("hex");
  return `${String(n).padStart(9, "0")} ${hash.repeat(n % 7)}`;
}

/** Whether attempts rise by one, the last delivery was finished, and each before it gave a reason for the next. */
function isRight(deliveries: readonly Delivery[], publishedAt: number): boolean {
  return (
    deliveries.length > 0 &&
    deliveries.every(({ attempts, handling, at }, i) => {
      const next = deliveries[i + 1];
      if (attempts !== i + 1) return false;
      if (handling === "requeued") return next !== undefined && next.at - at >= REQUEUE_DELAY_MS - CLOCK_MS;
      // When the broker sent it is not known: the reader may have been busy. It was not before it was published.
      if (handling === "left") return next !== undefined && next.at - publishedAt >= TIMEOUT_MS - CLOCK_MS;
      return next === undefined;
    })
  );
}

async function openReader(topic: string, options: Partial<ReaderOptions>, errors: Error[]): Promise<Reader> {
  const reader = new Reader(topic, CHANNEL, { nsqdTCPAddresses: [broker.tcp], ...options });
  reader.on("error", (error) => errors.push(error));
  reader.connect();
  await once(reader, "ready");
  return reader;
}

async function openWriter(options: { deflate?: boolean; snappy?: boolean }, errors: Error[]): Promise<Writer> {
  const [host = "", port] = broker.tcp.split(":");
  const writer = new Writer(host, Number(port), options);
  writer.on("error", (error) => errors.push(error));
  writer.connect();
  await once(writer, "ready");
  return writer;
}

function publish(writer: Writer, topic: string, messages: string | string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    writer.publish(topic, messages, (error) => (error ? reject(error) : resolve()));
  });
}

async function closeAll(readers: readonly Reader[], writer?: Writer): Promise<void> {
  const closed = readers.map((reader) => once(reader, "not_ready"));
  for (const reader of readers) reader.close();
  writer?.close();
  await Promise.all(closed);
}
