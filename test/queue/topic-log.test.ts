import { describe, expect, it } from "vitest";
import type { LogStore } from "../../src/queue/log-store.ts";
import { type TopicLimits, TopicLog, type TopicState } from "../../src/queue/topic-log.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { SqliteLogStore } from "../../src/storage/sqlite-log-store.ts";
import { topicLimits, topicState } from "../helpers/channel.ts";
import { contentOf, type Draft, draft, segmentsOf, T0, textsOf } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const ALL = 1e9;

function sqliteStore(database = new Database()): SqliteLogStore {
  SqliteLogStore.createTables(database);
  return new SqliteLogStore(database);
}

function topicOn(store: LogStore, state: Partial<TopicState> = {}, limits: Partial<TopicLimits> = {}): TopicLog {
  return new TopicLog(store, topicState(state), topicLimits(limits));
}

function publish(log: TopicLog, ...drafts: (string | Draft)[]): void {
  log.append(segmentsOf(drafts), T0);
}

/** What a channel gets that reads everything from its first message on. */
function readBy(log: TopicLog, channel: string, maxBytes = ALL): string[] {
  const content: string[] = [];
  for (let seq = log.channelLife(channel).start; seq < log.fanout; ) {
    const batches = log.read(seq, maxBytes);
    const last = batches.at(-1);
    if (!last || last.first + last.count <= seq) throw new Error(`there is nothing to read at ${seq}`);
    content.push(...contentOf(batches));
    seq = last.first + last.count;
  }
  return content;
}

function framesOf(log: TopicLog, seqs: readonly number[], maxBytes = ALL): (string | null)[] {
  return log.frames(seqs, maxBytes).map((frame) => frame && (textsOf([frame])[0] as string));
}

