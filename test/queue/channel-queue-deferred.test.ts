import { describe, expect, it } from "vitest";
import type { ChannelStore } from "../../src/queue/channel-store.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { ChannelRig, take } from "../helpers/channel.ts";
import { type Draft, draft, framesIn, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = { due: 0, seq: 0 };

function sqliteStore(): SqliteChannelStore {
  const database = new Database();
  SqliteChannelStore.createTables(database);
  return new SqliteChannelStore(database);
}

/** How many messages lie in a channel's own store. */
function heldIn(store: ChannelStore): number {
  return store.held.count(START);
}

/** A message of some size, so that the log passes a few MB soon. */
function large(size = 10_000): Draft {
  return draft(new Uint8Array(size));
}

/** Takes what a consumer was sent and gives the seqs. */
function takeSeqs(consumer: Consumer): number[] {
  return framesIn(consumer.outbox.splice(0)).map(({ seq }) => seq);
}

/** Saves as long as the channel wants to, as its object does with time. */
function settle(rig: ChannelRig): void {
  for (let i = 0; i < 100 && rig.queue.saveNeed !== "none"; i++) {
    rig.save();
    rig.proceed();
  }
  expect(rig.queue.saveNeed).toBe("none");
}

describe("ChannelQueue with deferred messages", () => {
  it("[CHN10] a deferred message is delivered when it is due, not before, with attempts 1", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 });
    rig.publish("m1", draft("d2", T0 + 1_000), "m3");
    expect(take(consumer)).toEqual(["1 m1", "3 m3"]);
    expect(rig.queue.nextWakeAt(rig.now)).toBe(T0 + 1_000);
    rig.wait(999);
    expect(take(consumer)).toEqual([]);
    rig.wait(1);
    expect(take(consumer)).toEqual(["2 d2"]);
  });

  it("[CHN10] several come by due time, and by seq when that is the same", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 });
    rig.publish(draft("d1", T0 + 3_000), draft("d2", T0 + 1_000), draft("d3", T0 + 2_000), draft("d4", T0 + 1_000));
    rig.wait(3_000);
    expect(take(consumer)).toEqual(["2 d2", "4 d4", "3 d3", "1 d1"]);
  });

  it("[CHN10] those that fell due before the channel took them come where they were published", () => {
    const rig = new ChannelRig();
    rig.publish(draft("d1", T0 + 3_000), draft("d2", T0 + 1_000), draft("d3", T0 + 2_000));
    rig.wait(3_000);
    expect(take(rig.connect({ rdy: 9 }))).toEqual(["1 d1", "2 d2", "3 d3"]);
  });

  it("[CHN10] a requeued message is not early, and comes with one more attempt", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1");
    rig.queue.requeue(consumer, 1, 3 * MINUTE, rig.now);
    rig.proceed();
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 0, deferred: 1 });
    rig.wait(3 * MINUTE - 1);
    expect(take(consumer)).toEqual(["1 m1"]);
    rig.wait(1);
    expect(take(consumer)).toEqual(["1 m1 x2"]);
  });

  it("[CHN10] those deferred for long and for short come by due time", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 });
    rig.publish(draft("d1", T0 + 2 * HOUR), draft("d2", T0 + 30_000), draft("d3", T0 + HOUR), draft("d4", T0 + 20_000));
    expect(heldIn(rig.store)).toBe(2);
    rig.wait(2 * HOUR);
    expect(take(consumer)).toEqual(["4 d4", "2 d2", "3 d3", "1 d1"]);
  });

  it("[CHN10] a consumer with room gets all that fell due, by due time, however many they are", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 5_000 });
    rig.publish(...Array.from({ length: 2_500 }, (_, i) => draft(`d${i}`, T0 + HOUR - i)));
    rig.wait(HOUR - 30_000);
    rig.publish(draft("last", T0 + HOUR + 1));
    expect(takeSeqs(consumer)).toEqual([]);
    rig.wait(30_001);
    const seqs = takeSeqs(consumer);
    expect([seqs.length, seqs.at(-1)]).toEqual([2_501, 2_501]);
    expect(seqs.slice(0, 2_500)).toEqual(seqs.slice(0, 2_500).toSorted((a, b) => b - a));
  });

  it("[CHN10] what is deferred is counted as deferred, taken or not, and what fell due as depth", () => {
    const rig = new ChannelRig();
    rig.publish(draft("d1", T0 + HOUR), "m2", draft("d3", T0 + MINUTE));
    expect(rig.counts()).toMatchObject({ depth: 1, deferred: 2, messageCount: 3 });
    const consumer = rig.connect({ rdy: 9 });
    rig.queue.finish(consumer, 2, rig.now);
    consumer.rdy = 0;
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 0, deferred: 2 });
    rig.wait(MINUTE);
    expect(rig.counts()).toMatchObject({ depth: 1, deferred: 1 });
    rig.wait(HOUR);
    expect(rig.counts()).toMatchObject({ depth: 2, deferred: 0 });
  });

  it("[CHN10] without anybody to deliver to there is no wake-up for what falls due", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish(draft("d1", T0 + HOUR));
    expect(rig.queue.nextWakeAt(rig.now)).toBe(T0 + HOUR);
    consumer.rdy = 0;
    expect(rig.queue.nextWakeAt(rig.now)).toBe(Number.POSITIVE_INFINITY);
  });

  it("[DUR3] what was deferred is to be saved at once", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.save();
    rig.log.append([], rig.now);
    rig.publish("m1");
    rig.queue.dispatch(rig.now);
    expect(rig.queue.saveNeed).toBe("soon");
    rig.queue.requeue(consumer, 1, 1_000, rig.now);
    expect(rig.queue.saveNeed).toBe("now");
    rig.save();
    expect(rig.queue.saveNeed).toBe("none");
    const before = rig.store.load();
    rig.publish(draft("d2", T0 + MINUTE));
    expect(rig.store.load()).not.toEqual(before);
  });
});

