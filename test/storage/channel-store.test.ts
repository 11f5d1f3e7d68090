import { describe, expect, it } from "vitest";
import type { ChannelStore, HeldMessage, HeldStore } from "../../src/queue/channel-store.ts";
import { MemoryChannelStore } from "../../src/storage/memory-channel-store.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { Random } from "../helpers/random.ts";
import { T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

function sqliteStore(database = new Database()): SqliteChannelStore {
  SqliteChannelStore.createTables(database);
  return new SqliteChannelStore(database);
}

function frame(content: number): Uint8Array {
  return Uint8Array.from([content, content]);
}

function message(due: number, seq: number, attempts = 0): HeldMessage {
  return { due, seq, attempts };
}

function heldWith(held: HeldStore, ...messages: HeldMessage[]): HeldStore {
  for (const one of messages) held.put(one, frame(one.seq % 256));
  return held;
}

const START = { due: 0, seq: 0 };
const EVER = Number.MAX_SAFE_INTEGER;

describe.each([
  { name: "MemoryChannelStore", open: () => new MemoryChannelStore() as ChannelStore },
  { name: "SqliteChannelStore", open: () => sqliteStore() as ChannelStore },
])("$name as a ChannelStore", ({ open }) => {
  it("[CHN20] the state is the one that was saved last, null for a new channel", () => {
    const store = open();
    expect(store.load()).toBeNull();
    store.save(() => frame(1));
    store.save(() => frame(2));
    expect(store.load()).toEqual(frame(2));
    store.save(() => new Uint8Array(0));
    expect(store.load()).toEqual(new Uint8Array(0));
  });

  it("[CHN20] the state is saved together with what was done to the held messages", () => {
    const store = open();
    heldWith(store.held, message(10, 1));
    store.save(() => {
      store.held.remove(message(10, 1));
      store.held.put(message(20, 2), frame(2));
      return frame(3);
    });
    expect([store.load(), store.held.due(START, EVER, 10)]).toEqual([frame(3), [message(20, 2)]]);
  });

  it("[CHN20] nothing is held at first", () => {
    const { held } = open();
    expect([held.due(START, EVER, 10), held.nextDue(START), held.count(START), held.frame(message(1, 1))]).toEqual([
      [],
      null,
      0,
      null,
    ]);
    held.clear();
    held.remove(message(1, 1));
    expect(held.count(START)).toBe(0);
  });

  it("[CHN20] held messages come in the order of due time and seq, behind a key and up to a time", () => {
    const held = heldWith(open().held, message(20, 1, 4), message(10, 9), message(30, 2), message(10, 3, 7));
    expect(held.due(START, EVER, 10)).toEqual([message(10, 3, 7), message(10, 9), message(20, 1, 4), message(30, 2)]);
    expect(held.due(START, 20, 10)).toEqual([message(10, 3, 7), message(10, 9), message(20, 1, 4)]);
    expect(held.due(START, 19, 10)).toEqual([message(10, 3, 7), message(10, 9)]);
    expect(held.due(START, EVER, 1)).toEqual([message(10, 3, 7)]);
    expect(held.due({ due: 10, seq: 3 }, EVER, 2)).toEqual([message(10, 9), message(20, 1, 4)]);
    expect(held.due({ due: 20, seq: 0 }, 20, 10)).toEqual([message(20, 1, 4)]);
    expect(held.due({ due: 30, seq: 2 }, EVER, 10)).toEqual([]);
    expect(held.due({ due: 20, seq: 5 }, 10, 10)).toEqual([]);
  });

  it("[CHN20] the next due time is that of the first message behind a key", () => {
    const held = heldWith(open().held, message(20, 1), message(10, 9));
    expect([
      held.nextDue(START),
      held.nextDue({ due: 10, seq: 8 }),
      held.nextDue({ due: 10, seq: 9 }),
      held.nextDue({ due: 20, seq: 1 }),
    ]).toEqual([10, 10, 20, null]);
  });

  it("[CHN20] messages are counted behind a key, all of them or those that are due", () => {
    const held = heldWith(open().held, message(20, 1), message(10, 9), message(10, 3), message(0, 5));
    expect([held.count(START), held.count(START, 10), held.count(START, 9), held.count(START, 0)]).toEqual([
      4, 3, 1, 1,
    ]);
    expect([held.count({ due: 0, seq: 5 }), held.count({ due: 10, seq: 3 }, 10)]).toEqual([3, 1]);
    expect([held.count({ due: 20, seq: 1 }), held.count({ due: 20, seq: 1 }, 10)]).toEqual([0, 0]);
  });

  it("[CHN20] a message under the key of another one takes its place", () => {
    const held = heldWith(open().held, message(10, 1, 1));
    held.put(message(10, 1, 2), frame(99));
    expect([held.due(START, EVER, 10), held.frame(message(10, 1))]).toEqual([[message(10, 1, 2)], frame(99)]);
  });

  it("[CHN20] a message that was removed is not there, the others are", () => {
    const held = heldWith(open().held, message(10, 1), message(10, 2), message(11, 1));
    held.remove({ due: 10, seq: 2 });
    held.remove({ due: 10, seq: 3 });
    expect(held.due(START, EVER, 10)).toEqual([message(10, 1), message(11, 1)]);
    expect([held.frame(message(10, 2)), held.frame(message(11, 1))]).toEqual([null, frame(1)]);
  });

  it("[CHN20] the same seq may be held under two times", () => {
    const held = open().held;
    held.put(message(0, 1), frame(7));
    held.put(message(10, 1), frame(8));
    expect([held.frame({ due: 0, seq: 1 }), held.frame({ due: 10, seq: 1 })]).toEqual([frame(7), frame(8)]);
  });

  it("[CHN14] after clearing nothing is held, and others can come; the state stays", () => {
    const store = open();
    store.save(() => frame(1));
    heldWith(store.held, message(10, 1), message(0, 2)).clear();
    expect([store.held.count(START), store.held.frame(message(10, 1)), store.load()]).toEqual([0, null, frame(1)]);
    heldWith(store.held, message(5, 5));
    expect(store.held.due(START, EVER, 10)).toEqual([message(5, 5)]);
  });

  it("[CHN20] times and seqs may be as large as they get", () => {
    const seq = 2 ** 52 + 1;
    const held = heldWith(open().held, message(T0 * 1_000, seq), message(T0 * 1_000, seq + 1));
    expect(held.due({ due: T0 * 1_000, seq }, EVER, 10)).toEqual([message(T0 * 1_000, seq + 1)]);
    expect(held.frame({ due: T0 * 1_000, seq })).toEqual(frame(seq % 256));
  });

  it("[CHN20] seeded: the store agrees with a plain sorted list", () => {
    const random = new Random(5);
    const { held } = open();
    let list: HeldMessage[] = [];
    const key = () => ({ due: random.int(12), seq: random.int(12) });
    const behind = (a: { due: number; seq: number }, b: { due: number; seq: number }) =>
      a.due > b.due || (a.due === b.due && a.seq > b.seq);
    for (let step = 0; step < 2_000; step++) {
      const one = key();
      list = list.filter(({ due, seq }) => due !== one.due || seq !== one.seq);
      if (random.chance(60)) {
        const put = { ...one, attempts: random.int(100) };
        held.put(put, frame(put.attempts));
        list = [...list, put].sort((a, b) => (behind(a, b) ? 1 : -1));
      } else {
        held.remove(one);
      }
      const after = key();
      const now = random.int(13);
      const rest = list.filter((message) => behind(message, after));
      const due = rest.filter((message) => message.due <= now);
      expect(held.due(after, now, 5), `step ${step}`).toEqual(due.slice(0, 5));
      expect([held.nextDue(after), held.count(after), held.count(after, now)], `step ${step}`).toEqual([
        rest[0]?.due ?? null,
        rest.length,
        due.length,
      ]);
      expect(held.frame(after)).toEqual(
        list
          .filter(({ due, seq }) => due === after.due && seq === after.seq)
          .map(({ attempts }) => frame(attempts))[0] ?? null,
      );
    }
  });
});

describe("SqliteChannelStore", () => {
  it("[DUR7] looking for a channel that never was writes nothing", () => {
    const database = new Database();
    expect(new SqliteChannelStore(database).load()).toBeNull();
    expect([...database.runs.keys()]).toEqual(["SELECT"]);
  });

  it("[CHN20] a save that fails leaves the state and the held messages as they were", () => {
    const database = new Database();
    const store = sqliteStore(database);
    store.save(() => frame(1));
    heldWith(store.held, message(10, 1));
    const changes = () => {
      store.held.remove(message(10, 1));
      store.held.put(message(20, 2), frame(2));
      return frame(3);
    };
    database.fails = (statement) => statement.includes("INTO state");
    expect(() => store.save(changes)).toThrow("disk is full");
    database.fails = () => false;
    expect([store.load(), store.held.due(START, EVER, 10)]).toEqual([frame(1), [message(10, 1)]]);
  });

  it("[CHN20] state and held messages are found again when the object is made anew", () => {
    const database = new Database();
    const before = sqliteStore(database);
    before.save(() => frame(1));
    heldWith(before.held, message(10, 1, 3));
    const after = sqliteStore(database);
    expect([after.load(), after.held.due(START, EVER, 10)]).toEqual([frame(1), [message(10, 1, 3)]]);
  });

  it("[CHN14] clearing does not delete row by row, and writes nothing when nothing is held", () => {
    const database = new Database();
    const { held } = sqliteStore(database);
    const before = new Map(database.runs);
    held.clear();
    expect(database.count("DROP", "DELETE") - (before.get("DROP") ?? 0)).toBe(0);
    heldWith(held, message(10, 1), message(11, 2));
    held.clear();
    expect([database.count("DELETE"), database.rows("held")]).toEqual([0, 0]);
  });
});
