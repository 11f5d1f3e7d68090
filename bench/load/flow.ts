// Publishing, consuming, and both at once.

import { Consumer } from "./consumer.ts";
import { Meter } from "./meter.ts";
import { Producer } from "./producer.ts";
import type { ConsumerSpec, Extent, Measured, Of } from "./task.ts";

export async function publish({ producers, extent, server }: Of<"publish">): Promise<Measured> {
  const open = await openAll(producers, Producer.open);
  const meter = new Meter(server);
  const published = await publishAll(open, extent, meter);
  const measured = meter.rate(published);
  closeAll(open);
  return measured;
}

export async function consume({ consumers, messages, server }: Of<"consume">): Promise<Measured> {
  const open = await openConsumers(consumers);
  const meter = new Meter(server);
  await receive(open, () => messages);
  const measured = meter.rate(messages);
  await leaveAll(open);
  return measured;
}

export async function flow({ producers, consumers, copies, extent, server }: Of<"flow">): Promise<Measured> {
  const consuming = await openConsumers(consumers);
  const publishing = await openAll(producers, Producer.open);
  const meter = new Meter(server);
  let expected = Number.POSITIVE_INFINITY;
  const received = receive(consuming, () => expected);
  expected = copies * (await publishAll(publishing, extent, meter));
  for (const consumer of consuming) consumer.onProgress();
  await received;
  const measured = meter.rate(expected);
  await leaveAll(consuming);
  closeAll(publishing);
  return measured;
}

function openConsumers(specs: readonly ConsumerSpec[]): Promise<Consumer[]> {
  return openAll(specs, Consumer.open);
}

/** Makes consumers ready, and resolves when they have got so many messages together. */
async function receive(consumers: readonly Consumer[], expected: () => number): Promise<void> {
  const all = new Promise<void>((resolve) => {
    const check = () => {
      if (sum(consumers, ({ count }) => count) >= expected()) resolve();
    };
    for (const consumer of consumers) consumer.onProgress = check;
  });
  for (const consumer of consumers) consumer.start();
  await Promise.race([all, ...consumers.map(({ failed }) => failed)]);
}

/** Returns how many messages were published and answered. */
async function publishAll(producers: readonly Producer[], extent: Extent, meter: Meter): Promise<number> {
  const share = "messages" in extent ? extent.messages / producers.length : Number.POSITIVE_INFINITY;
  const seconds = "seconds" in extent ? extent.seconds : Number.POSITIVE_INFINITY;
  const goesOn = (producer: Producer) => producer.sent < share && meter.seconds < seconds;
  await Promise.all(producers.map((producer) => producer.run(goesOn)));
  return sum(producers, ({ published }) => published);
}

function openAll<S, T>(specs: readonly S[], open: (spec: S) => Promise<T>): Promise<T[]> {
  return Promise.all(specs.map((spec) => open(spec)));
}

function closeAll(producers: readonly Producer[]): void {
  for (const producer of producers) producer.close();
}

async function leaveAll(consumers: readonly Consumer[]): Promise<void> {
  await Promise.all(consumers.map((consumer) => consumer.leave()));
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