describe.each([
  { name: "memory", open: () => new MemoryChannelStore() as ChannelStore },
  { name: "SQLite", open: () => sqliteStore() as ChannelStore },
])("ChannelQueue that holds messages in $name", ({ open }) => {
  it("[CHN15] what is deferred for long holds back no log", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 }, { store: open() });
    rig.publish(draft("d1", T0 + HOUR), draft("d2", T0 + 50_000), "m3");
    rig.queue.finish(consumer, 3, rig.now);
    settle(rig);
    expect([heldIn(rig.store), rig.queue.savedLow]).toEqual([1, 2]);
    rig.wait(50_000);
    rig.queue.finish(consumer, 2, rig.now);
    settle(rig);
    expect([rig.queue.savedLow, rig.counts().deferred]).toEqual([4, 1]);
    rig.wait(HOUR);
    expect(take(consumer)).toEqual(["3 m3", "2 d2", "1 d1"]);
    rig.queue.finish(consumer, 1, rig.now);
    settle(rig);
    expect([heldIn(rig.store), rig.queue.isIdle]).toEqual([0, true]);
  });

  it("[CHN15] what was requeued for long holds back no log, and keeps its attempts", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 }, { store: open() });
    rig.publish("m1", "m2");
    rig.queue.requeue(consumer, 1, HOUR, rig.now);
    rig.queue.finish(consumer, 2, rig.now);
    rig.proceed();
    settle(rig);
    expect([heldIn(rig.store), rig.queue.savedLow]).toEqual([1, 3]);
    rig.wait(HOUR);
    rig.queue.requeue(consumer, 1, 2 * HOUR, rig.now);
    rig.proceed();
    rig.wait(2 * HOUR);
    expect(take(consumer)).toEqual(["1 m1", "2 m2", "1 m1 x2", "1 m1 x3"]);
    rig.queue.finish(consumer, 1, rig.now);
    settle(rig);
    expect(heldIn(rig.store)).toBe(0);
  });

  it("[CHN15] what is in flight for long holds back no log, and is still in one place only", () => {
    const store = open();
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2, msgTimeoutMs: 10 * MINUTE }, { store });
    rig.publish("m1", "m2");
    rig.queue.finish(consumer, 2, rig.now);
    settle(rig);
    expect(rig.queue.savedLow).toBe(1);
    rig.wait(2 * MINUTE);
    rig.queue.touch(consumer, 1, rig.now);
    settle(rig);
    expect(rig.queue.savedLow).toBe(3);
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 1, deferred: 0, messageCount: 2 });
    take(consumer);
    consumer.rdy = 1;
    rig.wait(MINUTE);
    expect(take(consumer)).toEqual([]);
    rig.wait(10 * MINUTE);
    expect(take(consumer)).toEqual(["1 m1 x2"]);
    rig.queue.finish(consumer, 1, rig.now);
    settle(rig);
    expect([heldIn(store), rig.queue.isIdle]).toEqual([0, true]);
  });

  it("[CHN15] what waits for long holds back no log", () => {
    const [rig, consumer] = ChannelRig.withConsumer({}, { store: open() });
    rig.publish("m1", "m2");
    rig.queue.finish(consumer, 1, rig.now);
    rig.proceed();
    rig.queue.requeue(consumer, 2, 0, rig.now);
    consumer.rdy = 0;
    rig.wait(2 * MINUTE);
    settle(rig);
    expect([rig.queue.savedLow, rig.counts().depth]).toEqual([3, 1]);
    consumer.rdy = 1;
    rig.proceed();
    expect(take(consumer)).toEqual(["1 m1", "2 m2", "2 m2 x2"]);
  });

  it("[CHN15] nothing that is held is lost when the clock is set back", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 9 }, { store: open() });
    rig.publish(draft("d1", T0 + 3 * HOUR), "m2");
    rig.wait(3 * HOUR);
    expect(take(consumer)).toEqual(["2 m2", "2 m2 x2", "1 d1"]);
    rig.now = T0;
    rig.queue.requeue(consumer, 2, HOUR, rig.now);
    rig.proceed();
    settle(rig);
    rig.crash();
    const next = rig.connect({ rdy: 9 });
    take(next);
    rig.wait(HOUR);
    expect(take(next)).toEqual(["1 d1 x3", "2 m2 x3"]);
  });

  it("[CHN15] a message whose body must be fetched from the topic is moved, too", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1_000 }, { store: open() });
    for (let i = 0; i < 10; i++) rig.publish(...Array(50).fill(large()));
    rig.queue.requeue(consumer, 1, HOUR, rig.now);
    for (let seq = 2; seq <= 500; seq++) rig.queue.finish(consumer, seq, rig.now);
    rig.proceed();
    settle(rig);
    expect([heldIn(rig.store), rig.queue.savedLow]).toEqual([1, 501]);
    expect(rig.lost).toEqual([]);
  });

  it("[CHN16] very many deferred messages move to the store, however soon they are due", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 }, { store: open() });
    for (let round = 0; round < 12; round++) {
      rig.publish(...Array.from({ length: 1_000 }, (_, i) => draft("d", T0 + 10_000 + i)));
    }
    expect(heldIn(rig.store)).toBeGreaterThan(1_000);
    expect(rig.counts()).toMatchObject({ depth: 0, deferred: 12_000 });
    const seqs: number[] = [];
    rig.wait(12_000);
    consumer.rdy = 2_000;
    for (let i = 0; i < 100; i++) {
      rig.proceed();
      for (const seq of takeSeqs(consumer)) {
        seqs.push(seq);
        rig.queue.finish(consumer, seq, rig.now);
      }
    }
    expect(seqs.length).toBe(12_000);
    expect(new Set(seqs).size).toBe(12_000);
    settle(rig);
    expect([heldIn(rig.store), rig.queue.isIdle, rig.queue.savedLow]).toEqual([0, true, 12_001]);
  });
});

