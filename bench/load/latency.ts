// How long messages take that are published at a steady pace, whether the one before has arrived or not. A message counts from when
// it was to be published, not from when that came off: so a stall is seen in every message that it holds up (coordinated omission).

import { build } from "hdr-histogram-js";
import { commandBytes } from "./commands.ts";
import { Consumer } from "./consumer.ts";
import { BODY_AT } from "./frames.ts";
import { Meter } from "./meter.ts";
import { Session } from "./session.ts";
import type { Measured, Of } from "./task.ts";

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
  const received = new Promise<void>((resolve) => {
    consuming.onMessage = (frame, at) => {
      const number = frame.readUInt32BE(at + BODY_AT);
      const microseconds = (performance.now() - startedAt - number * intervalMs) * 1_000;
      histogram.recordValue(Math.max(1, Math.round(microseconds)));
      if (histogram.totalCount === count) resolve();
    };
  });
  const published = pace(count, startedAt, intervalMs, (number) => {
    command.writeUInt32BE(number, placeOfNumber);
    publishing.connection.write(publishing.connection.prepare(command));
  });
  const patience = setTimeout(() => consuming.fail("messages did not come"), count * intervalMs + PATIENCE_MS);
  await Promise.race([Promise.all([published, received]), publishing.failed, consuming.failed]);
  clearTimeout(patience);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
  const measured = meter.measured({ p50: at(50), p99: at(99) });
  await consuming.leave();
  publishing.close();
  return measured;
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
