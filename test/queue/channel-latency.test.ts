import { describe, expect, it } from "vitest";
import { ChannelQueue } from "../../src/queue/channel-queue.ts";
import { idleState } from "../../src/queue/channel-state.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import { LatencySketch, type SketchBins } from "../../src/queue/latency-sketch.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { ChannelRig, channelLimits, consumer } from "../helpers/channel.ts";
import { segmentsOf, T0 } from "../helpers/records.ts";

const MEASURED = { limits: { latencyWindowMs: 600_000 } };

/** Whether the messages that were finished took so long, ms, each to 1 %. */
function expectLatencies({ queue, now }: ChannelRig, expected: readonly number[]): void {
  const sketch = new LatencySketch();
  sketch.merge(queue.latency(now) as SketchBins);
  expect(sketch.count).toBe(expected.length);
  for (const [index, ms] of expected.entries()) {
    const part = index / Math.max(1, expected.length - 1);
    expect(Math.abs(sketch.quantile(part) - ms)).toBeLessThanOrEqual(0.0101 * ms);
  }
}

describe("a channel that measures how long messages take", () => {
  it("[LAT1] measures each FIN from the publishing on, and nothing else", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 10 }, MEASURED);
    const [a, b, c] = rig.publish("a", "b", "c") as [number, number, number];
    rig.wait(100);
    expect(rig.queue.finish(consumer, a, rig.now)).toBe("done");
    rig.wait(400);
    rig.queue.finish(consumer, c, rig.now);
    expect(rig.queue.finish(consumer, c, rig.now)).toBe("not-in-flight");
    rig.queue.requeue(consumer, b, 0, rig.now);
    expectLatencies(rig, [100, 500]);
  });

  it("[LAT1] attempts that failed count: what was requeued took all the time", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 }, MEASURED);
    const [a] = rig.publish("a") as [number];
    rig.wait(100);
    rig.queue.requeue(consumer, a, 1_000, rig.now);
    rig.wait(1_000);
    rig.queue.finish(consumer, a, rig.now);
    expectLatencies(rig, [1_100]);
  });

  it("[LAT1] what was touched, and so left its flight, is measured, too", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 }, MEASURED);
    const [a] = rig.publish("a", "b") as [number];
    rig.wait(200);
    rig.queue.touch(consumer, a, rig.now);
    rig.queue.finish(consumer, a, rig.now);
    expectLatencies(rig, [200]);
  });

  it("[LAT1] measures nothing unless it is told to", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    const [a] = rig.publish("a") as [number];
    rig.queue.finish(consumer, a, rig.now);
    expect(rig.queue.latency(rig.now)).toBeNull();
    expect(rig.queue.changesAt(rig.now)).toBe(Number.POSITIVE_INFINITY);
  });

  it("[LAT4] a sleep loses neither what was measured nor since when the rest is under way", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 10 }, MEASURED);
    const [a, b] = rig.publish("a", "b") as [number, number];
    rig.wait(50);
    const [c] = rig.publish("c") as [number];
    rig.queue.touch(consumer, b, rig.now);
    rig.wait(50);
    rig.queue.finish(consumer, a, rig.now);
    rig.save();
    const [again] = rig.crash(consumer);
    rig.wait(300);
    for (const seq of [b, c]) expect(rig.queue.finish(again as Consumer, seq, rig.now)).toBe("done");
    expectLatencies(rig, [100, 350, 400]);
  });

  it("[LAT4] nor of what was deferred meanwhile", () => {
    const [rig, first] = ChannelRig.withConsumer({ rdy: 1 }, MEASURED);
    const [a] = rig.publish("a") as [number];
    rig.wait(100);
    rig.queue.requeue(first, a, 500, rig.now);
    rig.proceed();
    const [again] = rig.crash(first) as [Consumer];
    rig.wait(500);
    expect(rig.queue.finish(again, a, rig.now)).toBe("done");
    expectLatencies(rig, [600]);
  });

  it("[MET4] says that its figures change while messages are under way, and when they do by themselves", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 }, MEASURED);
    const changesAt = () => rig.queue.changesAt(rig.now);
    expect(changesAt()).toBe(Number.POSITIVE_INFINITY);
    const [a] = rig.publish("a") as [number];
    expect(changesAt()).toBe(rig.now);
    rig.queue.requeue(consumer, a, 5_000, rig.now);
    rig.proceed();
    expect(changesAt()).toBe(rig.now + 5_000);
    rig.wait(5_000);
    rig.queue.finish(consumer, a, rig.now);
    rig.proceed();
    expect(changesAt()).toBe(rig.now + MEASURED.limits.latencyWindowMs / 2);
  });

  it("[MET4] rests though more has fallen due than is brought back at a time, and nobody takes it", () => {
    const store = new MemoryChannelStore();
    const frame = segmentsOf(["x"])[0]?.bytes as Uint8Array;
    for (let seq = 1; seq <= 2_500; seq++) store.held.put([{ due: T0 + seq, seq, attempts: 1, frame }]);
    const idle = idleState({ life: { id: 1, start: 1 }, cursor: 2_501, requeueCount: 0, timeoutCount: 0 });
    const queue = ChannelQueue.restore(idle, [], store, channelLimits(), () => 0);
    const now = T0 + 2_400;
    expect(queue.counts(2_501, now)).toMatchObject({ depth: 2_400, deferred: 100 });
    expect(queue.changesAt(now)).toBe(T0 + 2_401);
    expect(queue.changesAt(T0 + 2_500)).toBe(Number.POSITIVE_INFINITY);
  });

  it("[MET4] says so, too, while there is more to deliver to a consumer that has room", () => {
    const queue = ChannelQueue.create({ id: 1, start: 1 }, new MemoryChannelStore(), channelLimits(), () => 0);
    queue.counts(5, T0);
    expect(queue.changesAt(T0)).toBe(Number.POSITIVE_INFINITY);
    queue.connect(consumer({ rdy: 1 }));
    expect(queue.changesAt(T0)).toBe(T0);
    queue.setPaused(true);
    expect(queue.changesAt(T0)).toBe(Number.POSITIVE_INFINITY);
  });
});