describe("ChannelQueue that cannot deliver all it has", () => {
  /** Messages that were taken and are not finished, held ones left out. */
  function takenIn(rig: ChannelRig): number {
    const { depth, inFlight, deferred } = rig.queue.counts(rig.queue.cursor, rig.now);
    return depth + inFlight + deferred - heldIn(rig.store);
  }

  it("[CHN16] a consumer that requeues everything cannot fill the memory", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2_500 });
    for (let round = 0; round < 400; round++) {
      rig.publish(...Array.from({ length: 100 }, () => "m"));
      if (round % 20 === 0) for (const seq of takeSeqs(consumer)) rig.queue.requeue(consumer, seq, 0, rig.now);
    }
    expect(rig.log.end).toBeGreaterThan(40_000);
    expect(takenIn(rig)).toBeLessThanOrEqual(15_000);
    expect(rig.queue.cursor).toBeGreaterThan(9_000);
  });

  it("[CHN16] nor can it while the topic does not send the bodies again", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2_500 });
    rig.hasFrames = false;
    for (let round = 0; round < 30; round++) {
      rig.publish(...Array.from({ length: 1_000 }, () => large(2_000)));
      rig.proceed();
      for (const seq of takeSeqs(consumer)) rig.queue.requeue(consumer, seq, 0, rig.now);
    }
    expect(takenIn(rig)).toBeLessThanOrEqual(15_000);
  });

  it("[CHN16] nor can one that defers everything while the topic does not send the bodies again", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2_500 });
    rig.hasFrames = false;
    for (let round = 0; round < 30; round++) {
      rig.publish(...Array.from({ length: 1_000 }, () => large(2_000)));
      rig.proceed();
      for (const seq of takeSeqs(consumer)) rig.queue.requeue(consumer, seq, 30_000, rig.now);
    }
    expect(takenIn(rig)).toBeLessThanOrEqual(15_000);
  });
});
