import { describe, expect, it } from "vitest";
import type { ChannelLimits } from "../../src/queue/channel-limits.ts";
import { ChannelQueue } from "../../src/queue/channel-queue.ts";
import { idleState } from "../../src/queue/channel-state.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import { stamp } from "../../src/queue/record.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { ChannelRig, channelLimits, consumer } from "../helpers/channel.ts";
import { draft, framesIn, NODE, segmentsOf, T0 } from "../helpers/records.ts";

/** What a channel may have unfinished in memory, whatever its limit is exactly. */
const MOST = 100_000;
const LEAST = 50_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The distance to an instant then takes as many bytes as it ever may. */
const LONG_AGO = 9_000 * 24 * HOUR;
/** What a row holds, bytes (platform notes A1). */
const ROW = 2_000_000;

/** Publishes many small messages, or deferred ones. */
function publishMany(rig: ChannelRig, count: number, due: (index: number) => number = () => 0): void {
  const perPublish = 5_000;
  for (let from = 0; from < count; from += perPublish) {
    const length = Math.min(perPublish, count - from);
    rig.publish(...Array.from({ length }, (_, i) => draft("", due(from + i))));
  }
}

function takeSeqs(consumer: Consumer): number[] {
  return framesIn(consumer.outbox.splice(0)).map(({ seq }) => seq);
}

/** The size of the state as it is saved now. */
function stateSize(rig: ChannelRig): number {
  rig.save();
  return rig.store.load()?.length ?? 0;
}

describe("ChannelQueue whose consumers finish nothing", () => {
  it("[CHN16] has 100,000 messages in flight at most, and goes on when some are finished", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1_000_000 });
    publishMany(rig, 150_000);
    const seqs = takeSeqs(consumer);
    const { inFlight, depth } = rig.counts();
    expect([seqs.length, inFlight + depth]).toEqual([inFlight, 150_000]);
    expect(inFlight).toBeGreaterThan(LEAST);
    expect(inFlight).toBeLessThanOrEqual(MOST);
    expect(stateSize(rig)).toBeLessThan(ROW);
    for (const seq of seqs.slice(0, 1_000)) rig.queue.finish(consumer, seq, rig.now);
    rig.proceed();
    expect(takeSeqs(consumer)).toEqual(Array.from({ length: 1_000 }, (_, i) => inFlight + 1 + i));
    expect(rig.counts().inFlight).toBe(inFlight);
  });

  it("[CHN16] takes no more for many consumers than for one", () => {
    const rig = new ChannelRig();
    for (let i = 0; i < 60; i++) rig.connect({ rdy: 2_500 });
    publishMany(rig, 150_000);
    const { inFlight, depth } = rig.counts();
    expect(inFlight).toBeGreaterThan(LEAST);
    expect([inFlight <= MOST, inFlight + depth]).toEqual([true, 150_000]);
    expect(stateSize(rig)).toBeLessThan(ROW);
  });

  it("[CHN16] counts what they defer, too", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1_000_000 });
    publishMany(rig, 150_000);
    const { inFlight, depth } = rig.counts();
    for (const seq of takeSeqs(consumer).slice(0, 5_000)) rig.queue.requeue(consumer, seq, 30_000, rig.now);
    rig.proceed();
    expect(rig.counts()).toMatchObject({ inFlight: inFlight - 5_000, deferred: 5_000, depth });
  });
});

describe("ChannelQueue that has no room for more", () => {
  it("[CHN10] delivers what they deferred when it falls due, though nothing is finished", () => {
    const [full] = ChannelRig.withConsumer({ rdy: 1_000_000 });
    publishMany(full, 150_000);
    const { inFlight } = full.counts();
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1_000_000 });
    publishMany(rig, inFlight);
    for (const seq of takeSeqs(consumer).slice(0, 5_000)) rig.queue.requeue(consumer, seq, 30_000, rig.now);
    rig.proceed();
    expect(rig.counts()).toMatchObject({ inFlight: inFlight - 5_000, deferred: 5_000, depth: 0 });
    rig.wait(30_000);
    expect(takeSeqs(consumer)).toEqual(Array.from({ length: 5_000 }, (_, i) => i + 1));
  });
});

