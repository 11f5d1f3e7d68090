// How long messages take that are published at a steady pace, whether the one before has arrived or not. A message counts from when
// it was to be published, not from when that came off: so a stall is seen in every message that it holds up (coordinated omission).

import { build } from "hdr-histogram-js";
import { commandBytes } from "./commands.ts";
import { Consumer } from "./consumer.ts";
import { BODY_AT } from "./frames.ts";
import { Meter } from "./meter.ts";
import { Session } from "./session.ts";
import type { Measured, Of } from "./task.ts";

const PERCENTILES = [50, 99] as const;
/** How long the last ones may take, ms. */
const PATIENCE_MS = 5_000;

export async function latency({ producer, consumer, perSecond, seconds, server }: Of<"latency">): Promise<Measured> {
  const consuming = await Consumer.open(consumer);
  const publishing = await Session.open(producer.endpoint);
  const command = commandBytes(producer.command);
  const placeOfNumber = command.length - producer.command.size;
  const count = perSecond * seconds;
  const intervalMs = 1_000 / perSecond;
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  consuming.start();
  const meter = new Meter(server);
  const startedAt = performance.now();
  const all = new Promise<void>((resolve) => {
    consuming.onMessage = (frame, at) => {
      const number = frame.readUInt32BE(at + BODY_AT);
      const microseconds = (performance.now() - startedAt - number * intervalMs) * 1_000;
      histogram.recordValue(Math.max(1, Math.round(microseconds)));
      if (histogram.totalCount === count) resolve();
    };
  });
  const paced = pace(count, startedAt, intervalMs, (number) => {
    command.writeUInt32BE(number, placeOfNumber);
    publishing.connection.write(publishing.connection.prepare(command));
  });
  await Promise.race([Promise.all([paced, all, impatience(count * intervalMs)]), publishing.failed, consuming.failed]);
  const values = PERCENTILES.map((percentile) => [
    `p${percentile}`,
    histogram.getValueAtPercentile(percentile) / 1_000,
  ]);
  const measured = meter.measured(Object.fromEntries(values));
  consuming.close();
  publishing.close();
  return measured;

  function impatience(expectedMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("messages did not come")), expectedMs + PATIENCE_MS);
      void all.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Calls `act` with each number at its time: without a timer, which would be up to a millisecond late. */
function pace(count: number, startedAt: number, intervalMs: number, act: (number: number) => void): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    const turn = () => {
      while (next < count && performance.now() >= startedAt + next * intervalMs) act(next++);
      // On and on while anything is on its way, so that what comes is seen at once.
      if (next < count) setImmediate(turn);
      else resolve();
    };
    turn();
  });
}
