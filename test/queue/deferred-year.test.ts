// A hundred thousand deferred messages over a year, which the test lets go by.

import { describe, expect, it } from "vitest";
import type { ChannelStore } from "../../src/queue/channel-store.ts";
import type { Consumer } from "../../src/queue/consumer.ts";
import { SqliteChannelStore } from "../../src/storage/sqlite-channel-store.ts";
import { ChannelRig } from "../helpers/channel.ts";
import { Random } from "../helpers/random.ts";
import { draft, framesIn, T0 } from "../helpers/records.ts";
import { Database } from "../helpers/sql.ts";

const MESSAGES = 100_000;
/** Different instants at which they fall due. */
const INSTANTS = 20_000;
const PER_PUBLISH = 1_000;
const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;
/** What a saved state may have, bytes: that of a channel with a few messages in memory. */
const MAX_STATE = 1_000;

function sqliteStore(): SqliteChannelStore {
  const database = new Database();
  SqliteChannelStore.createTables(database);
  return new SqliteChannelStore(database);
}

/** A channel, and what is known of its deferred messages. */
class Year {
  readonly rig: ChannelRig;
  /** When each message falls due, by seq. */
  readonly due: readonly number[];
  /** Seqs in the order in which they should come first. */
  readonly expected: readonly number[];
  readonly received = new Set<number>();
  /** The largest state that was saved, bytes. */
  largestState = 0;
  consumer: Consumer;
  #unsaved = new Set<number>();

  constructor(store: ChannelStore, due: (index: number) => number) {
    this.rig = new ChannelRig({ store });
    this.consumer = this.rig.connect({ rdy: 2_500 });
    const instants = Array.from({ length: MESSAGES }, (_, index) => T0 + due(index));
    for (let from = 0; from < MESSAGES; from += PER_PUBLISH) {
      this.rig.publish(...instants.slice(from, from + PER_PUBLISH).map((at) => draft("", at)));
      this.#look();
    }
    this.due = [0, ...instants];
    this.expected = instants
      .map((at, index) => ({ at, seq: index + 1 }))
      .sort((a, b) => a.at - b.at || a.seq - b.seq)
      .map(({ seq }) => seq);
  }

  /** Finishes what has come, which must be due and, when it comes first, next. Returns how many came. */
  receive(): number {
    const seqs = framesIn(this.consumer.outbox.splice(0)).map(({ seq }) => seq);
    for (const seq of seqs) {
      if ((this.due[seq] as number) > this.rig.now) throw new Error(`${seq} came early`);
      if (this.received.has(seq)) {
        if (!this.#unsaved.has(seq)) throw new Error(`${seq} came again, though it was finished`);
      } else {
        const next = this.expected[this.received.size];
        if (seq !== next) throw new Error(`${seq} came before ${next}`);
        this.received.add(seq);
      }
      this.#unsaved.add(seq);
      this.rig.queue.finish(this.consumer, seq, this.rig.now);
    }
    return seqs.length;
  }

  save(): void {
    this.rig.save();
    this.#unsaved = new Set();
    this.#look();
  }

  /** Goes on from what was saved last, and after some time with another consumer. */
  crash(ms = 0): void {
    this.rig.crash();
    this.rig.now += ms;
    this.consumer = this.rig.connect({ rdy: 2_500 });
  }

  #look(): void {
    this.largestState = Math.max(this.largestState, this.rig.store.load()?.length ?? 0);
  }
}

describe("ChannelQueue with a hundred thousand deferred messages over a year", () => {
  function yearOf(random: Random): Year {
    const year = new Year(sqliteStore(), () => (1 + random.int(INSTANTS)) * (YEAR / INSTANTS));
    expect(year.rig.counts()).toMatchObject({ depth: 0, inFlight: 0, deferred: MESSAGES });
    return year;
  }

  /** All have come, each in its turn, and nothing is left of them. */
  function expectAll(year: Year, seed: number): void {
    year.save();
    expect(year.received.size, `seed ${seed}`).toBe(MESSAGES);
    expect([year.rig.counts().deferred, year.rig.queue.isIdle]).toEqual([0, true]);
    expect(year.largestState).toBeLessThan(MAX_STATE);
  }

  it("[BIG5] gives none early, all by due time, over crashes, and has few in memory", { timeout: MINUTE }, () => {
    const seed = 1;
    const random = new Random(seed);
    const year = yearOf(random);
    const { rig } = year;
    let wakeUps = 0;
    for (let at = rig.queue.nextWakeAt(rig.now); at < Number.POSITIVE_INFINITY; at = rig.queue.nextWakeAt(rig.now)) {
      wakeUps++;
      rig.wait(at - rig.now);
      year.receive();
      if (random.chance(50)) year.save();
      if (random.int(1_000) === 0) {
        year.crash();
        year.receive();
      }
    }
    expect(wakeUps, `seed ${seed}`).toBe(new Set(year.due.slice(1)).size);
    expectAll(year, seed);
  });

  it("[BIG5] gives all by due time to a consumer that is seldom there", { timeout: MINUTE }, () => {
    const seed = 2;
    const random = new Random(seed);
    const year = yearOf(random);
    while (year.received.size < MESSAGES) {
      year.crash(random.int(YEAR / 3));
      while (year.receive() > 0) year.rig.proceed();
      if (random.chance(50)) year.save();
    }
    expectAll(year, seed);
  });
});
