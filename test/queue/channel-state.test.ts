import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ChannelState,
  decodeChannelState,
  encodeChannelState,
  idleState,
  type SavedMessage,
} from "../../src/queue/channel-state.ts";
import { T0 } from "../helpers/records.ts";

const DAY = 24 * 60 * 60_000;
const START = T0 * 1_024;

const instant = fc.integer({ min: T0 - DAY, max: T0 + DAY });
const seq = fc.integer({ min: START, max: START + 2 ** 40 });
const flag = fc.boolean();
const message: fc.Arbitrary<SavedMessage> = fc.record({
  seq,
  attempts: fc.nat(70_000),
  takenAt: instant,
  heldDue: fc.oneof(fc.constant(null), fc.constant(0), instant),
});
const inFlight = fc.tuple(message, fc.record({ owner: fc.nat(300), deliveredAt: instant, at: instant }));
const deferred = fc.tuple(message, fc.record({ at: instant }));
const range = fc.tuple(seq, fc.nat(5_000)).map(([from, count]) => ({ from, to: from + count }));
const flight = fc.record({ ranges: fc.array(range), owner: fc.nat(300), deliveredAt: instant, at: instant });
/** Any byte string, as connection ids are. */
const id = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });

const bins = fc.record({ zeros: fc.nat(), first: fc.integer({ min: -2_000, max: 2_000 }), counts: fc.array(fc.nat()) });
const latency = fc.record({
  published: fc.array(fc.record({ count: fc.nat(), at: instant })),
  window: fc.option(fc.record({ since: instant, current: bins, previous: bins })),
});

const state: fc.Arbitrary<ChannelState> = fc
  .record({
    life: fc.record({ id: fc.constantFrom(0, 1, START), start: fc.constantFrom(0, 1, START) }),
    taken: fc.nat(2 ** 31 - 1),
    isPaused: flag,
    requeueCount: fc.maxSafeNat(),
    timeoutCount: fc.nat(),
    heldMark: fc.record({ due: fc.oneof(fc.constant(0), instant), seq }),
    ahead: fc.array(fc.record({ seq, due: fc.oneof(fc.constant(0), instant) })),
    owners: fc.array(fc.record({ id, isConnected: flag }), { maxLength: 5 }),
    flights: fc.array(flight),
    inFlight: fc.array(inFlight.map(([a, b]) => ({ ...a, ...b }))),
    waiting: fc.array(message),
    deferred: fc.array(deferred.map(([a, b]) => ({ ...a, ...b }))),
    latency: fc.option(latency),
  })
  .map(({ taken, ...rest }) => ({ ...rest, cursor: rest.life.start + taken }));

function idle(cursor: number): ChannelState {
  return idleState({ life: { id: START, start: START }, cursor, requeueCount: 0, timeoutCount: 0 });
}

/** One of everything, small enough to look at each of its prefixes. */
const example: ChannelState = {
  life: { id: START + 3, start: START },
  cursor: START + 500,
  isPaused: true,
  requeueCount: 3,
  timeoutCount: 200,
  heldMark: { due: T0 - 1, seq: START + 7 },
  ahead: [
    { seq: START + 501, due: 0 },
    { seq: START + 700, due: T0 + 60_000 },
  ],
  latency: {
    published: [{ count: 3, at: T0 - 10 }],
    window: {
      since: T0 - 60_000,
      current: { zeros: 1, first: 40, counts: [1, 0, 300] },
      previous: { zeros: 0, first: 0, counts: [] },
    },
  },
  owners: [
    { id: "0f8fad5b", isConnected: true },
    { id: "\xff\x00", isConnected: false },
  ],
  flights: [
    {
      ranges: [
        { from: START + 20, to: START + 22 },
        { from: START + 30, to: START + 31 },
      ],
      owner: 0,
      deliveredAt: T0 - 7,
      at: T0 + 60_000,
    },
  ],
  inFlight: [
    { seq: START + 9, attempts: 1, takenAt: T0 - 5, heldDue: null, owner: 1, deliveredAt: T0 - 5, at: T0 + 9 },
  ],
  waiting: [
    { seq: START + 1, attempts: 65_536, takenAt: T0 - DAY, heldDue: 0 },
    { seq: START + 499, attempts: 2, takenAt: T0, heldDue: T0 - 1 },
  ],
  deferred: [{ seq: START + 3, attempts: 0, takenAt: T0 - 1, heldDue: null, at: T0 + DAY }],
};

describe("channel state", () => {
  it("[DUR2] a state is read back as it was saved", () => {
    fc.assert(
      fc.property(state, fc.integer({ min: T0 - DAY, max: T0 + DAY }), (saved, now) => {
        expect(decodeChannelState(encodeChannelState(saved, now))).toEqual(saved);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("[DUR2] a channel that has nothing unfinished saves a few bytes", () => {
    const saved = idle(START + 1_000_000);
    const bytes = encodeChannelState(saved, T0);
    expect(decodeChannelState(bytes)).toEqual(saved);
    expect(bytes.length).toBeLessThan(64);
  });

  it("[DUR2] many messages in flight are saved in far less than a row may hold", () => {
    const many = Array.from({ length: 50_000 }, (_, i) => ({
      seq: START + i,
      attempts: 1,
      takenAt: T0 - 59_000,
      heldDue: null,
      owner: i % 200,
      deliveredAt: T0 - 59_000,
      at: T0 + 1_000,
    }));
    const owners = Array.from({ length: 200 }, (_, i) => ({ id: `${i}`.padStart(36, "0"), isConnected: true }));
    const saved = { ...idle(START + 50_000), owners, inFlight: many };
    const bytes = encodeChannelState(saved, T0);
    expect(bytes.length).toBeLessThan(1_000_000);
    expect(decodeChannelState(bytes)).toEqual(saved);
  });

  it("[DUR2] what was delivered together and answered in order takes a few bytes, not some for each message", () => {
    const owners = [{ id: "0f8fad5b", isConnected: true }];
    const flights = Array.from({ length: 20 }, (_, i) => {
      const from = START + 500 * i;
      return { ranges: [{ from: from + 100, to: from + 500 }], owner: 0, deliveredAt: T0 - 9, at: T0 + 60_000 };
    });
    const saved = { ...idle(START + 10_000), owners, flights };
    const bytes = encodeChannelState(saved, T0);
    expect(bytes.length).toBeLessThan(64 + 20 * 16);
    expect(decodeChannelState(bytes)).toEqual(saved);
  });

  it("[DUR6] a state that was cut off anywhere is refused", () => {
    const bytes = encodeChannelState(example, T0);
    expect(decodeChannelState(bytes)).toEqual(example);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeChannelState(bytes.subarray(0, end)), `${end} of ${bytes.length} bytes`).toThrow("too early");
    }
  });

  it("[DUR6] a list that announces more than is there is refused at once", () => {
    const bytes = encodeChannelState(idle(START), T0);
    const lists = bytes.length - 5; // five empty lists end the state
    const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    for (let list = 0; list < 5; list++) {
      const damaged = Uint8Array.from([...bytes.subarray(0, lists + list), ...huge]);
      expect(() => decodeChannelState(damaged), `list ${list}`).toThrow();
    }
  });

  it("[DUR6] any bytes at all are a state or refused with an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeChannelState(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });
});
