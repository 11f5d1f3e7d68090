import { describe, expect, it } from "vitest";
import {
  type ChannelStore,
  type HeldKey,
  type HeldMessage,
  type HeldStore,
  inOrder,
  isBehind,
} from "../../src/queue/channel-store.ts";
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

/** What comes together. */
function heldWith(held: HeldStore, ...messages: HeldMessage[]): HeldStore {
  held.put(messages.map((one) => ({ ...one, frame: frame(one.seq % 256) })));
  return held;
}

/** Takes a message out of its page. */
function remove(held: HeldStore, key: HeldKey): void {
  const page = held.page(key);
  if (page)
    held.keep(
      page,
      page.messages.filter((other) => inOrder(other, key) !== 0),
    );
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
      remove(store.held, message(10, 1));
      heldWith(store.held, message(20, 2));
      return frame(3);
    });
    expect([store.load(), store.held.due(START, EVER, 10)]).toEqual([frame(3), [message(20, 2)]]);
  });

  it("[CHN20] nothing is held at first", () => {
    const { held } = open();
    expect([held.due(START, EVER, 10), held.count(START)]).toEqual([[], 0]);
    expect([held.page(message(1, 1)), held.frame(message(1, 1))]).toEqual([null, null]);
    held.clear();
    held.put([]);
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

  it("[CHN20] messages are counted behind a key, all of them or those that are due", () => {
    const held = heldWith(open().held, message(20, 1), message(10, 9), message(10, 3), message(0, 5));
    expect([held.count(START), held.count(START, 10), held.count(START, 9), held.count(START, 0)]).toEqual([
      4, 3, 1, 1,
    ]);
    expect([held.count({ due: 0, seq: 5 }), held.count({ due: 10, seq: 3 }, 10)]).toEqual([3, 1]);
    expect([held.count({ due: 20, seq: 1 }), held.count({ due: 20, seq: 1 }, 10)]).toEqual([0, 0]);
  });

  it("[CHN20] a message that was removed is not there, the others are", () => {
    const held = heldWith(open().held, message(10, 1), message(10, 2), message(11, 1));
    remove(held, { due: 10, seq: 2 });
    remove(held, { due: 10, seq: 3 });
    expect(held.due(START, EVER, 10)).toEqual([message(10, 1), message(11, 1)]);
    expect([held.frame(message(10, 2)), held.frame(message(11, 1))]).toEqual([null, frame(1)]);
  });

  it("[CHN20] the same seq may be held under two times", () => {
    const held = open().held;
    held.put([{ ...message(0, 1), frame: frame(7) }]);
    held.put([{ ...message(10, 1), frame: frame(8) }]);
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

  it.each([1, 2, 3, 4, 5])("[CHN20] seeded: the store agrees with a plain sorted list, seed %i", (seed) => {
    const random = new Random(seed);
    const { held } = open();
    let list: HeldMessage[] = [];
    // Also across the boundaries of pages.
    const key = () => ({ due: random.pick([0, 1, 2, 65_535, 65_536, 200_000]) + random.int(2), seq: random.int(12) });
    for (let step = 0; step < 1_000; step++) {
      if (random.chance(40)) {
        const put = new Map<string, HeldMessage>();
        for (let i = random.int(10); i >= 0; i--) {
          const one = { ...key(), attempts: random.int(100) };
          if (!list.some((other) => inOrder(other, one) === 0)) put.set(`${one.due} ${one.seq}`, one);
        }
        held.put([...put.values()].map((one) => ({ ...one, frame: frame(one.attempts) })));
        list = [...list, ...put.values()].sort(inOrder);
      } else if (list.length > 0) {
        const page = held.page(random.pick(list));
        const left = (page?.messages ?? []).filter(() => random.chance(30));
        const isLeft = (one: HeldMessage) => left.some((other) => inOrder(other, one) === 0);
        const isOfPage = (one: HeldMessage) => page?.messages.some((other) => inOrder(other, one) === 0);
        if (page) held.keep(page, left);
        list = list.filter((one) => !isOfPage(one) || isLeft(one));
      }
      const after = key();
      const now = key().due;
      const rest = list.filter((one) => isBehind(one, after));
      const due = rest.filter((one) => one.due <= now);
      expect(held.due(after, now, 5), `step ${step}`).toEqual(due.slice(0, 5));
      expect([held.count(after), held.count(after, now)], `step ${step}`).toEqual([rest.length, due.length]);
      const one = list.find((other) => inOrder(other, after) === 0);
      expect([held.frame(after), held.page(after) !== null]).toEqual([
        one ? frame(one.attempts) : null,
        one !== undefined,
      ]);
    }
  });

  it.each([1, 7, 64, 1_000])("[CHN20] very many are read in order, %i at a time, however they came", (limit) => {
    const { held } = open();
    const all = Array.from({ length: 3_000 }, (_, index) => message(T0 + ((index * 997) % 1_000), index + 1));
    for (let from = 0; from < all.length; from += 300) heldWith(held, ...all.slice(from, from + 300));
    const read: HeldMessage[] = [];
    for (let after: HeldKey = START; read.length < 500; after = read.at(-1) as HeldKey) {
      read.push(...held.due(after, EVER, limit));
    }
    expect(read).toEqual(all.toSorted(inOrder).slice(0, read.length));
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
      remove(store.held, message(10, 1));
      heldWith(store.held, message(20, 2));
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

  it("[CHN24] those that come together and fall due within 8 s share rows, 128 or 128 KB at most", () => {
    const rowsOf = (...messages: [due: number, bytes: number][]) => {
      const database = new Database();
      sqliteStore(database).held.put(
        messages.map(([due, bytes], index) => ({ ...message(due, index + 1), frame: new Uint8Array(bytes) })),
      );
      return [database.rows("held"), database.rows("held_page")];
    };
    const many = (count: number, due: number, bytes: number) => Array(count).fill([due, bytes]) as [number, number][];
    expect(rowsOf(...many(128, T0, 100))).toEqual([0, 1]);
    expect(rowsOf(...many(129, T0, 100))).toEqual([1, 1]);
    expect(rowsOf(...many(1_280, T0, 10))).toEqual([0, 10]);
    expect(rowsOf(...many(16, T0, 8_192))).toEqual([0, 1]);
    expect(rowsOf(...many(17, T0, 8_192))).toEqual([1, 1]);
    // From four on that costs less than rows of their own.
    expect(rowsOf(...many(3, T0, 100))).toEqual([3, 0]);
    expect(rowsOf(...many(4, T0, 100), ...many(5, T0 + 200_000, 100), [T0 + 400_000, 1])).toEqual([1, 2]);
    expect(rowsOf(...many(4, T0, 100_000))).toEqual([4, 0]);
  });

  it("[CHN16] [CHN24] four pages overlap at most: what comes then has rows of its own", () => {
    const database = new Database();
    const { held } = sqliteStore(database);
    const put = (from: number) =>
      heldWith(held, ...Array.from({ length: 10 }, (_, index) => message(T0 + from + 100 * index, ++seqs)));
    let seqs = 0;
    const rows = () => [database.rows("held"), database.rows("held_page")];
    for (let i = 0; i < 4; i++) put(i);
    expect(rows()).toEqual([0, 4]);
    put(5);
    expect(rows()).toEqual([10, 4]);
    put(2_000);
    expect(rows()).toEqual([10, 5]);
  });

  it("[CHN24] what is looked for again and again is not read each time", () => {
    const database = new Database();
    const { held } = sqliteStore(database);
    heldWith(held, ...Array.from({ length: 128 }, (_, index) => message(T0, index + 1)));
    const messages = held.due(START, EVER, 128);
    const before = database.count("SELECT");
    for (const one of messages) expect(held.frame(one)).toEqual(frame(one.seq % 256));
    expect(database.count("SELECT")).toBe(before);
  });

  it("[CHN14] clearing does not delete row by row, and writes nothing when nothing is held", () => {
    const database = new Database();
    const { held } = sqliteStore(database);
    const before = new Map(database.runs);
    held.clear();
    expect(database.count("DROP", "DELETE") - (before.get("DROP") ?? 0)).toBe(0);
    heldWith(held, message(10, 1), message(11, 2));
    held.clear();
    expect([database.count("DELETE"), database.rows("held"), database.rows("held_page")]).toEqual([0, 0, 0]);
  });
});
