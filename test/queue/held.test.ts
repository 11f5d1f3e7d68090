import { describe, expect, it } from "vitest";
import { toByteString } from "../../src/protocol/bytes.ts";
import { Held } from "../../src/queue/held.ts";
import { type Unfinished, unfinished } from "../../src/queue/unfinished.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const encoder = new TextEncoder();

function frame(text: string): Uint8Array {
  return encoder.encode(text);
}

function message(seq: number, attempts = 1): Unfinished {
  return { ...unfinished(seq, T0), attempts };
}

function hold(held: Held, message: Unfinished, due: number, frame: Uint8Array): void {
  held.hold([{ message, due, frame }]);
}

/** Messages with the seqs behind `seq`, together. */
function holdAll(held: Held, dues: readonly number[], seq = 0): void {
  held.hold(
    dues.map((due, index) => {
      const number = seq + index + 1;
      return { message: message(number), due, frame: frame(`m${number}`) };
    }),
  );
}

/** A store, and what holds messages in it. */
function held(): { store: MemoryChannelStore; held: Held } {
  const store = new MemoryChannelStore();
  return { store, held: new Held(store.held) };
}

describe("Held", () => {
  it("[CHN15] a message that is held comes back when it is due, with its attempts and its frame", () => {
    const { held: one } = held();
    const early = message(7, 3);
    hold(one, early, T0 + 10, frame("early"));
    hold(one, message(2), T0 + 20, frame("late"));
    expect([one.count(), one.count(T0 + 10), one.earliest]).toEqual([2, 1, T0 + 10]);
    expect(one.release(T0 + 9, 10)).toEqual([]);
    expect(one.release(T0 + 10, 10)).toMatchObject([{ heldDue: T0 + 10, at: T0 + 10, seq: 7, attempts: 3 }]);
    expect([one.count(), one.earliest]).toEqual([1, T0 + 20]);
    expect(toByteString(one.frame(early) ?? frame(""))).toBe("early");
  });

  it("[CHN10] held messages come by due time and then by seq, in parts", () => {
    const { held: one } = held();
    for (const [due, seq] of [
      [3, 1],
      [1, 9],
      [2, 5],
      [1, 4],
    ] as const)
      hold(one, message(seq), T0 + due, frame(""));
    const parts = [one.release(T0 + 3, 3), one.release(T0 + 3, 3), one.release(T0 + 3, 3)];
    expect(parts.map((part) => part.map(({ seq }) => seq))).toEqual([[4, 9, 5], [1], []]);
  });

  it("[CHN1] a message that stays in memory, too, is not counted a second time", () => {
    const { held: one } = held();
    const unfinishedForLong = message(7, 2);
    hold(one, unfinishedForLong, 0, frame("x"));
    expect([one.count(), one.count(T0)]).toEqual([0, 0]);
    expect(one.release(T0, 10)).toEqual([]);
    expect(toByteString(one.frame(unfinishedForLong) ?? frame(""))).toBe("x");
  });

  it("[CHN1] a message that stays in memory, too, does not come back from the store after a restart", () => {
    const { store, held: one } = held();
    hold(one, message(7, 2), 0, frame("x"));
    const restarted = new Held(store.held, one.mark);
    expect([restarted.earliest, restarted.count(), restarted.release(T0, 10)]).toEqual([
      Number.POSITIVE_INFINITY,
      0,
      [],
    ]);
  });

  it("[CHN15] a message that is held a second time is only there once", () => {
    const { store, held: one } = held();
    const twice = message(7);
    hold(one, twice, 0, frame("x"));
    one.settle([twice]);
    hold(one, twice, T0 + 5, frame("x"));
    one.settle([]);
    expect(store.held.frame({ due: 0, seq: 7 })).toBeNull();
    expect(one.release(T0 + 5, 10)).toMatchObject([{ heldDue: T0 + 5, at: T0 + 5, seq: 7, attempts: 1 }]);
  });

  it("[DUR2] what is finished stays until it is settled: a crash before may bring it back", () => {
    const { store, held: one } = held();
    const done = message(7);
    hold(one, done, T0 + 1, frame("x"));
    const { mark } = one;
    one.release(T0 + 1, 10);
    one.settle([done]);
    one.finish(done);
    expect(new Held(store.held, mark).release(T0 + 1, 10)).toMatchObject([
      { heldDue: T0 + 1, at: T0 + 1, seq: 7, attempts: 1 },
    ]);
    one.settle([]);
    expect(new Held(store.held, mark).release(T0 + 1, 10)).toEqual([]);
  });

  it("[LOOK1] those that are not in memory can be looked at, in order, and stay where they are", () => {
    const { held: one } = held();
    for (const [due, seq] of [
      [0, 1],
      [3, 5],
      [2, 9],
      [2, 4],
    ] as const)
      hold(one, message(seq), due === 0 ? 0 : T0 + due, frame(""));
    const look = (due: number, seq: number, limit: number) => one.look({ due, seq }, limit).map(({ seq }) => seq);
    expect([look(0, 0, 9), look(0, 0, 2), look(T0 + 2, 4, 9)]).toEqual([
      [4, 9, 5],
      [4, 9],
      [9, 5],
    ]);
    one.release(T0 + 2, 1);
    expect([look(0, 0, 9), one.count()]).toEqual([[9, 5], 2]);
  });

  it("[CHN22] one can be taken before it is due: then it is in memory, and its row is no other's", () => {
    const { store, held: one } = held();
    for (const seq of [7, 8]) hold(one, message(seq, 2), T0 + 10, frame(`m${seq}`));
    expect(one.take({ due: T0 + 10, seq: 9 }, T0)).toBeNull();
    const taken = one.take({ due: T0 + 10, seq: 7 }, T0);
    expect(taken).toMatchObject({ seq: 7, attempts: 2, heldDue: 0, takenAt: T0 });
    one.settle(taken ? [taken] : []);
    expect([one.count(), toByteString((taken && one.frame(taken)) ?? frame(""))]).toEqual([1, "m7"]);
    expect(one.release(T0 + 10, 9).map(({ seq }) => seq)).toEqual([8]);
    expect(one.take({ due: T0 + 10, seq: 8 }, T0)).toBeNull(); // it is somebody's
    if (taken) one.finish(taken);
    one.settle([]);
    expect(store.held.count({ due: -1, seq: 0 })).toBe(1);
  });

  it("[CHN14] after clearing nothing is held", () => {
    const { store, held: one } = held();
    hold(one, message(7), T0 + 1, frame("x"));
    one.release(T0 + 1, 10);
    hold(one, message(8), T0 + 9, frame("y"));
    one.clear();
    expect([one.count(), one.earliest, one.mark]).toEqual([0, Number.POSITIVE_INFINITY, new Held(store.held).mark]);
    hold(one, message(9), T0 + 3, frame("z"));
    expect(one.release(T0 + 3, 10).map(({ seq }) => seq)).toEqual([9]);
  });
});

