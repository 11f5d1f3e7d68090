// What an operator does with single messages.

import { describe, expect, it } from "vitest";
import type { ChannelStore } from "../../src/queue/channel-store.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { ChannelRig, take } from "../helpers/channel.ts";
import { draft, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const HOUR = 60 * 60_000;

function sqliteStore(): ChannelStore {
  const database = new Database();
  SqliteChannelStore.createTables(database);
  return new SqliteChannelStore(database);
}

describe("an operator", () => {
  it("[CHN22] finishes a message in flight: its consumer has room again, and can no longer answer it", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 });
    rig.publish("m1", "m2");
    expect(take(consumer)).toEqual(["1 m1"]);
    expect(rig.intervene("finish", 1)).toBe("done");
    expect(take(consumer)).toEqual(["2 m2"]);
    expect(rig.queue.finish(consumer, 1, rig.now)).toBe("not-in-flight");
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 1, requeueCount: 0, timeoutCount: 0 });
  });

  it("[CHN22] requeues a message in flight: it goes to the tail, and its attempts go on", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 });
    rig.publish("m1", "m2");
    take(consumer);
    rig.intervene("requeue", 1);
    expect(take(consumer)).toEqual(["2 m2"]);
    rig.queue.finish(consumer, 2, rig.now);
    rig.proceed();
    expect(take(consumer)).toEqual(["1 m1 x2"]);
  });

  it("[CHN22] finishes messages that were never taken: they are passed by, wherever they lie", () => {
    const rig = new ChannelRig();
    rig.publish(..."abcdefgh");
    for (const seq of [1, 2, 4, 8]) expect(rig.intervene("finish", seq)).toBe("done");
    expect(rig.counts()).toMatchObject({ depth: 4, messageCount: 8 });
    expect(take(rig.connect({ rdy: 100 }))).toEqual(["3 c", "5 e", "6 f", "7 g"]);
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 4 });
  });

  it("[CHN22] a message that nobody took is finished once: the log before it is free without a consumer", () => {
    const rig = new ChannelRig();
    rig.publish("m1", "m2", "m3");
    rig.intervene("finish", 2);
    expect([rig.log.free, rig.queue.isIdle]).toEqual([1, false]);
    rig.intervene("finish", 1);
    expect(rig.log.free).toBe(3);
    expect([rig.intervene("finish", 1), rig.intervene("finish", 2)]).toEqual(["no-message", "no-message"]);
    rig.intervene("finish", 3);
    expect([rig.log.free, rig.counts().depth, rig.queue.isIdle]).toEqual([4, 0, true]);
  });

  it("[CHN22] puts a message that was never taken at the tail", () => {
    const rig = new ChannelRig();
    rig.publish("m1", "m2", "m3");
    rig.intervene("requeue", 1);
    rig.intervene("requeue", 3);
    expect(rig.counts().depth).toBe(3);
    expect(take(rig.connect({ rdy: 9 }))).toEqual(["2 m2", "1 m1", "3 m3"]);
  });

  it("[CHN22] releases a message that the log defers, and cancels another, before any consumer came", () => {
    const rig = new ChannelRig();
    rig.publish(draft("d1", T0 + HOUR), draft("d2", T0 + HOUR), draft("d3", T0 + HOUR), "m4");
    expect(rig.intervene("requeue", 1, T0 + HOUR)).toBe("done");
    expect(rig.intervene("finish", 3, T0 + HOUR)).toBe("done");
    expect(rig.counts()).toMatchObject({ depth: 2, deferred: 1 });
    const consumer = rig.connect({ rdy: 9 });
    expect(take(consumer)).toEqual(["4 m4", "1 d1"]);
    expect(rig.counts()).toMatchObject({ depth: 0, deferred: 1, inFlight: 2 });
    rig.wait(HOUR);
    expect(take(consumer)).toContain("2 d2");
  });

  it("[CHN22] what it did to messages ahead of their turn counts right when their time comes", () => {
    const rig = new ChannelRig();
    rig.publish(draft("d1", T0 + HOUR), "m2", draft("d3", T0 + HOUR));
    rig.intervene("finish", 3, T0 + HOUR);
    rig.now += 2 * HOUR;
    expect(rig.counts()).toMatchObject({ depth: 2, deferred: 0 });
  });

  describe.each([
    { name: "memory", open: () => new MemoryChannelStore() as ChannelStore },
    { name: "SQLite", open: sqliteStore },
  ])("of a channel in $name", ({ open }) => {
    /** A channel that holds two messages, deferred for hours, itself. */
    function holding(): ChannelRig {
      const rig = new ChannelRig({ store: open() });
      const consumer = rig.connect({ rdy: 9 });
      rig.publish("m1", "m2");
      for (const seq of [1, 2]) rig.queue.requeue(consumer, seq, seq * HOUR, rig.now);
      rig.save();
      take(consumer);
      expect(rig.store.held.count({ due: 0, seq: 0 })).toBe(2);
      expect(rig.log.free).toBe(3);
      return rig;
    }

    it("[CHN22] cancels a message that the channel holds itself", () => {
      const rig = holding();
      expect(rig.intervene("finish", 1)).toBe("no-message"); // when it falls due must be said
      expect(rig.intervene("finish", 1, T0 + HOUR)).toBe("done");
      expect(rig.counts()).toMatchObject({ depth: 0, deferred: 1 });
      expect(rig.store.held.count({ due: 0, seq: 0 })).toBe(1);
      rig.wait(3 * HOUR);
      expect([...rig.queue.consumers].flatMap(take)).toEqual(["2 m2 x2"]);
    });

    it("[CHN22] releases a message that the channel holds itself; it is delivered once", () => {
      const rig = holding();
      const [consumer] = rig.queue.consumers;
      if (!consumer) throw new Error("there is a consumer");
      expect(rig.intervene("requeue", 2, T0 + 2 * HOUR)).toBe("done");
      expect(take(consumer)).toEqual(["2 m2 x2"]);
      expect(rig.queue.finish(consumer, 2, rig.now)).toBe("done");
      rig.save();
      expect(rig.store.held.count({ due: 0, seq: 0 })).toBe(1);
      rig.wait(3 * HOUR);
      expect(take(consumer)).toEqual(["1 m1 x2"]);
    });

    it("[CHN22] a crash right afterwards forgets nothing of it", () => {
      const rig = holding();
      rig.publish("m3", "m4", "m5");
      for (const consumer of rig.queue.consumers) consumer.rdy = 0;
      rig.crash();
      rig.publish(draft("d6", T0 + HOUR), "m7");
      rig.intervene("requeue", 2, T0 + 2 * HOUR);
      rig.crash();
      rig.intervene("finish", 1, T0 + HOUR);
      rig.crash();
      rig.intervene("finish", 4);
      rig.crash();
      rig.intervene("requeue", 6, T0 + HOUR);
      rig.crash();
      expect(rig.counts()).toMatchObject({ depth: 5, deferred: 0 });
      expect(take(rig.connect({ rdy: 100 })).sort()).toEqual(["2 m2 x2", "3 m3", "5 m5", "6 d6", "7 m7"]);
    });
  });

  it("[CHN22] what was done is to be saved at once, and what was not found is not to be saved", () => {
    const rig = new ChannelRig();
    rig.publish("m1", "m2");
    rig.save();
    const act = (seq: number) => rig.queue.intervene("finish", { seq, due: null, dueInLog: 0 }, 3, rig.now);
    expect([act(9), rig.queue.saveNeed]).toEqual(["no-message", "none"]);
    expect([act(2), rig.queue.saveNeed]).toEqual(["done", "now"]);
  });

  it("[CHN22] messages that are not the channel's are not found, and nothing of it is", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 1 });
    rig.publish("m1");
    rig.queue.finish(consumer, 1, rig.now);
    rig.publish("m2");
    for (const seq of [0, 1, 3, 2 ** 40]) expect(rig.intervene("requeue", seq), `${seq}`).toBe("no-message");
    expect(rig.counts()).toMatchObject({ depth: 0, inFlight: 1 });
  });

  it("[CHN22] may not add to what waits when that is very much", () => {
    const [rig, consumer] = ChannelRig.withConsumer({ rdy: 20_000 });
    rig.publish(...Array.from({ length: 10_002 }, (_, i) => `m${i + 1}`));
    consumer.rdy = 0;
    for (let seq = 1; seq <= 10_001; seq++) rig.queue.requeue(consumer, seq, 0, rig.now);
    expect(rig.intervene("requeue", 10_002)).toBe("too-many");
    expect(rig.counts()).toMatchObject({ depth: 10_001, inFlight: 1 });
    expect(rig.intervene("finish", 1)).toBe("done");
    expect(rig.intervene("requeue", 10_002)).toBe("done");
  });

  it("[CHN22] may deal with 5,000 messages ahead of their turn; then consumers must catch up", () => {
    const rig = new ChannelRig();
    rig.publish(...Array.from({ length: 5_002 }, (_, i) => `m${i + 1}`));
    for (let seq = 2; seq <= 5_001; seq++)
      rig.queue.intervene("finish", { seq, due: null, dueInLog: 0 }, 5_003, rig.now);
    expect(rig.counts().depth).toBe(2);
    expect(rig.intervene("finish", 5_002)).toBe("too-many");
    expect(take(rig.connect({ rdy: 9 }))).toEqual(["1 m1", "5002 m5002"]);
    expect(rig.intervene("finish", 5_002)).toBe("done");
  });
});
