import { describe, expect, it } from "vitest";
import { InFlight } from "../../src/queue/in-flight.ts";
import { type Unfinished, unfinished } from "../../src/queue/unfinished.ts";
import { T0 } from "../helpers/records.ts";

function flight(seq: number, at: number): Unfinished {
  return { ...unfinished(seq, T0), attempts: 1, at };
}

function inFlightWith(...messages: Unfinished[]): InFlight {
  const inFlight = new InFlight(100);
  for (const message of messages) inFlight.add(message);
  return inFlight;
}

describe("InFlight", () => {
  it("[CHN8] messages time out at their deadlines, in order of these", () => {
    const inFlight = inFlightWith(
      flight(101, T0 + 30),
      flight(105, T0 + 10),
      flight(102, T0 + 10),
      flight(103, T0 + 31),
    );
    expect(inFlight.expire(T0 + 9)).toEqual([]);
    expect(inFlight.expire(T0 + 30).map(({ seq }) => seq)).toEqual([102, 105, 101]);
    expect([...inFlight].map(({ seq }) => seq)).toEqual([103]);
    expect([inFlight.get(101), inFlight.earliest]).toEqual([undefined, T0 + 31]);
  });

  it("[CHN8] the next deadline is never given too late", () => {
    const first = flight(101, T0 + 10);
    const second = flight(102, T0 + 20);
    const inFlight = inFlightWith(first, second);
    expect(inFlight.earliest).toBe(T0 + 10);
    inFlight.remove(first);
    expect(inFlight.earliest).toBeLessThanOrEqual(T0 + 20);
    inFlight.add(flight(103, T0 + 5));
    expect(inFlight.earliest).toBe(T0 + 5);
    inFlight.expire(T0 + 5);
    expect(inFlight.earliest).toBe(T0 + 20);
  });

  it("[CHN8] without anything in flight there is no deadline", () => {
    const only = flight(101, T0 + 10);
    const inFlight = inFlightWith(only);
    inFlight.remove(only);
    expect([inFlight.earliest, inFlight.size]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });

  it("[CHN9] a deadline that was moved counts, to a later or an earlier one", () => {
    const message = flight(101, T0 + 10);
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

  it("[CHN14] after clearing nothing is in flight", () => {
    const inFlight = inFlightWith(flight(101, T0));
    inFlight.clear();
    expect([inFlight.size, inFlight.get(101), inFlight.expire(T0)]).toEqual([0, undefined, []]);
  });
});