describe("Held in SQLite", () => {
  function inSqlite() {
    const database = new Database();
    SqliteChannelStore.createTables(database);
    const { held: store } = new SqliteChannelStore(database);
    return { store, one: new Held(store), rows: () => database.rows("held") + database.rows("held_page") };
  }

  it("[CHN24] what comes between two saves shares a row, which goes with the last of them", () => {
    const { one, rows } = inSqlite();
    holdAll(one, Array(100).fill(T0 + 9));
    one.settle([]);
    expect(rows()).toBe(1);
    const released = one.release(T0 + 9, 200);
    expect(released).toHaveLength(100);
    for (const done of released.slice(1)) one.finish(done);
    one.settle(released.slice(0, 1));
    expect([rows(), toByteString(one.frame(released[0] as Unfinished) ?? frame(""))]).toEqual([1, "m1"]);
    one.finish(released[0] as Unfinished);
    one.settle([]);
    expect(rows()).toBe(0);
  });

  it("[CHN24] a row is not written for each that goes, but when half of them are gone", () => {
    const { store, one } = inSqlite();
    holdAll(one, Array(100).fill(T0));
    one.settle([]);
    const inMemory = one.release(T0, 50);
    const sizes = [];
    while (inMemory.length > 0) {
      one.finish(inMemory.shift() as Unfinished);
      one.settle(inMemory);
      sizes.push(store.page({ due: T0, seq: 100 })?.messages.length);
    }
    expect(sizes).toEqual([...Array(49).fill(100), 50]);
  });

  it("[CHN16] [CHN24] is as fast however much overlaps: many batches that fall due within the same minute, in no order", () => {
    const database = new Database();
    SqliteChannelStore.createTables(database);
    const one = new Held(new SqliteChannelStore(database).held);
    const random = new Random(1);
    const [batches, size] = [100, 100];
    for (let batch = 0; batch < batches; batch++) {
      const dues = Array.from({ length: size }, () => T0 + random.int(60_000));
      holdAll(one, dues, batch * size);
    }
    const [statements, rows] = [database.count("SELECT"), database.rowsRead];
    let memory: Unfinished[] = [];
    let count = 0;
    for (let now = T0; count < batches * size; now += 100) {
      const due = one.release(now, 1_000);
      for (const each of due) expect(toByteString(one.frame(each) ?? frame(""))).toBe(`m${each.seq}`);
      memory.push(...due);
      count += due.length;
      if (memory.length < 500) continue;
      for (const done of memory.slice(0, -100)) one.finish(done);
      memory = memory.slice(-100);
      one.settle(memory);
    }
    expect(database.count("SELECT") - statements).toBeLessThan(10 * count);
    expect(database.rowsRead - rows).toBeLessThan(20 * count);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "[CHN1] [CHN15] [CHN24] seeded: all come once, none early, with their frames, over restarts; and leave nothing, seed %i",
    (seed) => {
      const random = new Random(seed);
      const made = inSqlite();
      let one = made.one;
      let now = T0;
      let seqs = 0;
      let mark = one.mark;
      /** Deferred, by seq: when they fall due, as it was saved, and with what has happened since. */
      let saved = new Map<number, number>();
      let waiting = new Map<number, number>();
      let savedMemory: Unfinished[] = [];
      let memory: Unfinished[] = [];
      const save = () => {
        one.settle(memory);
        saved = new Map(waiting);
        savedMemory = memory.map((each) => ({ ...each }));
        mark = one.mark;
      };
      const finishOne = () => one.finish(memory.splice(random.int(memory.length), 1)[0] as Unfinished);
      const step = () => {
        const act = random.int(10);
        if (act < 3) {
          const spread = random.pick([10, 1_000, 200_000]);
          const dues = Array.from({ length: 1 + random.int(40) }, () => now + 1 + random.int(spread));
          holdAll(one, dues, seqs);
          for (const due of dues) waiting.set(++seqs, due);
          save(); // frames are held when the state is saved
        } else if (act < 5) {
          now += random.pick([1, 100, 50_000]);
          for (const due of one.release(now, 1 + random.int(50))) {
            expect(waiting.get(due.seq), `${due.seq}`).toBe(due.at);
            expect(due.at).toBeLessThanOrEqual(now);
            waiting.delete(due.seq);
            memory.push(due);
          }
          expect(Math.min(...waiting.values())).toBe(one.earliest);
        } else if (act < 7 && memory.length > 0) {
          for (let i = random.int(memory.length); i >= 0; i--) finishOne();
        } else if (act === 7 && memory.length > 0) {
          // Deferred again, for long.
          const [again] = memory.splice(random.int(memory.length), 1) as [Unfinished];
          const due = now + 1 + random.int(1_000);
          hold(one, again, due, one.frame(again) as Uint8Array);
          waiting.set(again.seq, due);
          save();
        } else if (act === 8 && waiting.size > 0) {
          const [seq, due] = random.pick([...waiting]);
          const taken = one.take({ due, seq }, now) as Unfinished;
          waiting.delete(seq);
          memory.push(taken);
          save();
        } else if (random.chance(30)) {
          one = new Held(made.store, mark);
          waiting = new Map(saved);
          memory = savedMemory.map((each) => ({ ...each }));
        } else {
          save();
        }
        for (const each of memory) expect(toByteString(one.frame(each) ?? frame(""))).toBe(`m${each.seq}`);
        expect([one.count(), one.count(now)]).toEqual([
          waiting.size,
          [...waiting.values()].filter((due) => due <= now).length,
        ]);
      };
      for (let i = 0; i < 300; i++) step();
      now += 10 ** 6;
      for (let due = one.release(now, 1_000); due.length > 0; due = one.release(now, 1_000)) memory.push(...due);
      while (memory.length > 0) finishOne();
      save();
      expect(made.rows()).toBe(0);
    },
  );
});