describe("ChannelQueue whose consumers defer what is no longer at hand", () => {
  it("[CHN16] has only some MB of frames in memory that came to be held and are not saved yet", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2_500 });
    for (let i = 0; i < 50; i++) rig.publish(...Array.from({ length: 50 }, () => draft(new Uint8Array(20_000))));
    rig.save();
    rig.hasFrames = false;
    const [kept] = rig.crash(consumer) as [Consumer];
    for (let seq = 1; seq <= 2_500; seq++) rig.queue.requeue(kept, seq, 2 * MINUTE, rig.now);
    rig.save();
    rig.hasFrames = true;
    let [unsaved, most] = [0, 0];
    const { supply, save } = rig.queue;
    rig.queue.supply = (seqs, frames) => {
      for (const frame of frames) unsaved += frame?.length ?? 0;
      most = Math.max(most, unsaved);
      return supply.call(rig.queue, seqs, frames);
    };
    rig.queue.save = (now) => {
      unsaved = 0;
      save.call(rig.queue, now);
    };
    rig.proceed();
    rig.save();
    expect([rig.store.held.count({ due: 0, seq: 0 }), rig.lost]).toEqual([2_500, []]);
    expect(most).toBeLessThanOrEqual(8 * 2 ** 20);
  });
});

describe("ChannelQueue that has held very many messages for long, which all fall due", () => {
  /**
   * A channel that holds one of 50 messages of a long log, in an order far from that in which they were published; consumers have
   * room for all.
   */
  function withAllDue(
    held: number,
    now: number,
    limits: Partial<ChannelLimits> = {},
  ): { queue: ChannelQueue; store: MemoryChannelStore } {
    const store = new MemoryChannelStore();
    const record = segmentsOf(["x"])[0]?.bytes as Uint8Array;
    for (let i = 0; i < held; i++) {
      const seq = 1 + 50 * ((i * 61_803) % held);
      const frame = record.slice();
      stamp(frame, NODE, seq, now - LONG_AGO - i); // each at another instant
      store.held.put([{ due: now - held + i, seq, attempts: 1, frame }]);
    }
    const idle = idleState({ life: { id: 1, start: 1 }, cursor: 50 * held + 1, requeueCount: 0, timeoutCount: 0 });
    const consumers = Array.from({ length: 60 }, (_, i) => consumer({ id: `${i}`.padStart(36, "0"), rdy: 2_500 }));
    const queue = ChannelQueue.restore(idle, consumers, store, channelLimits(limits), () => 0);
    queue.dispatch(now);
    return { queue, store };
  }

  it("[CHN16] has 100,000 of them in flight at most", () => {
    const now = T0 + HOUR;
    const { queue } = withAllDue(MOST + 10_000, now);
    const { depth, inFlight, deferred } = queue.counts(queue.cursor, now);
    expect(depth + inFlight + deferred).toBe(MOST + 10_000);
    expect(inFlight).toBeGreaterThan(LEAST);
    expect(inFlight).toBeLessThanOrEqual(MOST);
  });

  it.each([
    ["", {}],
    [", and it is measured how long they take", { latencyWindowMs: HOUR }],
  ])("[CHN16] [DUR2] saves a state that fits into a row when as many as may be are in flight%s", (_, limits) => {
    const now = T0 + HOUR;
    const { queue, store } = withAllDue(MOST, now, limits);
    queue.save(now + 50_000);
    expect(queue.counts(queue.cursor, now).inFlight).toBeGreaterThan(LEAST);
    expect(store.load()?.length).toBeLessThan(ROW);
  });
});

describe("ChannelQueue whose topic has lost a message in flight", () => {
  it("[CHN19] asks for it once only, and takes its FIN", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2, msgTimeoutMs: HOUR });
    rig.publish("m1", "m2");
    rig.save();
    rig.hasFrames = false;
    const [kept] = rig.crash(consumer) as [Consumer]; // the bodies are no longer at hand
    rig.now += 61_000;
    rig.save();
    expect(rig.queue.missing).toEqual([1, 2]);
    expect(rig.queue.supply([1, 2], [null, null])).toEqual([1, 2]);
    for (let i = 0; i < 3; i++) {
      rig.now += 61_000;
      rig.queue.touch(kept, 1, rig.now);
      rig.save();
      expect(rig.queue.missing).toEqual([]);
    }
    expect(rig.queue.savedLow).toBe(3);
    expect(rig.queue.finish(kept, 1, rig.now)).toBe("done");
    expect(rig.counts()).toMatchObject({ inFlight: 1, depth: 0 });
    rig.wait(2 * HOUR);
    expect(rig.counts()).toMatchObject({ inFlight: 0, depth: 0 });
    expect(rig.queue.missing).toEqual([]);
  });
});