describe.each([
  { name: "memory", open: () => new MemoryLogStore() as LogStore },
  { name: "SQLite", open: () => sqliteStore() as LogStore },
])("TopicLog in $name", ({ open }) => {
  it("[LOG1] messages get the next seqs, however many are stored at a time", () => {
    const log = topicOn(open(), { start: 100, fanout: 100 });
    log.addChannel("ch");
    publish(log, "a");
    publish(log, "b", "c");
    expect([log.end, log.messageCount, log.messageBytes]).toEqual([103, 3, 3]);
    expect(readBy(log, "ch")).toEqual(["100 a", "101 b", "102 c"]);
  });

  it("[LOG1] messages stored together lie in one row; a large publish in several of about 1 MB", () => {
    const store = open();
    const log = topicOn(store);
    log.addChannel("ch");
    publish(log, "a", "b", "c");
    expect(store.read(1, ALL).map(({ count }) => count)).toEqual([3]);
    publish(log, ...Array.from({ length: 50 }, () => draft(new Uint8Array(100_000))));
    expect(store.read(4, ALL).map(({ count }) => count)).toEqual([9, 9, 9, 9, 9, 5]);
    expect([log.end, log.messageCount, log.messageBytes]).toEqual([54, 53, 5_000_003]);
  });

  it("[LOG1] a publish that cannot be stored leaves everything as it was", () => {
    const store = open();
    const log = topicOn(store);
    log.addChannel("ch");
    publish(log, "a");
    const { append } = store;
    store.append = () => {
      throw new Error("disk is full");
    };
    expect(() => publish(log, "b")).toThrow("disk is full");
    store.append = append;
    expect([log.end, log.messageCount, log.messageBytes]).toEqual([2, 1, 1]);
    publish(log, "c");
    expect(readBy(log, "ch")).toEqual(["1 a", "2 c"]);
  });

  it("[LOG1] nothing to store stores nothing", () => {
    const log = topicOn(open());
    publish(log);
    expect([log.end, log.messageCount]).toEqual([1, 0]);
  });

  it("[LOG2] without a channel messages wait at the topic", () => {
    const log = topicOn(open());
    publish(log, "a", "b");
    expect([log.depth, log.fanout, log.end]).toEqual([2, 1, 3]);
  });

  it("[LOG2] with a channel and not paused everything is fanned out at once", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    expect([log.depth, log.fanout]).toEqual([0, 2]);
    publish(log, "b");
    expect([log.depth, log.fanout, readBy(log, "ch")]).toEqual([0, 3, ["1 a", "2 b"]]);
  });

  it("[LOG2] what was not fanned out is read by nobody", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    log.setPaused(true);
    publish(log, "b");
    expect([readBy(log, "ch"), log.read(2, ALL), log.readRecent(2, ALL)]).toEqual([["1 a"], [], []]);
    expect(framesOf(log, [1, 2])).toEqual(["1 a", null]);
  });

  it("[LOG3] the first channel inherits what waits, a later one has only what comes after it", () => {
    const log = topicOn(open());
    publish(log, "a", "b");
    expect(log.addChannel("first")).toBe(true);
    publish(log, "c");
    expect(log.addChannel("later")).toBe(true);
    publish(log, "d");
    expect(readBy(log, "first")).toEqual(["1 a", "2 b", "3 c", "4 d"]);
    expect(readBy(log, "later")).toEqual(["4 d"]);
    expect([log.channelNames, log.depth]).toEqual([["first", "later"], 0]);
  });

  it("[LOG3] a channel that exists is not added a second time", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    expect(log.addChannel("ch")).toBe(false);
    expect(readBy(log, "ch")).toEqual(["1 a"]);
  });

  it("[LOG3] channels that are added while the topic is paused both get what waits", () => {
    const log = topicOn(open());
    log.setPaused(true);
    publish(log, "a");
    log.addChannel("one");
    log.addChannel("two");
    expect([log.depth, readBy(log, "one")]).toEqual([1, []]);
    log.setPaused(false);
    expect([log.depth, readBy(log, "one"), readBy(log, "two")]).toEqual([0, ["1 a"], ["1 a"]]);
  });

  it("[LOG4] without its last channel a topic keeps what is published from then on", () => {
    const log = topicOn(open());
    log.addChannel("one");
    log.addChannel("two");
    publish(log, "a");
    log.removeChannel("one");
    publish(log, "b");
    expect(log.depth).toBe(0);
    log.removeChannel("two");
    publish(log, "c", "d");
    expect([log.depth, log.channelNames, log.hasChannel("two")]).toEqual([2, [], false]);
    log.addChannel("two");
    expect([log.depth, readBy(log, "two")]).toEqual([0, ["3 c", "4 d"]]);
  });

  it("[LOG4] what waited at a paused topic still waits without its last channel", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    log.setPaused(true);
    publish(log, "a");
    log.removeChannel("ch");
    log.setPaused(false);
    publish(log, "b");
    expect(log.depth).toBe(2);
    log.addChannel("heir");
    expect(readBy(log, "heir")).toEqual(["1 a", "2 b"]);
  });

  it("[LOG4] removing a channel that does not exist changes nothing", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    log.removeChannel("other");
    publish(log, "a");
    expect([log.depth, readBy(log, "ch")]).toEqual([0, ["1 a"]]);
  });

  it("[LOG5] pausing holds the fan-out, unpausing hands on all that waited", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    for (const isPaused of [true, true]) log.setPaused(isPaused);
    publish(log, "b", "c");
    expect([log.isPaused, log.depth, readBy(log, "ch")]).toEqual([true, 2, ["1 a"]]);
    log.setPaused(false);
    expect([log.isPaused, log.depth, readBy(log, "ch")]).toEqual([false, 0, ["1 a", "2 b", "3 c"]]);
  });

  it("[LOG5] a paused topic without channels does not hand on when it is unpaused", () => {
    const log = topicOn(open());
    log.setPaused(true);
    publish(log, "a");
    log.setPaused(false);
    expect(log.depth).toBe(1);
  });

  it("[LOG6] emptying drops what waits at the topic and nothing that was fanned out", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    log.setPaused(true);
    publish(log, "b", "c");
    log.empty();
    expect([log.depth, log.messageCount]).toEqual([0, 3]);
    publish(log, "d");
    log.setPaused(false);
    publish(log, "e");
    expect(readBy(log, "ch")).toEqual(["1 a", "2-3", "4 d", "5 e"]);
    expect(framesOf(log, [1, 2, 3, 4])).toEqual(["1 a", null, null, "4 d"]);
  });

  it("[LOG6] emptying a topic without channels drops it all: a channel to come has only what comes after", () => {
    const log = topicOn(open());
    publish(log, "a", "b");
    log.empty();
    publish(log, "c");
    expect([log.depth, log.messageCount]).toEqual([1, 3]);
    log.addChannel("ch");
    expect([readBy(log, "ch"), log.droppedOf("ch"), log.countDropped(1)]).toEqual([["3 c"], 0, 0]);
  });

  it("[LOG6] emptying a topic at which nothing waits changes nothing", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    const before = log.state;
    log.empty();
    expect([log.state, readBy(log, "ch")]).toEqual([before, ["1 a"]]);
  });

  it("[LOG6] dropped messages count in no channel, those that have passed them and those that have not", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    log.setPaused(true);
    publish(log, "a", "b", "c");
    log.empty();
    publish(log, "d");
    log.addChannel("later");
    log.setPaused(false);
    expect([log.droppedOf("ch"), log.droppedOf("later")]).toEqual([3, 0]);
    expect([0, 1, 2, 4, 5].map((seq) => log.countDropped(seq))).toEqual([3, 3, 2, 0, 0]);
  });

  it("[LOG6] deferred messages that were dropped are not counted as deferred", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    log.setPaused(true);
    publish(log, draft("a", T0 + 9), draft("b", T0 + 9));
    log.empty();
    publish(log, draft("c", T0 + 9), "d");
    log.setPaused(false);
    expect(log.deferred(1, log.fanout, T0).count).toBe(1);
  });

  it("[LOG6] several emptyings leave the parts between them", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    for (const round of ["a", "b", "c"]) {
      publish(log, `${round} kept`);
      log.setPaused(true);
      publish(log, `${round} dropped`, `${round} dropped`);
      log.empty();
      log.setPaused(false);
    }
    expect(readBy(log, "ch")).toEqual(["1 a kept", "2-3", "4 b kept", "5-6", "7 c kept", "8-9"]);
    expect([2, 3, 4, 8, 9, 10].map((seq) => contentOf(log.read(seq, 0))[0])).toEqual([
      "2-3",
      "3-3",
      "4 b kept",
      "8-9",
      "9-9",
      undefined,
    ]);
  });

  it("[LOG6] what must be known of dropped messages does not grow for ever once all channels have passed them", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    for (let round = 0; round < 100; round++) {
      log.setPaused(true);
      publish(log, "a");
      log.empty();
      log.setPaused(false);
      log.report("ch", log.fanout);
    }
    expect(log.state.dropped.length).toBeLessThanOrEqual(2);
    expect(log.droppedOf("ch")).toBe(100);
  });

  it("[LOG7] what a channel has not reported as finished is needed", () => {
    const log = topicOn(open());
    log.addChannel("one");
    log.addChannel("two");
    publish(log, "a", "b", "c");
    expect(log.free).toBe(1);
    log.report("one", 3);
    log.report("two", 2);
    expect(log.free).toBe(2);
    log.report("two", 1);
    expect(log.free).toBe(2);
    log.report("nobody", 1);
    log.removeChannel("two");
    expect(log.free).toBe(3);
  });

  it("[LOG7] what waits at the topic is needed", () => {
    const log = topicOn(open());
    publish(log, "a");
    expect(log.free).toBe(1);
    log.addChannel("ch");
    log.report("ch", 2);
    log.setPaused(true);
    publish(log, "b");
    expect(log.free).toBe(2);
    log.empty();
    expect(log.free).toBe(2);
    log.report("ch", 3);
    expect(log.free).toBe(3);
  });

  it("[LOG7] what is needed is still there after much was published and trimmed", () => {
    const log = topicOn(open());
    log.addChannel("slow");
    log.addChannel("fast");
    for (let seq = 1; seq <= 500; seq++) {
      publish(log, `m${seq}`);
      log.report("fast", log.fanout);
      log.report("slow", Math.floor(seq / 2));
      if (seq % 50 === 0) while (log.trim());
    }
    expect(contentOf(log.read(250, ALL))).toEqual(Array.from({ length: 251 }, (_, i) => `${250 + i} m${250 + i}`));
  });

  it("[LOG8] a topic that stores more than max-topic-bytes is full, until what was finished is trimmed", () => {
    const log = topicOn(open(), {}, { maxTopicBytes: 1_000_000 });
    log.addChannel("ch");
    for (let i = 0; i < 10; i++) {
      expect(log.isFull).toBe(false);
      publish(log, draft(new Uint8Array(100_000)));
    }
    publish(log, draft(new Uint8Array(100_000)));
    expect(log.isFull).toBe(true);
    log.report("ch", log.end);
    while (log.trim());
    for (let i = 0; i < 20; i++) publish(log, "small");
    while (log.trim());
    expect(log.isFull).toBe(false);
  });

  it("[LOG8] small messages fill a topic, too: what surrounds a body counts", () => {
    const log = topicOn(open(), {}, { maxTopicBytes: 10_000 });
    log.addChannel("ch");
    for (let i = 0; i < 1_000 && !log.isFull; i++) publish(log, "");
    expect(log.end).toBeGreaterThan(200);
    expect(log.end).toBeLessThan(400);
  });

  it("[LOG8] a topic that has published much over its life is not full of what is gone", () => {
    const log = topicOn(open(), {}, { maxTopicBytes: 50_000 });
    log.addChannel("ch");
    for (let i = 0; i < 500; i++) {
      expect(log.isFull).toBe(false);
      publish(log, draft(new Uint8Array(1_000)));
      log.report("ch", log.end);
    }
    expect(log.messageBytes).toBe(500_000);
  });

  it("[LOG10] deferred messages are counted from a seq on, while they are deferred and fanned out", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a", draft("b", T0 + 10), draft("c", T0 + 20), "d");
    publish(log, "e");
    publish(log, draft("f", T0 + 10));
    const counts = [1, 3, 4, 7].map((seq) => [0, 10, 20].map((ms) => log.deferred(seq, log.fanout, T0 + ms).count));
    expect(counts).toEqual([
      [3, 1, 0],
      [2, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]);
    const next = [0, 10, 20].map((ms) => log.deferred(1, log.fanout, T0 + ms).nextDue);
    expect(next).toEqual([T0 + 10, T0 + 20, Number.POSITIVE_INFINITY]);
    log.setPaused(true);
    publish(log, draft("g", T0 + 10));
    expect(log.deferred(1, log.fanout, T0).count).toBe(3);
    log.setPaused(false);
    expect(log.deferred(1, log.fanout, T0).count).toBe(4);
  });

  it("[LOG10] the frame of a single message is that of its first delivery, deferred or not", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a", draft("b", T0 + 10));
    publish(log, "c");
    expect(framesOf(log, [3, 1, 2])).toEqual(["3 c", "1 a", "2 b"]);
    expect(framesOf(log, [0, 4])).toEqual([null, null]);
    expect(log.frames([], ALL)).toEqual([]);
  });

  it("[LOG10] an answer of many frames ends when it has become large, not before the first", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "aa", "bb", "cc");
    expect([0, 36, 71, 72, 107, 108].map((max) => framesOf(log, [1, 2, 3], max).length)).toEqual([1, 1, 1, 2, 2, 3]);
  });

  it("[LOG10] a frame that was handed out is a copy", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    publish(log, "a");
    log.frames([1], ALL)[0]?.fill(0);
    expect(framesOf(log, [1])).toEqual(["1 a"]);
  });

  it("[CHN19] a part of the log is about as large as asked for, and goes on without a gap", () => {
    const log = topicOn(open());
    log.addChannel("ch");
    for (let i = 1; i <= 10; i++) publish(log, `m${i}`, `n${i}`);
    expect([0, 71, 72, 144].map((maxBytes) => log.read(1, maxBytes).length)).toEqual([1, 1, 1, 2]);
    for (const maxBytes of [0, 100, 200]) expect(readBy(log, "ch", maxBytes)).toEqual(readBy(log, "ch"));
  });

  it("[CHN19] memory and store give the same parts, and what memory has not it does not guess at", () => {
    const store = open();
    const log = topicOn(store);
    log.addChannel("ch");
    publish(log, "a", "b");
    log.setPaused(true);
    publish(log, "c");
    log.empty();
    publish(log, "d");
    log.setPaused(false);
    for (const seq of [1, 2, 3, 4]) expect(log.readRecent(seq, ALL)).toEqual(log.read(seq, ALL));
    const { state } = log;
    const again = new TopicLog(store, state, topicLimits());
    publish(again, "e");
    expect([again.readRecent(1, ALL), again.readRecent(3, ALL), contentOf(again.readRecent(5, ALL) ?? [])]).toEqual([
      null,
      null,
      ["5 e"],
    ]);
    expect(readBy(again, "ch")).toEqual(["1 a", "2 b", "3-3", "4 d", "5 e"]);
  });

  it("[DUR1] a topic goes on from its log and its state", () => {
    const store = open();
    const log = topicOn(store, { start: 10, fanout: 10 });
    publish(log, "a");
    log.addChannel("one");
    publish(log, "b");
    log.setPaused(true);
    publish(log, "c");
    log.empty();
    publish(log, "d");
    log.addChannel("two");
    const state = JSON.parse(JSON.stringify(log.state)) as TopicState;
    const again = new TopicLog(store, state, topicLimits());
    expect(again.state).toEqual(log.state);
    const numbers = ({ start, end, fanout, depth, messageCount, messageBytes, isPaused, free }: TopicLog) => {
      return { start, end, fanout, depth, messageCount, messageBytes, isPaused, free };
    };
    expect(numbers(again)).toEqual(numbers(log));
    expect([again.droppedOf("one"), again.droppedOf("two"), again.countDropped(10)]).toEqual([1, 0, 1]);
    again.setPaused(false);
    publish(again, "e");
    expect(readBy(again, "one")).toEqual(["10 a", "11 b", "12-12", "13 d", "14 e"]);
    expect(readBy(again, "two")).toEqual(["13 d", "14 e"]);
  });

  it("[DUR1] a topic whose messages are all finished and trimmed knows where its log ends", () => {
    const store = open();
    const log = topicOn(store);
    log.addChannel("ch");
    for (let i = 0; i < 100; i++) publish(log, "m");
    log.report("ch", log.end);
    while (log.trim());
    const again = new TopicLog(store, log.state, topicLimits());
    expect([again.end, again.messageCount, again.messageBytes]).toEqual([101, 100, 100]);
  });
});

