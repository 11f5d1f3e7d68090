import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { Flight } from "../../src/queue/flight.ts";
import { InFlight } from "../../src/queue/in-flight.ts";
import { type Unfinished, unfinished } from "../../src/queue/unfinished.ts";
import { consumer } from "../helpers/channel.ts";
import { T0 } from "../helpers/records.ts";

/** Bytes of each frame. */
const LENGTH = 50;

function single(seq: number, at: number): Unfinished {
  return { ...unfinished(seq, T0), attempts: 1, at };
}

function inFlightWith(...messages: Unfinished[]): InFlight {
  const inFlight = new InFlight(100);
  for (const message of messages) inFlight.add(message);
  return inFlight;
}

/** Messages that were sent at `now` and time out at `at`. */
function flight(first: number, count: number, at = T0 + 10, now = T0): Flight {
  const owner = consumer({ msgTimeoutMs: at - now });
  const ends = Array.from({ length: count }, (_, i) => (i + 1) * LENGTH);
  return new Flight(first, ends, owner, now);
}

function inFlightOf(...flights: Flight[]): InFlight {
  const inFlight = new InFlight(100);
  for (const one of flights) inFlight.start(one);
  return inFlight;
}

function land(inFlight: InFlight, ...seqs: number[]): void {
  for (const seq of seqs) inFlight.land(inFlight.flightOf(seq) as Flight, seq);
}

function seqsOf(messages: Iterable<{ seq: number }>): number[] {
  return Array.from(messages, ({ seq }) => seq);
}

