import { describe, expect, it } from "vitest";
import { ChannelQueue } from "../../src/queue/channel-queue.ts";
import { decodeChannelState, encodeChannelState, idleState } from "../../src/queue/channel-state.ts";
import type { ChannelStore } from "../../src/queue/channel-store.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { ChannelRig, channelLimits, consumer as newConsumer, take } from "../helpers/channel.ts";
import { draft, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function sqliteStore(): SqliteChannelStore {
  const database = new Database();
  SqliteChannelStore.createTables(database);
  return new SqliteChannelStore(database);
}

/** What a new consumer with much room gets after a crash, with the consumers that are still connected. */
function takeAfterCrash(rig: ChannelRig, ...connected: Consumer[]): string[] {
  for (const survivor of rig.crash(...connected)) survivor.rdy = 0;
  return take(rig.connect({ rdy: 100 }));
}

describe("ChannelQueue that is saved", () => {
  it("[DUR2] it wants to be saved soon when something changed, and is content then", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.save();
    expect(rig.queue.saveNeed).toBe("none");
    const changes: [string, () => unknown][] = [
      ["a delivery", () => rig.publish("m1", "m2")],
      ["FIN", () => rig.queue.finish(consumer, 1, rig.now)],
      ["TOUCH", () => rig.queue.touch(consumer, 2, rig.now)],
      ["REQ 0", () => rig.queue.requeue(consumer, 2, 0, rig.now)],
    ];
    for (const [name, change] of changes) {
      change();
      expect(rig.queue.saveNeed, name).toBe("soon");
      rig.save();
      expect(rig.queue.saveNeed, name).toBe("none");
    }
  });

  it("[DUR2] a message that timed out, or whose owner left, is saved soon", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1");
    rig.save();
    rig.queue.disconnect(consumer);
    expect(rig.queue.saveNeed).toBe("soon");
    rig.save();
    rig.wait(MINUTE);
    expect(rig.queue.saveNeed).toBe("soon");
  });

  it("[DUR2] what changes nothing is not saved", () => {
    const [rig, consumer] = ChannelRig.withConsumer();
    rig.publish("m1");
    rig.save();
    rig.queue.finish(consumer, 9, rig.now);
    rig.queue.touch(consumer, 9, rig.now);
    rig.proceed();
    rig.connect({ rdy: 0 });
    rig.counts();
    expect(rig.queue.saveNeed).toBe("none");
  });

  it("[DUR2] after sync-every finishes it wants to be saved now", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 100 }, { limits: { syncEvery: 3 } });
    rig.publish(..."abcdefg");
    const needs = [1, 2, 3].map((seq) => {
      rig.queue.finish(consumer, seq, rig.now);
      return rig.queue.saveNeed;
    });
    rig.save();
    rig.queue.finish(consumer, 4, rig.now);
    expect([...needs, rig.queue.saveNeed]).toEqual(["soon", "soon", "now", "soon"]);
  });

  it("[DUR2] what was saved as finished is not delivered again, what was finished later is", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 100 });
    rig.publish("m1", "m2", "m3");
    for (const seq of [1, 3]) rig.queue.finish(consumer, seq, rig.now);
    rig.save();
    rig.queue.finish(consumer, 2, rig.now);
    expect(takeAfterCrash(rig)).toEqual(["2 m2 x2"]);
  });

  it("[DUR2] the log is needed from the first message on that is not saved as finished", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 100 });
    rig.publish("m1", "m2", "m3", "m4");
    rig.save();
    expect(rig.queue.savedLow).toBe(1);
    for (const seq of [1, 2, 4]) rig.queue.finish(consumer, seq, rig.now);
    expect(rig.queue.savedLow).toBe(1);
    rig.save();
    expect(rig.queue.savedLow).toBe(3);
    rig.queue.finish(consumer, 3, rig.now);
    rig.save();
    expect(rig.queue.savedLow).toBe(5);
    rig.crash();
    expect(rig.queue.savedLow).toBe(5);
  });

  it("[DUR3] a redelivery, a deferral, a pause and an emptying are to be saved now", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 });
    rig.publish("m1", "m2");
    rig.save();
    const { queue } = rig;
    const changes: [string, () => unknown][] = [
      ["redelivery", () => queue.requeue(consumer, 1, 0, rig.now) && queue.dispatch(rig.now)],
      ["REQ with a delay", () => queue.requeue(consumer, 2, 1, rig.now)],
      ["pause", () => queue.setPaused(true)],
      ["unpause", () => queue.setPaused(false)],
      ["empty", () => queue.empty(rig.log.fanout)],
    ];
    for (const [name, change] of changes) {
      change();
      expect(queue.saveNeed, name).toBe("now");
      // What is to be saved soon does not put it off.
      queue.disconnect(consumer);
      expect(queue.saveNeed, name).toBe("now");
      rig.save();
    }
  });

  it("[DUR3] a message that is put aside when it is taken is to be saved now", () => {
    const rig = new ChannelRig();
    rig.publish(draft("d1", T0 + HOUR), "m2");
    const connected = newConsumer({ rdy: 9 });
    rig.queue.connect(connected);
    rig.queue.fetched(rig.log.read(1, 1e6), rig.log.fanout, true);
    rig.queue.dispatch(rig.now);
    expect([take(connected), rig.queue.saveNeed]).toEqual([["2 m2"], "now"]);
  });
});

