import { describe, expect, it } from "vitest";
import type { LogStore } from "../../src/queue/log-store.ts";
import { TopicLog } from "../../src/queue/topic-log.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { SqliteLogStore } from "../../src/storage/sqlite-log-store.ts";
import { topicLimits, topicState } from "../helpers/channel.ts";
import { contentOf, segmentsOf, T0, textsOf } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const ALL = 1e9;

function sqliteStore(database = new Database()): SqliteLogStore {
  SqliteLogStore.createTables(database);
  return new SqliteLogStore(database);
}

function publish(log: TopicLog, ...bodies: string[]): void {
  log.append(segmentsOf(bodies), T0);
}

/** Counts how often a store is read. */
function countReads(store: LogStore): () => number {
  let reads = 0;
  const { read } = store;
  store.read = (seq, maxBytes) => {
    reads++;
    return read.call(store, seq, maxBytes);
  };
  return () => {
    const counted = reads;
    reads = 0;
    return counted;
  };
}

describe.each([
  { name: "memory", open: () => new MemoryLogStore() as LogStore },
  { name: "SQLite", open: () => sqliteStore() as LogStore },
])("TopicLog in $name that is asked for single messages", ({ open }) => {
  /** A log of some batches, none of which is in memory any more, and the reads of its store. */
  function logOf(batches: number, perBatch: number): { log: TopicLog; reads: () => number } {
    const store = open();
    const before = new TopicLog(store, topicState(), topicLimits());
    before.addChannel("ch");
    for (let i = 0; i < batches; i++) {
      publish(before, ...Array.from({ length: perBatch }, (_, j) => `m${i * perBatch + j + 1}`));
    }
    const log = new TopicLog(store, before.state, topicLimits());
    return { log, reads: countReads(store) };
  }

  function framesOf(log: TopicLog, seqs: number[], maxBytes = ALL): (string | null)[] {
    return log.frames(seqs, maxBytes).map((frame) => frame && (textsOf([frame])[0] as string));
  }

  function range(from: number, to: number, step = 1): number[] {
    return Array.from({ length: Math.ceil((to + 1 - from) / step) }, (_, i) => from + i * step);
  }

  it("[LOG10] reads each batch once", () => {
    const { log, reads } = logOf(4, 500);
    expect(framesOf(log, range(1, 64))).toEqual(range(1, 64).map((seq) => `${seq} m${seq}`));
    expect(reads()).toBe(1);
    const spread = range(7, 2_000, 31);
    expect(framesOf(log, spread)).toEqual(spread.map((seq) => `${seq} m${seq}`));
    expect(reads()).toBe(4);
  });

  it("[LOG10] finds them in any order, and those that are not there", () => {
    const { log } = logOf(3, 10);
    expect(framesOf(log, [30, 1, 15, 14, 14, 31, 0, 16, 5])).toEqual([
      ...["30 m30", "1 m1", "15 m15", "14 m14", "14 m14"],
      ...[null, null, "16 m16", "5 m5"],
    ]);
  });

  it("[LOG10] answers for the first ones when all would be too much", () => {
    const { log } = logOf(2, 100);
    const length = log.frames([50], ALL)[0]?.length as number;
    expect(framesOf(log, range(50, 60), 3 * length)).toEqual(["50 m50", "51 m51", "52 m52"]);
    expect(framesOf(log, range(50, 60), 1)).toEqual(["50 m50"]);
  });
});

