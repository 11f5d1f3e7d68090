import { describe, expect, it } from "vitest";
import type { Batch, LogStore, StoredBatch } from "../../src/queue/log-store.ts";
import { MemoryLogStore } from "../../src/storage/memory-log-store.ts";
import { SqliteLogStore } from "../../src/storage/sqlite-log-store.ts";
import { Random } from "../helpers/random.ts";
import { batchOf, draft, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

function sqliteStore(database = new Database()): SqliteLogStore {
  SqliteLogStore.createTables(database);
  return new SqliteLogStore(database);
}

/** Batches of these many messages, the first of which has the seq `first`. */
function batches(first: number, counts: readonly number[]): StoredBatch[] {
  let seq = first;
  return counts.map((count) => {
    const batch = batchOf(
      seq,
      Array.from({ length: count }, (_, i) => `${seq + i}`),
      seq,
    );
    seq += count;
    return batch;
  });
}

function deferredBatch(first: number, count: number): StoredBatch {
  return batchOf(
    first,
    Array.from({ length: count }, (_, i) => (i === 0 ? draft("later", T0 + first) : "now")),
  );
}

/** A batch as it is read. */
function read({ first, count, bytes }: StoredBatch): Batch {
  return { first, count, bytes };
}

function firsts(found: Iterable<Batch>): number[] {
  return [...found].map(({ first }) => first);
}

/** Trims until there is no more to delete. */
function trimAll(store: LogStore, free: number): void {
  while (store.trim(free));
}

const NOTHING_FREE = 0;
const ALL = 1e9;

describe.each([
  { name: "MemoryLogStore", open: () => new MemoryLogStore() as LogStore },
  { name: "SqliteLogStore", open: () => sqliteStore() as LogStore },
])("$name as a LogStore", ({ open }) => {
  it("[LOG11] a new log has nothing", () => {
    const store = open();
    expect([store.newest(), store.oldest(), store.read(0, ALL), [...store.readDeferred(0)]]).toEqual([
      null,
      null,
      [],
      [],
    ]);
    expect([store.trim(0), store.trim(ALL)]).toEqual([false, false]);
  });

  it("[LOG11] batches are read back as they were added, from the one that holds a seq", () => {
    const store = open();
    const all = batches(100, [3, 1, 5, 2]);
    store.append(all.slice(0, 1), NOTHING_FREE);
    store.append(all.slice(1), NOTHING_FREE);
    for (const [seq, index] of [
      [100, 0],
      [102, 0],
      [103, 1],
      [104, 2],
      [108, 2],
      [109, 3],
      [110, 3],
    ] as const) {
      expect(store.read(seq, ALL), `from ${seq}`).toEqual(all.slice(index).map(read));
    }
  });

  it("[LOG11] what lies before the log is read from its beginning", () => {
    const store = open();
    const all = batches(100, [3, 1]);
    store.append(all, NOTHING_FREE);
    expect(store.read(7, ALL)).toEqual(all.map(read));
  });

  it("[LOG11] behind its end a log has nothing", () => {
    const store = open();
    store.append([...batches(100, [3]), deferredBatch(103, 2)], NOTHING_FREE);
    expect([store.read(105, ALL), store.read(999, ALL)]).toEqual([[], []]);
    expect([...store.readDeferred(105)]).toEqual([]);
  });

  it("[LOG11] a reading ends before the batch that would be too much, but not before the first", () => {
    const store = open();
    const all = batches(100, [1, 1, 1, 1]);
    store.append(all, NOTHING_FREE);
    const size = all[0]?.bytes.length ?? 0;
    const counts = [0, 1, size, 2 * size - 1, 2 * size, 3 * size, 4 * size].map((max) => store.read(100, max).length);
    expect(counts).toEqual([1, 1, 1, 1, 2, 3, 4]);
  });

  it("[LOG11] a reading ends after so many batches", () => {
    const store = open();
    store.append(batches(1, [1, 1, 1, 1]), NOTHING_FREE);
    expect(firsts(store.read(2, ALL, 2))).toEqual([2, 3]);
    expect(firsts(store.read(2, 0, 2))).toEqual([2]);
  });

  it("[LOOK3] of batches with deferred records the first are read, a bounded number and as many bytes", () => {
    const store = open();
    const all = [1, 3, 5, 7].flatMap((first) => [deferredBatch(first, 1), ...batches(first + 1, [1])]);
    store.append(all, NOTHING_FREE);
    const size = all[0]?.bytes.length ?? 0;
    expect(firsts(store.lookDeferred(0, ALL, 9))).toEqual([1, 3, 5, 7]);
    expect(firsts(store.lookDeferred(2, ALL, 2))).toEqual([3, 5]);
    expect(firsts(store.lookDeferred(1, 3 * size, 9))).toEqual([1, 3, 5]);
    expect(firsts(store.lookDeferred(1, 3 * size - 1, 9))).toEqual([1, 3]);
    expect(firsts(store.lookDeferred(3, 0, 9))).toEqual([3]);
    expect(store.lookDeferred(8, ALL, 9)).toEqual([]);
  });

  it("[LOG11] the oldest and the newest batch are known with their places", () => {
    const store = open();
    store.append(batches(100, [3, 1, 5]), NOTHING_FREE);
    expect(store.oldest()).toMatchObject({ first: 100, count: 3, totalBytes: 109 });
    expect(store.newest()).toMatchObject({ first: 104, count: 5, totalBytes: 119 });
  });

  it("[LOG11] batches with deferred records are found from the one that holds a seq", () => {
    const store = open();
    store.append([...batches(10, [5]), deferredBatch(15, 5), ...batches(20, [5]), deferredBatch(25, 5)], NOTHING_FREE);
    expect([10, 15, 19, 20, 25, 29].map((seq) => firsts(store.readDeferred(seq)))).toEqual([
      [15, 25],
      [15, 25],
      [15, 25],
      [25],
      [25],
      [25],
    ]);
    expect([...store.readDeferred(20)]).toMatchObject([read(deferredBatch(25, 5))]);
  });

  it("[LOG11] a seq may be as large as a safe integer", () => {
    const store = open();
    const far = Number.MAX_SAFE_INTEGER - 20;
    const all = [batchOf(far, ["a", "b", "c"]), batchOf(far + 3, ["d"], far)];
    store.append(all, NOTHING_FREE);
    expect(store.read(far + 3, ALL)).toEqual(all.slice(1).map(read));
    expect(store.newest()).toMatchObject({ first: far + 3, count: 1, totalBytes: far + 1 });
  });

  it("[LOG7] what is needed is kept, whatever is added or trimmed", () => {
    const store = open();
    const all = batches(0, Array(100).fill(2));
    store.append(all.slice(0, 50), NOTHING_FREE);
    trimAll(store, 21);
    store.append(all.slice(50), 21);
    trimAll(store, 21);
    expect(store.read(21, ALL)).toEqual(all.slice(10).map(read));
  });

  it("[LOG7] what is not needed is deleted but for a few batches and the newest one", () => {
    const store = open();
    const all = batches(0, Array(3_000).fill(1));
    store.append(all, NOTHING_FREE);
    trimAll(store, 2_500);
    expect(2_500 - (store.oldest()?.first ?? 0)).toBeLessThanOrEqual(80);
    trimAll(store, 3_000);
    expect(3_000 - (store.oldest()?.first ?? 0)).toBeLessThanOrEqual(80);
    expect(store.newest()).toMatchObject({ first: 2_999, count: 1, totalBytes: all.at(-1)?.totalBytes });
  });

  it("[LOG7] it is known beforehand whether trimming would delete anything", () => {
    const store = open();
    expect([store.canTrim(0), store.canTrim(ALL)]).toEqual([false, false]);
    store.append(batches(0, Array(3_000).fill(1)), NOTHING_FREE);
    for (const free of [0, 1, 10, 100, 1_500, 3_000, 4_000]) {
      const oldest = store.oldest()?.first;
      const canTrim = store.canTrim(free);
      store.trim(free);
      expect(store.oldest()?.first !== oldest, `free ${free}`).toBe(canTrim);
    }
    trimAll(store, 3_000);
    expect(store.canTrim(3_000)).toBe(false);
  });

  it("[LOG7] it is known how much there is to overwrite", () => {
    const store = open();
    expect(store.hasFree(0, ALL)).toBe(false);
    store.append(batches(0, Array(40).fill(2)), NOTHING_FREE);
    for (const free of [0, 1, 2, 3, 20, 78, 79, 80, 100]) {
      const whole = Math.min(39, Math.floor(free / 2));
      for (const count of [0, 1, 9, 10, 38, 39, 40]) {
        expect(store.hasFree(count, free), `${count} below ${free}`).toBe(whole > count);
      }
    }
  });

  it("[LOG7] the newest batch stays even if nobody needs it: it says where the log ends", () => {
    const store = open();
    for (let first = 0; first < 100; first += 2) {
      store.append(batches(first, [2]), first);
      trimAll(store, first + 2);
      expect(store.newest()).toMatchObject({ first, count: 2 });
    }
  });

  it("[LOG7] batches added together never overwrite each other", () => {
    const store = open();
    const all = batches(0, [1, 1, 1, 1, 1, 1]);
    store.append(all.slice(0, 2), NOTHING_FREE);
    store.append(all.slice(2), 2);
    expect(store.read(2, ALL)).toEqual(all.slice(2).map(read));
  });

  it("[LOG7] a batch of which a part is needed is kept whole", () => {
    const store = open();
    const all = batches(0, [4, 4, 4]);
    store.append(all.slice(0, 2), NOTHING_FREE);
    store.append(all.slice(2), 3);
    trimAll(store, 3);
    expect(store.read(3, ALL)).toEqual(all.map(read));
  });

  it("[LOG11] a deferred batch that was overwritten or deleted is found no more", () => {
    const store = open();
    store.append([deferredBatch(0, 2), ...batches(2, [2])], NOTHING_FREE);
    store.append(batches(4, [2, 2]), 4);
    expect(firsts(store.readDeferred(4))).toEqual([]);
    store.append([deferredBatch(8, 2)], 4);
    expect(firsts(store.readDeferred(4))).toEqual([8]);
  });

  it("[LOG11] seeded: additions, trims and readings agree with a plain list", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new Random(seed);
      const store = open();
      const all: StoredBatch[] = [];
      let end = random.int(1_000);
      let free = end;
      for (let step = 0; step < 100; step++) {
        const added = Array.from({ length: random.int(4) }, () => {
          const count = 1 + random.int(5);
          const batch = random.chance(20) ? deferredBatch(end, count) : (batches(end, [count])[0] as StoredBatch);
          end += count;
          return batch;
        });
        if (added.length > 0) store.append(added, free);
        all.push(...added);
        if (random.chance(40)) free += random.int(end - free + 1);
        if (random.chance(20)) trimAll(store, free);
        const seq = free + random.int(end - free + 1);
        if (seq === end) continue; // what lies behind the end has its own test
        const from = all.findIndex(({ first, count }) => seq < first + count);
        expect(store.read(seq, ALL), `seed ${seed}, step ${step}`).toEqual(all.slice(from).map(read));
        const deferred = all.slice(from).filter((batch) => batch.deferred > 0);
        expect(firsts(store.readDeferred(seq)), `seed ${seed}, step ${step}`).toEqual(firsts(deferred));
        expect(store.newest()).toMatchObject({ first: all.at(-1)?.first });
      }
    }
  });
});