describe("TopicLog of an ephemeral topic", () => {
  function ephemeral(memQueueSize: number): TopicLog {
    return new TopicLog(new MemoryLogStore(), topicState(), topicLimits({ memQueueSize }), true);
  }

  it("[LOG9] it keeps mem-queue-size messages: newer ones are dropped, yet counted", () => {
    const log = ephemeral(3);
    publish(log, "a", "b");
    publish(log, "cc", "dd", draft("ee", T0));
    publish(log, "f");
    expect([log.depth, log.messageCount, log.messageBytes]).toEqual([3, 6, 9]);
    log.addChannel("ch");
    expect(readBy(log, "ch")).toEqual(["1 a", "2 b", "3 cc"]);
  });

  it("[LOG9] there is room again when messages are finished", () => {
    const log = ephemeral(3);
    log.addChannel("ch");
    publish(log, "a", "b");
    publish(log, "c", "d");
    log.report("ch", 3);
    publish(log, "e", "f", "g");
    expect([contentOf(log.read(3, ALL)), log.messageCount]).toEqual([["3 c", "4 e", "5 f"], 7]);
  });

  it("[LOG9] of deferred messages those that fit are kept with their due times", () => {
    const log = ephemeral(2);
    log.addChannel("ch");
    publish(log, draft("a", T0 + 1), "b", draft("c", T0 + 3));
    expect([readBy(log, "ch"), log.deferred(1, log.fanout, T0).count]).toEqual([["1 a +1", "2 b"], 1]);
    expect([log.messageCount, log.messageBytes]).toEqual([3, 3]);
  });

  it("[LOG9] a large publish is kept as far as there is room, over the ends of rows", () => {
    const log = ephemeral(12);
    log.addChannel("ch");
    publish(log, ...Array.from({ length: 30 }, (_, i) => draft(new Uint8Array(100_000).fill(i))));
    expect([log.end, log.messageCount, log.messageBytes]).toEqual([13, 30, 3_000_000]);
    expect(log.read(1, ALL).map(({ count }) => count)).toEqual([9, 3]);
  });

  it("[LOG9] what is stored does not grow with what is published", () => {
    const store = new MemoryLogStore();
    const log = new TopicLog(store, topicState(), topicLimits({ memQueueSize: 100 }), true);
    log.addChannel("ch");
    for (let i = 0; i < 10_000; i++) {
      publish(log, "m");
      if (i % 7 === 0) log.report("ch", log.end - 50);
      expect(log.end - (store.oldest()?.first ?? 0)).toBeLessThanOrEqual(101);
    }
    expect(log.messageCount).toBe(10_000);
  });

  it("[LOG9] another topic keeps everything", () => {
    const log = topicOn(new MemoryLogStore(), {}, { memQueueSize: 3 });
    publish(log, "a", "b", "c", "d", "e");
    expect(log.depth).toBe(5);
  });
});