describe("messages in flight on their own", () => {
  it("[CHN8] time out at their deadlines, in order of these", () => {
    const inFlight = inFlightWith(
      single(101, T0 + 30),
      single(105, T0 + 10),
      single(102, T0 + 10),
      single(103, T0 + 31),
    );
    expect(inFlight.expire(T0 + 9)).toEqual([]);
    expect(seqsOf(inFlight.expire(T0 + 30))).toEqual([102, 105, 101]);
    expect(seqsOf(inFlight.messages)).toEqual([103]);
    expect([inFlight.get(101), inFlight.earliest]).toEqual([undefined, T0 + 31]);
  });

  it("[CHN8] the next deadline is never given too late", () => {
    const first = single(101, T0 + 10);
    const second = single(102, T0 + 20);
    const inFlight = inFlightWith(first, second);
    expect(inFlight.earliest).toBe(T0 + 10);
    inFlight.remove(first);
    expect(inFlight.earliest).toBeLessThanOrEqual(T0 + 20);
    inFlight.add(single(103, T0 + 5));
    expect(inFlight.earliest).toBe(T0 + 5);
    inFlight.expire(T0 + 5);
    expect(inFlight.earliest).toBe(T0 + 20);
  });

  it("[CHN8] without anything in flight there is no deadline", () => {
    const only = single(101, T0 + 10);
    const inFlight = inFlightWith(only);
    inFlight.remove(only);
    expect([inFlight.earliest, inFlight.size]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it("[CHN9] a deadline that was moved counts, to a later or an earlier one", () => {
    const message = single(101, T0 + 10);
    const inFlight = inFlightWith(message);
    message.at = T0 + 50;
    inFlight.reschedule(message);
    expect(inFlight.expire(T0 + 49)).toEqual([]);
    expect(inFlight.earliest).toBe(T0 + 50);
    message.at = T0 + 20;
    inFlight.reschedule(message);
    expect(inFlight.earliest).toBe(T0 + 20);
    expect(inFlight.expire(T0 + 20)).toEqual([message]);
  });

  it("[CHN14] are none after clearing", () => {
    const inFlight = inFlightWith(single(101, T0));
    inFlight.start(flight(102, 2));
    inFlight.clear();
    expect([inFlight.size, inFlight.get(101), inFlight.flightOf(102), inFlight.expire(T0)]).toEqual([
      0,
      undefined,
      null,
      [],
    ]);
  });
});

describe("flights", () => {
  it("[CHN2] a message is found in its flight, until it lands", () => {
    const flights = [flight(110, 3), flight(113, 1), flight(120, 5)];
    const inFlight = inFlightOf(...flights);
    const found = (...seqs: number[]) => seqs.map((seq) => flights.indexOf(inFlight.flightOf(seq) as Flight));
    expect(found(109, 110, 112, 113, 114, 119, 120, 124, 125)).toEqual([-1, 0, 0, 1, -1, -1, 2, 2, -1]);
    land(inFlight, 111, 113, 124);
    expect(found(110, 111, 112, 113, 120, 124)).toEqual([0, -1, 0, -1, 2, -1]);
    expect([inFlight.size, inFlight.get(111)]).toEqual([6, undefined]);
  });

  it("[CHN1] are forgotten when all has landed, in whatever order", () => {
    for (const order of [(seqs: number[]) => seqs, (seqs: number[]) => seqs.toReversed()]) {
      const inFlight = inFlightOf(...Array.from({ length: 40 }, (_, i) => flight(100 + 3 * i, 3)));
      const left = order(Array.from({ length: 120 }, (_, i) => 100 + i));
      while (left.length > 0) {
        land(inFlight, left.shift() as number);
        expect(inFlight.flights.flatMap((one) => [...one]).length).toBe(left.length);
        for (const seq of left) expect(inFlight.flightOf(seq)?.has(seq), `${seq}`).toBe(true);
      }
      expect([inFlight.size, inFlight.earliest]).toEqual([0, Number.POSITIVE_INFINITY]);
    }
  });

  it("[CHN16] take no memory any more when all has landed", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const inFlight = inFlightOf(flight(100, 1)); // never lands
    const landed = Array.from({ length: 100 }, (_, i) => {
      const sent = flight(101 + i, 1);
      inFlight.start(sent);
      land(inFlight, 101 + i);
      return new WeakRef(sent);
    });
    await new Promise((resolve) => setImmediate(resolve)); // until then what a WeakRef was made of is kept
    collectGarbage();
    expect(landed.filter((sent) => sent.deref() !== undefined).length).toBeLessThanOrEqual(3);
    expect(inFlight.size).toBe(1);
  });

  it("[CHN8] time out as a whole, but for what has landed, in order of the deadlines", () => {
    const inFlight = inFlightOf(flight(101, 3, T0 + 30), flight(110, 2, T0 + 10), flight(120, 2, T0 + 31));
    inFlight.add(single(105, T0 + 20));
    expect(inFlight.earliest).toBe(T0 + 10);
    land(inFlight, 102);
    expect(inFlight.expire(T0 + 9)).toEqual([]);
    expect(seqsOf(inFlight.expire(T0 + 30))).toEqual([110, 111, 105, 101, 103]);
    expect([inFlight.size, inFlight.earliest]).toEqual([2, T0 + 31]);
  });

  it("[CHN9] a message that is asked for by itself leaves its flight as it was sent, and stays in flight", () => {
    const sent = flight(110, 3);
    const inFlight = inFlightOf(sent);
    const message = inFlight.get(111) as Unfinished;
    const deadline = { deliveredAt: T0, takenAt: T0, at: T0 + 10 };
    expect(message).toMatchObject({ seq: 111, attempts: 1, owner: sent.owner, position: 2 * LENGTH, ...deadline });
    expect([inFlight.size, inFlight.flightOf(111), inFlight.get(111)]).toEqual([3, null, message]);
    expect([...sent]).toEqual([110, 112]);
    inFlight.remove(message);
    expect([inFlight.size, inFlight.get(111)]).toEqual([2, undefined]);
  });

  it("[CHN15] the lowest seq is that of the first message that has not landed", () => {
    const inFlight = inFlightOf(flight(110, 2), flight(112, 2));
    land(inFlight, 111);
    expect(inFlight.lowest).toBe(110);
    land(inFlight, 110, 112);
    expect(inFlight.lowest).toBe(113);
    land(inFlight, 113);
    expect(inFlight.lowest).toBe(Number.POSITIVE_INFINITY);
  });

  it("[CHN15] [CHN16] break up when they are old, or hardly anything is left of them", () => {
    const inFlight = inFlightOf(
      flight(100, 2, T0 + 90, T0),
      flight(110, 16, T0 + 91, T0 + 1),
      flight(130, 16, T0 + 91, T0 + 1),
    );
    land(inFlight, ...Array.from({ length: 14 }, (_, i) => 110 + i));
    land(inFlight, ...Array.from({ length: 13 }, (_, i) => 130 + i));
    inFlight.settle(T0 + 1);
    expect(seqsOf(inFlight.messages)).toEqual([100, 101]);
    land(inFlight, 143, 144); // leaves 1 of 16
    inFlight.settle(T0 + 1);
    expect(seqsOf(inFlight.messages)).toEqual([100, 101, 145]);
    inFlight.settle(T0 + 2);
    expect(seqsOf(inFlight.messages)).toEqual([100, 101, 145, 124, 125]);
    expect([inFlight.flights, inFlight.size]).toEqual([[], 5]);
  });
});

describe("a flight", () => {
  it("[CHN18] tells of each message where it ended in the stream of its owner's messages", () => {
    const owner = consumer();
    owner.sent([new Uint8Array(1_000)], 1);
    const sent = new Flight(110, [10, 30, 60], owner, T0);
    expect([sent.land(112), sent.land(110), sent.land(111)]).toEqual([1_060, 1_010, 1_030]);
  });

  it("[DUR2] gives what is left of it as ranges", () => {
    const sent = flight(110, 6);
    expect(sent.ranges).toEqual([{ from: 110, to: 116 }]);
    for (const seq of [110, 113]) sent.land(seq);
    expect(sent.ranges).toEqual([
      { from: 111, to: 113 },
      { from: 114, to: 116 },
    ]);
    for (const seq of [111, 112, 114, 115]) sent.land(seq);
    expect([sent.ranges, sent.size]).toEqual([[], 0]);
  });
});