describe("SqliteLogStore", () => {
  it("[LOG11] an addition of which one batch cannot be stored stores nothing at all", () => {
    const store = sqliteStore();
    store.append(batches(0, [2]), NOTHING_FREE);
    const second = batches(2, [2]);
    const clashing = batches(0, [2]);
    expect(() => store.append([...second, ...clashing], NOTHING_FREE)).toThrow();
    expect([store.newest()?.first, store.read(0, ALL)]).toEqual([0, batches(0, [2]).map(read)]);
    store.append(second, NOTHING_FREE);
    expect(store.read(2, ALL)).toEqual(second.map(read));
  });

  it("[LOG7] a row that was to be overwritten with others, and is still there, is the next to be overwritten", () => {
    const store = sqliteStore();
    store.append(batches(0, [1, 1, 1]), NOTHING_FREE);
    const [next, clashing] = batches(3, [1, 1]) as [StoredBatch, StoredBatch];
    expect(() => store.append([next, { ...clashing, first: 2 }], 1)).toThrow();
    expect(store.oldest()?.first).toBe(0);
    store.append([next], 1);
    expect([store.oldest()?.first, firsts(store.read(1, ALL))]).toEqual([1, [1, 2, 3]]);
  });

  it.each([
    ["added", NOTHING_FREE],
    ["overwritten", 2],
  ])("[DUR10] a row that cannot be %s for want of room takes nothing along that was written with it", (_, free) => {
    const database = new Database();
    const store = sqliteStore(database);
    store.append(batches(0, [2]), NOTHING_FREE);
    const large = { ...batchOf(4, ["x".repeat(100_000)]), deferred: 0 };
    database.atomically(() => {
      store.append(batches(2, [2]), NOTHING_FREE);
      database.fillUp();
      // With the transaction gone, as without any care, its end would fail.
      expect(() => store.append([large], free)).toThrow("full");
    });
    expect(store.read(0, ALL)).toEqual(batches(0, [2, 2]).map(read));
    database.makeRoom();
    store.append([large], NOTHING_FREE);
    expect(store.newest()?.first).toBe(4);
  });

  it("[LOG11] a log is found again when its object is made anew", () => {
    const database = new Database();
    sqliteStore(database).append(batches(5, [2, 3]), NOTHING_FREE);
    const again = sqliteStore(database);
    expect([again.oldest()?.first, again.newest()?.first]).toEqual([5, 7]);
    expect(again.read(8, ALL)).toEqual(batches(5, [2, 3]).slice(1).map(read));
  });

  it("[LOG7] a row that is free is overwritten: one statement and one row for a batch", () => {
    const database = new Database();
    const store = sqliteStore(database);
    for (let first = 0; first < 1_000; first++) {
      const before = database.count("INSERT", "UPDATE", "DELETE");
      store.append(batches(first, [1]), first);
      expect(database.count("INSERT", "UPDATE", "DELETE") - before).toBe(1);
    }
    expect([database.rows("log"), database.count("INSERT"), database.count("DELETE")]).toEqual([1, 1, 0]);
  });

  it("[LOG7] trimming keeps some rows to overwrite, and deletes the others in steps", () => {
    const database = new Database();
    const store = sqliteStore(database);
    store.append(batches(0, Array(5_000).fill(1)), NOTHING_FREE);
    let steps = 1;
    while (store.trim(5_000)) steps++;
    expect(steps).toBeGreaterThan(1);
    expect(steps).toBeLessThan(20);
    expect(database.rows("log")).toBeLessThanOrEqual(80);
    const inserts = database.count("INSERT");
    store.append(batches(5_000, [1, 1, 1]), 5_000);
    expect(database.count("INSERT")).toBe(inserts);
    expect(database.rows("log")).toBeLessThanOrEqual(80);
  });

  it("[BIG2] a reading reads the rows that it hands out, and no other", () => {
    const database = new Database();
    const store = sqliteStore(database);
    const all = batches(0, Array(1_000).fill(3));
    store.append(all, NOTHING_FREE);
    const size = all[500]?.bytes.length ?? 0;
    for (const count of [1, 2, 10]) {
      const before = database.rowsRead;
      expect(firsts(store.read(1_501, count * size))).toEqual(firsts(all.slice(500, 500 + count)));
      expect(database.rowsRead - before).toBe(count);
    }
  });
});