describe.each([
  { name: "memory", open: () => new MemoryLogStore() as LogStore },
  { name: "SQLite", open: () => sqliteStore() as LogStore },
])("TopicLog in $name that is emptied thousands of times", ({ open }) => {
  const TIMES = 5_000;

  function readAll(log: TopicLog, from: number): string[] {
    const content: string[] = [];
    for (let seq = from; seq < log.fanout; ) {
      const batches = log.read(seq, ALL);
      const last = batches.at(-1);
      if (!last || last.first + last.count <= seq) throw new Error(`there is nothing to read at ${seq}`);
      content.push(...contentOf(batches));
      seq = last.first + last.count;
    }
    return content;
  }

  it("[LOG6] while it is paused, keeps one range, and is read as ever", () => {
    const store = open();
    const log = new TopicLog(store, topicState(), topicLimits());
    log.addChannel("ch");
    publish(log, "before");
    log.setPaused(true);
    for (let i = 0; i < TIMES; i++) {
      publish(log, "dropped");
      log.empty();
      log.empty();
    }
    publish(log, "after");
    log.setPaused(false);
    expect(log.state.dropped).toEqual([{ from: 2, to: 2 + TIMES }]);
    expect(JSON.stringify(log.state).length).toBeLessThan(500);
    const content = ["1 before", `2-${TIMES + 1}`, `${TIMES + 2} after`];
    expect(readAll(log, 1)).toEqual(content);
    const again = new TopicLog(store, log.state, topicLimits());
    expect([readAll(again, 1), again.end, again.droppedOf("ch")]).toEqual([content, TIMES + 3, TIMES]);
    expect(log.frames([1, 2, TIMES + 1, TIMES + 2], ALL).map((frame) => frame !== null)).toEqual([
      ...[true, false, false, true],
    ]);
  });

  it("[LOG6] with messages between, forgets the ranges that all channels have passed", () => {
    const log = new TopicLog(open(), topicState(), topicLimits());
    log.addChannel("ch");
    for (let i = 0; i < TIMES; i++) {
      log.setPaused(true);
      publish(log, "dropped");
      log.empty();
      log.setPaused(false);
      publish(log, "kept");
      log.report("ch", log.fanout);
    }
    expect(log.state.dropped.length).toBeLessThanOrEqual(2);
    expect([log.droppedOf("ch"), log.messageCount]).toEqual([TIMES, 2 * TIMES]);
  });

  it("[LOG6] with messages between that nobody has finished, is read as ever, and in a reasonable time", () => {
    const log = new TopicLog(open(), topicState(), topicLimits());
    log.addChannel("ch");
    const expected: string[] = [];
    for (let i = 0; i < TIMES; i++) {
      log.setPaused(true);
      publish(log, "dropped");
      log.empty();
      log.setPaused(false);
      publish(log, "kept");
      expected.push(`${2 * i + 1}-${2 * i + 1}`, `${2 * i + 2} kept`);
    }
    expect(readAll(log, 1)).toEqual(expected);
    expect(log.countDropped(1)).toBe(TIMES);
    // It must fit into a row of 2 MB.
    expect(JSON.stringify(log.state).length / TIMES).toBeLessThan(60);
  });
});

/** A topic whose object lives for one event at a time: what channels have finished is learnt only when the alarm rings. */
class SleepyTopic {
  readonly database = new Database();
  saves = 0;
  readonly #store = sqliteStore(this.database);
  #state = topicState();

  constructor() {
    const log = this.wake();
    log.addChannel("ch");
    this.#state = log.state;
  }

  wake(): TopicLog {
    return new TopicLog(this.#store, this.#state, topicLimits());
  }

  publish(count: number): void {
    for (let i = 0; i < count; i++) publish(this.wake(), "x");
  }

  /** The alarm rings, and the channel says that it has finished everything below `low`. */
  ring(low = this.wake().end): void {
    const log = this.wake();
    log.report("ch", low);
    if (log.isFreeWorthSaving(this.#state.free)) {
      this.#state = log.state;
      this.saves++;
    }
    while (log.trim());
  }
}

describe("the log of a topic that sleeps between publishes", () => {
  it.each([1, 10, 20, 60])("[LOG7] overwrites what was finished: %i publishes between two alarms", (each) => {
    const topic = new SleepyTopic();
    for (let alarm = 0; alarm < 200; alarm++) {
      topic.publish(each);
      topic.ring();
    }
    const { database, saves } = topic;
    expect(database.count("DELETE")).toBe(0);
    expect(database.rows("log")).toBeLessThanOrEqual(80);
    // A row that says what is free, for the many that are overwritten then.
    expect(database.count("UPDATE") / saves).toBeGreaterThanOrEqual(16);
    expect(database.count("INSERT")).toBe(database.rows("log"));
  });

  it("[LOG7] keeps what is needed", () => {
    const topic = new SleepyTopic();
    topic.publish(50);
    topic.ring(41);
    topic.publish(50);
    topic.ring(41);
    expect(topic.wake().read(41, ALL)[0]).toMatchObject({ first: 41 });
    expect(contentOf(topic.wake().read(41, ALL))).toHaveLength(60);
  });

  it("[LOG7] does not say what is free when that is hardly anything, or known", () => {
    const topic = new SleepyTopic();
    topic.publish(17);
    topic.ring();
    expect(topic.saves).toBe(0);
    topic.publish(1);
    topic.ring();
    topic.ring();
    expect(topic.saves).toBe(1);
  });
});