describe("TopicLog with an ephemeral channel", () => {
  it("[CHN17] the log is not kept for an ephemeral channel that is more than mem-queue-size behind", () => {
    const store = sqliteStore();
    const log = topicOn(store, {}, { memQueueSize: 5 });
    log.addChannel("ch#ephemeral");
    for (let i = 1; i <= 40; i++) publish(log, `m${i}`);
    expect(log.free).toBe(36);
    while (log.trim());
    expect(contentOf(log.read(36, ALL))).toEqual(["36 m36", "37 m37", "38 m38", "39 m39", "40 m40"]);
    const again = new TopicLog(store, log.state, topicLimits({ memQueueSize: 5 }));
    const [missed, ...rest] = readBy(again, "ch#ephemeral");
    expect(missed).toMatch(/^1-\d+$/);
    expect(rest.slice(-5)).toEqual(["36 m36", "37 m37", "38 m38", "39 m39", "40 m40"]);
  });

  it("[CHN17] it is kept for another channel of the same topic", () => {
    const log = topicOn(sqliteStore(), {}, { memQueueSize: 5 });
    log.addChannel("ch#ephemeral");
    log.addChannel("durable");
    for (let i = 1; i <= 40; i++) publish(log, `m${i}`);
    while (log.trim());
    expect(log.free).toBe(1);
    expect(readBy(log, "durable").length).toBe(40);
  });
});

describe("TopicLog that keeps up", () => {
  it("[LOG7] rows are reused: a publish executes one INSERT or UPDATE, and the table stays small", () => {
    const database = new Database();
    const log = topicOn(sqliteStore(database));
    log.addChannel("ch");
    for (let i = 0; i < 10_000; i++) {
      const before = database.count("INSERT", "UPDATE");
      publish(log, `m${i}`);
      expect(database.count("INSERT", "UPDATE") - before).toBe(1);
      if (i % 50 === 49) log.report("ch", log.end);
    }
    expect([database.count("DELETE"), log.messageCount]).toEqual([0, 10_000]);
    expect(database.rows("log")).toBeLessThanOrEqual(110);
    expect(database.count("INSERT")).toBeLessThanOrEqual(110);
  });

  it("[LOG7] a channel that keeps up is served from memory", () => {
    const database = new Database();
    const log = topicOn(sqliteStore(database));
    log.addChannel("ch");
    publish(log, "first");
    const before = database.count("SELECT");
    expect(contentOf(log.readRecent(1, ALL) ?? [])).toEqual(["1 first"]);
    expect(contentOf(log.read(1, ALL))).toEqual(["1 first"]);
    expect(database.count("SELECT")).toBe(before);
  });
});
