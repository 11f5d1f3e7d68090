import { describe, expect, it } from "vitest";
import { ChannelQueue } from "../../src/queue/channel-queue.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import type { Batch } from "../../src/queue/log-store.ts";
import { TopicLog } from "../../src/queue/topic-log.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { SqliteLogStore } from "../../src/storage/sqlite-log-store.ts";
import { ChannelRig, channelLimits, consumer, take, topicLimits, topicState } from "../helpers/channel.ts";
import { batchOf, draft, framesIn, segmentsOf, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

/** Messages `m<seq>`. */
function batch(first: number, count = 1): Batch {
  return batchOf(
    first,
    Array.from({ length: count }, (_, i) => `m${first + i}`),
  );
}

/** A channel that begins at 1, with one consumer. */
function queueWith(rdy = 100): [ChannelQueue, Consumer] {
  const queue = ChannelQueue.create({ id: 1, start: 1 }, new MemoryChannelStore(), channelLimits(), () => 0);
  const only = consumer({ rdy });
  queue.connect(only);
  return [queue, only];
}

function deliver(queue: ChannelQueue, to: Consumer): string[] {
  queue.dispatch(T0);
  return take(to);
}

function got(from: number, to = from): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i} m${from + i}`);
}

describe("ChannelQueue that fetches", () => {
  it("[CHN19] it fetches from its cursor when a consumer has room", () => {
    const [queue, only] = queueWith(0);
    expect(queue.fetch).toBeNull();
    only.rdy = 1;
    expect(queue.fetch).toBe(1);
    queue.fetched([batch(1, 3)], 4, true);
    expect([queue.fetch, deliver(queue, only), queue.fetch]).toEqual([null, got(1), null]);
  });

  it("[CHN19] what it knows it ignores, sent once more or asked for twice", () => {
    const [queue, only] = queueWith();
    queue.fetched([batch(1, 2), batch(3)], 4, true);
    expect(queue.offer([batch(3), batch(4)], 5)).toBe(true);
    expect(queue.offer([batch(3), batch(4)], 5)).toBe(true);
    expect(deliver(queue, only)).toEqual(got(1, 4));
    queue.fetched([batch(1, 2), batch(3)], 4, true);
    expect(queue.offer([batch(1, 2)], 5)).toBe(true);
    expect([deliver(queue, only), queue.fetch]).toEqual([[], null]);
  });

  it("[CHN19] a gap is fetched, and the topic is told to wait", () => {
    const [queue, only] = queueWith();
    queue.fetched([batch(1)], 2, true);
    expect(queue.offer([batch(3)], 4)).toBe(false);
    expect([deliver(queue, only), queue.fetch]).toEqual([got(1), 2]);
    queue.asked();
    queue.fetched([batch(2), batch(3)], 4, true);
    expect([deliver(queue, only), queue.fetch]).toEqual([got(2, 3), null]);
  });

  it("[CHN19] a part that does not reach the end is not all: the rest is fetched", () => {
    const [queue, only] = queueWith();
    queue.fetched([batch(1)], 5, false);
    expect([deliver(queue, only), queue.fetch]).toEqual([got(1), 2]);
    expect(queue.offer([batch(2)], 5)).toBe(false);
    expect([deliver(queue, only), queue.fetch]).toEqual([got(2), 3]);
  });

  it("[CHN19] a topic that has nothing new is not asked again and again", () => {
    const [queue] = queueWith();
    queue.fetched([], 1, true);
    expect(queue.fetch).toBeNull();
  });

  it("[CHN19] a call that was lost is made up for: nothing that came by is forgotten", () => {
    const [queue, only] = queueWith();
    queue.fetched([], 1, true);
    expect(queue.offer([], 3)).toBe(false);
    expect(queue.fetch).toBe(1);
    queue.fetched([batch(1, 2)], 3, true);
    expect(deliver(queue, only)).toEqual(got(1, 2));
  });

  it("[CHN19] what it learns from the count of messages it fetches, too", () => {
    const [queue] = queueWith();
    queue.fetched([], 1, true);
    queue.counts(4, T0);
    expect(queue.fetch).toBe(1);
  });

  it("[CHN19] a topic that was told to wait is asked again, though the answer to an older question comes late", () => {
    const [queue, only] = queueWith();
    expect(queue.fetch).toBe(1);
    // The topic has answered that it will send by itself, and does so; its answer arrives after that.
    only.rdy = 0;
    expect(queue.offer([batch(1)], 2)).toBe(false);
    queue.fetched([], 1, true);
    only.rdy = 100;
    expect(deliver(queue, only)).toEqual(got(1));
    expect(queue.fetch).toBe(2);
  });

  it("[CHN13] a paused channel fetches nothing and does not follow", () => {
    const [queue] = queueWith();
    queue.setPaused(true);
    expect([queue.fetch, queue.offer([batch(1)], 2)]).toEqual([null, false]);
    queue.setPaused(false);
    expect(queue.fetch).not.toBeNull();
  });

  it("[CHN19] a channel without anybody who wants messages does not follow", () => {
    const [queue, only] = queueWith();
    queue.fetched([], 1, true);
    only.rdy = 0;
    expect(queue.offer([batch(1)], 2)).toBe(false);
    only.rdy = 1;
    only.isClosing = true;
    expect(queue.offer([batch(2)], 3)).toBe(false);
    expect(queue.fetch).toBeNull();
  });

  it("[CHN19] a consumer without room at the moment still wants what comes", () => {
    const [queue, only] = queueWith(1);
    queue.fetched([batch(1)], 2, true);
    expect(deliver(queue, only)).toEqual(got(1));
    expect(queue.offer([batch(2)], 3)).toBe(true);
    expect(queue.fetch).toBeNull();
    queue.finish(only, 1, T0);
    expect(deliver(queue, only)).toEqual(got(2));
  });

  it("[CHN16] when enough is at hand no more is fetched, and the topic is told to wait", () => {
    const [queue, only] = queueWith(1);
    const size = 400_000;
    const big = (seq: number) => batchOf(seq, [draft(new Uint8Array(size))]);
    queue.fetched([big(1), big(2)], 3, true);
    expect(queue.offer([big(3)], 4)).toBe(false);
    expect(queue.fetch).toBeNull();
    for (let seq = 1; seq <= 2; seq++) {
      queue.dispatch(T0);
      queue.finish(only, seq, T0);
    }
    queue.dispatch(T0);
    expect(framesIn(only.outbox).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    queue.finish(only, 3, T0);
    expect(queue.fetch).toBe(4);
  });

  it("[LOG6] a range whose messages were dropped is passed by", () => {
    const [queue, only] = queueWith();
    queue.fetched([batch(1), { first: 2, count: 5, bytes: new Uint8Array(0) }, batch(7)], 8, true);
    expect([deliver(queue, only), queue.cursor, queue.fetch]).toEqual([["1 m1", "7 m7"], 8, null]);
    expect(queue.offer([{ first: 8, count: 2, bytes: new Uint8Array(0) }], 10)).toBe(true);
    expect([queue.cursor, queue.fetch]).toEqual([10, null]);
  });

  it("[DUR6] a record with a flag that is not known is not delivered", () => {
    const [queue, only] = queueWith();
    const future = batch(1);
    future.bytes[0] = 2;
    try {
      queue.fetched([future], 2, true);
      queue.dispatch(T0);
    } catch {
      // refused with an error, as it should be
    }
    expect(take(only)).toEqual([]);
  });
});

describe("ChannelQueue that lacks the body of a message", () => {
  /** A channel whose message `m1` waits for another delivery, but whose body is no longer at hand. */
  function withoutBody(): [ChannelRig, Consumer] {
    const [rig, only] = ChannelRig.withConsumer({ rdy: 1 });
    rig.publish("m1");
    rig.save();
    rig.hasFrames = false;
    rig.crash();
    const next = rig.connect({ rdy: 1 });
    expect([take(only), take(next), rig.queue.missing]).toEqual([["1 m1"], [], [1]]);
    return [rig, next];
  }

  it("[CHN19] it asks the topic, and delivers when the body has come", () => {
    const [rig, next] = withoutBody();
    expect(rig.queue.supply([1], rig.log.frames([1], 1_000))).toEqual([]);
    rig.proceed();
    expect([take(next), rig.queue.missing]).toEqual([["1 m1 x2"], []]);
  });

  it("[CHN19] what it did not ask for, or has been answered before, changes nothing", () => {
    const [rig, next] = withoutBody();
    const frames = rig.log.frames([1], 1_000);
    expect(rig.queue.supply([7, 8], [null, frames[0] as Uint8Array])).toEqual([]);
    expect(rig.queue.missing).toEqual([1]);
    rig.queue.supply([1], frames);
    expect(rig.queue.supply([1], [null])).toEqual([]);
    rig.proceed();
    expect(take(next)).toEqual(["1 m1 x2"]);
  });

  it("[CHN19] an answer may be for the first ones only", () => {
    const [rig] = ChannelRig.withConsumer({ rdy: 3 });
    rig.publish("m1", "m2", "m3");
    rig.save();
    rig.hasFrames = false;
    rig.crash();
    const next = rig.connect({ rdy: 3 });
    expect(rig.queue.missing).toEqual([1, 2, 3]);
    rig.queue.supply([1, 2, 3], rig.log.frames([1, 2, 3], 0));
    rig.proceed();
    expect([take(next), rig.queue.missing]).toEqual([["1 m1 x2"], [2, 3]]);
  });

  it("[CHN19] a message that the topic no longer has is gone, and holds up nothing", () => {
    const [rig, next] = withoutBody();
    rig.publish("m2");
    take(next);
    expect(rig.queue.supply([1], [null])).toEqual([1]);
    rig.queue.finish(next, 2, rig.now);
    rig.proceed();
    expect([take(next), rig.queue.missing, rig.counts().depth]).toEqual([[], [], 0]);
    rig.save();
    expect(rig.queue.savedLow).toBe(3);
  });

  it("[CHN1] a message that was finished or emptied in the meantime does not come back with its body", () => {
    const [rig, next] = withoutBody();
    const frames = rig.log.frames([1], 1_000);
    rig.queue.empty(rig.log.fanout);
    expect([rig.queue.missing, rig.queue.supply([1], frames)]).toEqual([[], []]);
    rig.proceed();
    expect(take(next)).toEqual([]);
  });

  it("[CHN16] it asks for a limited number at a time, and gets all in the end", () => {
    const [rig] = ChannelRig.withConsumer({ rdy: 1_000 });
    rig.publish(...Array.from({ length: 500 }, (_, i) => `m${i + 1}`));
    rig.save();
    rig.hasFrames = false;
    rig.crash();
    const next = rig.connect({ rdy: 1_000 });
    expect(rig.queue.missing.length).toBeGreaterThan(1);
    expect(rig.queue.missing.length).toBeLessThanOrEqual(128);
    rig.hasFrames = true;
    rig.proceed();
    expect(take(next)).toEqual(Array.from({ length: 500 }, (_, i) => `${i + 1} m${i + 1} x2`));
    // The bodies of all of them are wanted at once when they are to be held.
    rig.save();
    rig.hasFrames = false;
    const [kept] = rig.crash(next) as [Consumer];
    for (let seq = 1; seq <= 500; seq++) rig.queue.requeue(kept, seq, 3_600_000, rig.now);
    rig.proceed();
    expect(rig.queue.missing.length).toBeGreaterThan(1);
    expect(rig.queue.missing.length).toBeLessThanOrEqual(128);
  });
});

describe("ChannelQueue far behind its topic", () => {
  it("[CHN16] a million messages go through a slow consumer, and only a few MB of them are at hand", () => {
    const database = new Database();
    SqliteLogStore.createTables(database);
    const log = new TopicLog(new SqliteLogStore(database), topicState(), topicLimits());
    const rig = new ChannelRig({ log });
    const slow = rig.connect({ rdy: 2_500 });
    const batchSize = 10_000;
    const segments = segmentsOf(Array.from({ length: batchSize }, () => "0123456789"));
    for (let i = 0; i < 100; i++) {
      log.append(
        segments.map((segment) => ({ ...segment, bytes: segment.bytes.slice() })),
        rig.now,
      );
      rig.push();
    }
    expect([log.end, rig.queue.cursor, rig.queue.fetch]).toEqual([1_000_001, 2_501, null]);

    const asked: number[] = [];
    const { read } = log;
    log.read = (seq, maxBytes) => {
      asked.push(seq - rig.queue.cursor);
      return read.call(log, seq, maxBytes);
    };
    let next = 1;
    while (next <= 1_000_000) {
      for (const { seq, body } of framesIn(slow.outbox.splice(0))) {
        if (seq !== next || body.length !== 10) throw new Error(`${seq} came, ${next} was to come`);
        next++;
        rig.queue.finish(slow, seq, rig.now);
      }
      rig.proceed();
      if (next % 50_000 < 2_500) rig.save();
    }
    // It asks for more only when less than 1 MB is left, which is less than three batches.
    expect(Math.max(...asked)).toBeLessThanOrEqual(3 * batchSize);
    expect(asked.length).toBeLessThan(100);
    rig.save();
    while (log.trim());
    expect([rig.queue.savedLow, rig.queue.isIdle, rig.counts().depth]).toEqual([1_000_001, true, 0]);
    expect(database.rows("log")).toBeLessThanOrEqual(80);
  });
});