describe.each([
  { name: "memory", open: () => new MemoryChannelStore() as ChannelStore },
  { name: "SQLite", open: () => sqliteStore() as ChannelStore },
])("ChannelQueue that is restored from $name", ({ open }) => {
  it("[DUR5] after a crash messages in flight come back at once, with their attempts", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 }, { store: open() });
    rig.publish("m1", "m2", "m3", "m4");
    rig.queue.requeue(consumer, 2, 0, rig.now);
    rig.queue.finish(consumer, 3, rig.now);
    rig.proceed();
    rig.queue.finish(consumer, 4, rig.now);
    rig.proceed();
    rig.save();
    expect(take(consumer)).toEqual(["1 m1", "2 m2", "3 m3", "4 m4", "2 m2 x2"]);
    expect(takeAfterCrash(rig)).toEqual(["1 m1 x2", "2 m2 x3"]);
  });

  it("[DUR5] what was delivered after the last save comes again as a first delivery", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 }, { store: open() });
    rig.publish("m1");
    rig.save();
    rig.publish("m2", "m3");
    rig.queue.finish(consumer, 2, rig.now);
    expect(takeAfterCrash(rig)).toEqual(["1 m1 x2", "2 m2", "3 m3"]);
  });

  it("[DUR4] a consumer that is still connected keeps its messages, with their deadlines", () => {
    const [rig, before] = ChannelRig.withConsumer({ rdy: 2 }, { store: open() });
    rig.publish("m1", "m2", "m3");
    rig.wait(1_000);
    rig.queue.touch(before, 2, rig.now);
    rig.save();
    const [after] = rig.crash(before) as [Consumer];
    expect([after.inFlight, take(after), rig.counts().inFlight]).toEqual([2, [], 2]);
    expect(after.state).toEqual(before.state);
    expect(rig.queue.finish(after, 1, rig.now)).toBe("done");
    rig.proceed();
    expect(take(after)).toEqual(["3 m3"]);
    rig.queue.finish(after, 3, rig.now);
    after.rdy = 1;
    rig.wait(MINUTE - 1);
    expect(take(after)).toEqual([]);
    rig.wait(1);
    expect(take(after)).toEqual(["2 m2 x2"]);
  });

  it("[DUR4] TOUCH still counts from the delivery", () => {
    const limits = { maxMsgTimeoutMs: 90_000 };
    const [rig, before] = ChannelRig.withConsumer({}, { store: open(), limits });
    rig.publish("m1");
    rig.save();
    const [after] = rig.crash(before) as [Consumer];
    rig.wait(50_000);
    rig.queue.touch(after, 1, rig.now);
    rig.wait(39_999);
    expect(take(after)).toEqual([]);
    rig.wait(1);
    expect(take(after)).toEqual(["1 m1 x2"]);
  });

  it("[CHN11] the messages of a consumer that left before the save keep their deadlines", () => {
    const [rig, leaving] = ChannelRig.withConsumer({}, { store: open() });
    rig.publish("m1");
    rig.queue.disconnect(leaving);
    rig.save();
    rig.wait(MINUTE / 2);
    rig.crash();
    const next = rig.connect({ rdy: 9 });
    expect([take(next), rig.counts().inFlight, rig.queue.finish(next, 1, rig.now)]).toEqual([[], 1, "not-owner"]);
    rig.save();
    rig.crash();
    const last = rig.connect({ rdy: 9 });
    rig.wait(MINUTE / 2);
    expect(take(last)).toEqual(["1 m1 x2"]);
  });

  it("[DUR5] the messages of a consumer that left after the save come back at once", () => {
    const [rig, leaving] = ChannelRig.withConsumer({}, { store: open() });
    rig.publish("m1");
    rig.save();
    rig.queue.disconnect(leaving);
    expect(takeAfterCrash(rig)).toEqual(["1 m1 x2"]);
  });

  it("[CHN10] a deferred message is not early after a crash, and not lost", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 4 }, { store: open() });
    rig.publish(draft("d1", T0 + 30_000), draft("d2", T0 + HOUR), "m3", "m4");
    rig.queue.requeue(consumer, 3, 40_000, rig.now);
    rig.queue.requeue(consumer, 4, 2 * HOUR, rig.now);
    rig.proceed();
    expect(takeAfterCrash(rig)).toEqual([]);
    const [next] = [...rig.queue.consumers] as [Consumer];
    for (const [ms, delivered] of [
      [29_999, []],
      [1, ["1 d1"]],
      [9_999, []],
      [1, ["3 m3 x2"]],
      [HOUR - 40_001, []],
      [1, ["2 d2"]],
      [HOUR - 1, []],
      [1, ["4 m4 x2"]],
    ] as const) {
      rig.wait(ms);
      expect(take(next), `at ${rig.now - T0} ms`).toEqual(delivered);
      for (const text of delivered) rig.queue.finish(next, Number.parseInt(text, 10), rig.now);
    }
  });

  it("[DUR3] a pause and an emptying outlive a crash", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 2 }, { store: open() });
    rig.publish("m1", draft("d2", T0 + HOUR), "m3");
    rig.queue.requeue(consumer, 1, 2 * HOUR, rig.now);
    rig.queue.setPaused(true);
    rig.proceed();
    rig.crash();
    expect(rig.counts()).toMatchObject({ isPaused: true, deferred: 2, depth: 1, requeueCount: 1 });
    rig.queue.empty(rig.log.fanout);
    rig.queue.setPaused(false);
    rig.proceed();
    rig.wait(3 * HOUR);
    expect(takeAfterCrash(rig)).toEqual([]);
    expect(rig.counts()).toMatchObject({ isPaused: false, deferred: 0, depth: 0, requeueCount: 1, messageCount: 3 });
  });

  it("[DUR2] a held message that was finished does not come back after the next save, but may before it", () => {
    const [rig, consumer] = ChannelRig.withConsumer({}, { store: open() });
    rig.publish(draft("d1", T0 + HOUR));
    rig.save();
    rig.wait(HOUR);
    rig.queue.finish(consumer, 1, rig.now);
    expect(takeAfterCrash(rig)).toEqual(["1 d1"]);
    const [next] = [...rig.queue.consumers] as [Consumer];
    rig.queue.finish(next, 1, rig.now);
    rig.save();
    expect(takeAfterCrash(rig)).toEqual([]);
  });

  it("[CHN1] a message unfinished for long is in one place only, also after a crash", () => {
    const [rig, before] = ChannelRig.withConsumer({ msgTimeoutMs: 10 * MINUTE }, { store: open() });
    rig.publish("m1", "m2");
    rig.wait(2 * MINUTE);
    rig.save();
    const [after] = rig.crash(before) as [Consumer];
    const other = rig.connect({ rdy: 1 });
    expect([take(after), take(other)]).toEqual([[], ["2 m2"]]);
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 2, deferred: 0, messageCount: 2 });
    rig.queue.finish(after, 1, rig.now);
    rig.queue.finish(other, 2, rig.now);
    rig.save();
    expect(takeAfterCrash(rig)).toEqual([]);
    expect(rig.queue.isIdle).toBe(true);
  });

  it("[CHN3] attempts of a message unfinished for long do not fall with a crash", () => {
    const [rig, consumer] = ChannelRig.withConsumer({}, { store: open() });
    rig.publish("m1");
    for (let i = 0; i < 4; i++) {
      rig.wait(MINUTE);
      rig.save();
    }
    expect(take(consumer).at(-1)).toBe("1 m1 x5");
    expect(takeAfterCrash(rig)).toEqual(["1 m1 x6"]);
  });

  it("[CHN3] attempts never fall, whatever is lost of what was not saved", () => {
    const [rig] = ChannelRig.withConsumer({}, { store: open() });
    rig.publish("m1");
    rig.save();
    const attempts = [3, 4, 5, 6].map(() => takeAfterCrash(rig)[0]);
    expect(attempts).toEqual(["1 m1 x2", "1 m1 x3", "1 m1 x4", "1 m1 x5"]);
  });

  it("[CHN7] what waited still waits after a crash, in its order, before what is new", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 3 }, { store: open() });
    rig.publish("m1", "m2", "m3", "m4");
    consumer.rdy = 0;
    for (const seq of [3, 1]) rig.queue.requeue(consumer, seq, 0, rig.now);
    rig.save();
    expect(takeAfterCrash(rig)).toEqual(["3 m3 x2", "1 m1 x2", "2 m2 x2", "4 m4"]);
  });

  it("[DUR1] a crash loses no message that was not yet delivered", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 }, { store: open() });
    rig.publish("m1", "m2", "m3");
    rig.save();
    rig.publish("m4");
    rig.queue.finish(consumer, 1, rig.now);
    rig.proceed();
    rig.save();
    expect(takeAfterCrash(rig)).toEqual(["2 m2 x2", "3 m3", "4 m4"]);
  });

  it("[DUR2] a new life of a channel begins with nothing of the old one", () => {
    const store = open();
    const [old, consumer] = ChannelRig.withConsumer({ rdy: 1 }, { store });
    old.publish("m1", draft("d2", T0 + HOUR), draft("d3", T0 + HOUR));
    old.queue.requeue(consumer, 1, 2 * HOUR, old.now);
    old.proceed();
    const fresh = ChannelQueue.create({ id: 2, start: 100 }, store, channelLimits(), () => 0);
    expect(fresh.saveNeed).toBe("soon");
    const counts = {
      depth: 0,
      inFlight: 0,
      deferred: 0,
      deferredAhead: 0,
      messageCount: 0,
      requeueCount: 0,
      timeoutCount: 0,
    };
    expect(fresh.counts(100, T0 + 3 * HOUR)).toEqual({ ...counts, isPaused: false });
    fresh.save(T0 + 3 * HOUR);
    const idle = { life: fresh.life, cursor: 100, requeueCount: 0, timeoutCount: 0 };
    expect(decodeChannelState(store.load() as Uint8Array)).toEqual(idleState(idle));
  });

  it("[DUR4] a channel that was idle goes on from its cursor, with its counts", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 }, { store: open() });
    rig.publish("m1", "m2", "m3");
    rig.queue.requeue(consumer, 1, 0, rig.now);
    rig.proceed();
    expect(rig.queue.isIdle).toBe(false);
    for (const seq of [2, 3, 1]) rig.queue.finish(consumer, seq, rig.now) === "done" && rig.proceed();
    const { idleState: idle } = rig.queue;
    expect([rig.queue.isIdle, idle]).toEqual([
      true,
      { life: rig.queue.life, cursor: 4, requeueCount: 1, timeoutCount: 0 },
    ]);
    rig.publish("m4");
    rig.store.save(() => encodeChannelState(idleState(idle), rig.now));
    expect(takeAfterCrash(rig)).toEqual(["4 m4"]);
    expect(rig.counts()).toMatchObject({ messageCount: 4, requeueCount: 1 });
  });
});
