import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rdy, type Receiver } from "../../src/client/rdy.ts";

const TIMEOUTS = { lowRdyIdleTimeout: 10_000, lowRdyTimeout: 30_000 };

class Told implements Receiver {
  rdy = 0;
  lastMessageAt = 0;
  lastRdyAt = 0;
  readonly maxRdyCount: number;
  readonly #onTell: (told: Told, before: number) => void;

  constructor(maxRdyCount: number, onTell: (told: Told, before: number) => void) {
    this.maxRdyCount = maxRdyCount;
    this.#onTell = onTell;
  }

  tell(rdy: number): void {
    const before = this.rdy;
    this.rdy = rdy;
    this.#onTell(this, before);
  }
}

function startRdy(maxInFlight: number, count: number, maxRdyCount = 2_500) {
  const rdy = new Rdy<Told>(maxInFlight, TIMEOUTS, () => 0);
  const said: string[] = [];
  const receivers = Array.from(
    { length: count },
    (_, index) => new Told(maxRdyCount, (told) => said.push(`${index}: ${told.rdy}`)),
  );
  for (const receiver of receivers) rdy.add(receiver);
  return { rdy, said, receivers };
}

describe("RDY", () => {
  it.each([
    [10, 3, [3, 3, 3]],
    [2_500, 1, [2_500]],
    [5_000, 1, [2_500]],
    [2, 3, [1, 1, 0]],
    [0, 2, [0, 0]],
  ])("[CLIENT4] max in flight %d is shared out to %d connections", (maxInFlight, count, expected) => {
    const { rdy, receivers } = startRdy(maxInFlight, count);
    rdy.spread();
    expect(receivers.map((receiver) => receiver.rdy)).toEqual(expected);
  });

  it("[CLIENT4] is sent only when it changes", () => {
    const { rdy, said } = startRdy(4, 2);
    rdy.spread();
    rdy.spread();
    expect(said).toEqual(["0: 2", "1: 2"]);
  });

  it("[CLIENT4] is taken from others before a new connection gets its share", () => {
    const { rdy, said, receivers } = startRdy(4, 1);
    rdy.spread();
    rdy.add(new Told(2_500, (told) => said.push(`new: ${told.rdy}`)));
    rdy.spread();
    expect(said).toEqual(["0: 4", "0: 2", "new: 2"]);
    expect(receivers[0]?.rdy).toBe(2);
  });

  it("[CLIENT4] a smaller maximum is shared out at once", () => {
    const { rdy, said } = startRdy(10, 2);
    rdy.spread();
    rdy.change(4);
    rdy.spread();
    expect(said).toEqual(["0: 5", "1: 5", "0: 2", "1: 2"]);
  });

  it("[CLIENT4] goes from an idle connection to another when there is not one for each", () => {
    const { rdy, receivers } = startRdy(1, 2);
    rdy.spread();
    const [first, second] = receivers as [Told, Told];
    rdy.redistribute(10_000, false);
    expect([first.rdy, second.rdy]).toEqual([1, 0]);
    second.lastMessageAt = 10_001;
    rdy.redistribute(10_001, false);
    expect([first.rdy, second.rdy].reduce((a, b) => a + b)).toBe(1);
  });

  it("[CLIENT4] goes from a connection that had it for long to another, though it is in use", () => {
    const { rdy, receivers, said } = startRdy(1, 2);
    rdy.spread();
    for (const receiver of receivers) receiver.lastMessageAt = 30_000;
    rdy.redistribute(30_001, false);
    expect(said.slice(0, 2)).toEqual(["0: 1", "0: 0"]);
    expect(rdy.total).toBe(1);
  });

  it("[CLIENT4] in backoff there is one for all", () => {
    const { rdy } = startRdy(100, 4);
    rdy.tryOne();
    expect(rdy.total).toBe(1);
    rdy.redistribute(100_000, true);
    expect(rdy.total).toBe(1);
  });

  it("[CLIENT4] never exceeds max in flight, whatever happens in whatever order", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ step: fc.constant("add" as const), most: fc.integer({ min: 1, max: 10 }) }),
        fc.record({ step: fc.constant("remove" as const), index: fc.nat(9) }),
        fc.record({ step: fc.constant("change" as const), to: fc.nat(20) }),
        fc.record({ step: fc.constantFrom("spread" as const, "pause" as const, "tryOne" as const) }),
        fc.record({ step: fc.constant("redistribute" as const), after: fc.nat(40_000), isBackingOff: fc.boolean() }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(
        fc.nat(12),
        steps,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
        (max, all, chance) => {
          const rdy = new Rdy<Told>(max, TIMEOUTS, () => chance.next().value as number);
          const receivers: Told[] = [];
          let now = 0;
          const total = () => receivers.reduce((sum, receiver) => sum + receiver.rdy, 0);
          const check = (told: Told, before: number) => {
            told.lastRdyAt = now;
            expect(told.rdy).toBeLessThanOrEqual(told.maxRdyCount);
            expect(told.rdy).toBeGreaterThanOrEqual(0);
            if (told.rdy > before) expect(total()).toBeLessThanOrEqual(rdy.maxInFlight);
          };
          for (const step of all) {
            if (step.step === "add") {
              const told = new Told(step.most, check);
              receivers.push(told);
              rdy.add(told);
            } else if (step.step === "remove") {
              const [told] = receivers.splice(step.index % Math.max(1, receivers.length), 1);
              if (told) rdy.remove(told);
            } else if (step.step === "change") {
              rdy.change(step.to);
              rdy.spread();
            } else if (step.step === "redistribute") {
              now += step.after;
              rdy.redistribute(now, step.isBackingOff);
            } else rdy[step.step]();
            expect(total()).toBeLessThanOrEqual(rdy.maxInFlight);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
