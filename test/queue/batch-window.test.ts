import { describe, expect, it } from "vitest";
import { EMPTY, toByteString } from "../../src/protocol/bytes.ts";
import { BatchWindow } from "../../src/queue/batch-window.ts";
import type { Batch } from "../../src/queue/log-store.ts";
import { batchOf, draft, framesIn, T0 } from "../helpers/records.ts";

/** Messages `m<seq>`. */
function batch(first: number, count: number): Batch {
  return batchOf(
    first,
    Array.from({ length: count }, (_, i) => `m${first + i}`),
  );
}

/** A range whose messages were dropped. */
function nothing(first: number, count: number): Batch {
  return { first, count, bytes: EMPTY };
}

function windowWith(cursor: number, ...batches: Batch[]): BatchWindow {
  const window = new BatchWindow(cursor);
  for (const one of batches) expect(window.add(one)).toBe(true);
  return window;
}

/** Takes the next message; gives its body. */
function next(window: BatchWindow): string {
  const seq = window.cursor;
  const run = window.takePlain(1);
  expect(run?.first).toBe(seq);
  const [received] = framesIn(run?.frames ?? []);
  expect(received?.seq).toBe(seq);
  return toByteString(received?.body ?? EMPTY);
}

function rest(window: BatchWindow): string[] {
  const bodies: string[] = [];
  while (window.fresh > 0) bodies.push(next(window));
  return bodies;
}

describe("BatchWindow", () => {
  it("[CHN4] messages are taken in the order of the log, over the ends of batches", () => {
    const window = windowWith(10, batch(10, 2), batch(12, 1), batch(13, 3));
    expect([window.fresh, window.end, window.cursor]).toEqual([6, 16, 10]);
    expect(rest(window)).toEqual(["m10", "m11", "m12", "m13", "m14", "m15"]);
    expect([window.fresh, window.end, window.cursor, window.freshBytes]).toEqual([0, 16, 16, 0]);
  });

  it("[CHN19] a batch that is known already brings nothing, whole or in part", () => {
    const window = windowWith(10, batch(10, 4));
    next(window);
    for (const known of [batch(10, 4), batch(10, 1), batch(11, 2), batch(3, 5)]) expect(window.add(known)).toBe(true);
    expect(window.end).toBe(14);
    expect(window.add(batch(12, 4))).toBe(true);
    expect(rest(window)).toEqual(["m11", "m12", "m13", "m14", "m15"]);
  });

  it("[CHN19] a batch behind a gap is not taken", () => {
    const window = windowWith(10, batch(10, 2));
    expect(window.add(batch(13, 1))).toBe(false);
    expect([window.end, rest(window)]).toEqual([12, ["m10", "m11"]]);
    expect(window.add(batch(13, 1))).toBe(false);
    expect(window.add(batch(12, 1))).toBe(true);
    expect(rest(window)).toEqual(["m12"]);
  });

  it("[CHN19] a batch that begins before the cursor is entered at the cursor", () => {
    const window = windowWith(12, batch(10, 5));
    expect([window.fresh, rest(window)]).toEqual([3, ["m12", "m13", "m14"]]);
  });

  it("[LOG6] a range whose messages were dropped is passed by, wherever it lies", () => {
    expect(windowWith(10, nothing(10, 5)).cursor).toBe(15);
    const window = windowWith(
      10,
      nothing(8, 4),
      batch(12, 1),
      nothing(13, 2),
      nothing(15, 2),
      batch(17, 1),
      nothing(18, 2),
    );
    expect(rest(window)).toEqual(["m12", "m17"]);
    expect([window.cursor, window.end, window.fresh]).toEqual([20, 20, 0]);
    expect(window.add(batch(20, 1))).toBe(true);
    expect(rest(window)).toEqual(["m20"]);
  });

  it("[CHN14] a jump drops what is at hand and goes on behind it", () => {
    const window = windowWith(10, batch(10, 4));
    next(window);
    window.jump(20);
    expect([window.cursor, window.end, window.fresh, window.freshBytes]).toEqual([20, 20, 0, 0]);
    expect(window.frame(10)).toBeNull();
    expect(window.add(batch(18, 4))).toBe(true);
    expect(rest(window)).toEqual(["m20", "m21"]);
  });

  it("[CHN16] what was delivered is kept up to some MB for redelivery, not longer", () => {
    const window = windowWith(0);
    const size = 100_000;
    const kept = () =>
      Array.from({ length: window.cursor }, (_, seq) => seq).filter((seq) => window.frame(seq) !== null);
    for (let seq = 0; seq < 200; seq++) {
      window.add(batchOf(seq, [draft(new Uint8Array(size).fill(seq))]));
      window.advance();
      expect(kept().length).toBeLessThanOrEqual((3 * 2 ** 20) / size);
    }
    expect(kept().length).toBeGreaterThanOrEqual(2 ** 20 / size - 1);
    expect(kept().at(-1)).toBe(199);
    expect(framesIn([window.frame(199) ?? EMPTY])[0]?.body).toEqual(new Uint8Array(size).fill(199));
  });

  it("[LOG10] a message's frame is found in its batch, deferred or not", () => {
    const window = windowWith(10, batchOf(10, ["a", draft("b", T0 + 1), "c"]), nothing(13, 1));
    const bodies = [10, 11, 12].map((seq) => framesIn([window.frame(seq) ?? EMPTY])[0]?.body);
    expect(bodies.map((body) => toByteString(body ?? EMPTY))).toEqual(["a", "b", "c"]);
    expect([window.frame(9), window.frame(13), window.frame(14)]).toEqual([null, null, null]);
  });
});

describe("a run of plain records", () => {
  /** What `takePlain` gives: seqs and bodies, and where the frames end. */
  function taken(window: BatchWindow, limit: number): unknown {
    const run = window.takePlain(limit);
    return run && [run.first, ...framesIn(run.frames).map(({ body }) => toByteString(body)), ...run.ends];
  }

  it("[LOG10] ends before a deferred record, at the limit, or with what is at hand", () => {
    const window = windowWith(1, batchOf(1, ["a", "bb", "ccc", draft("d", T0), "e"]));
    expect(taken(window, 1)).toEqual([1, "a", 35]);
    expect(taken(window, 9)).toEqual([2, "bb", "ccc", 36, 36 + 37]);
    expect([taken(window, 9), window.cursor]).toEqual([null, 4]);
    window.advance();
    expect(taken(window, 9)).toEqual([5, "e", 35]);
    expect(taken(window, 9)).toBeNull();
  });

  it("[LOG10] goes on in the next batch, but not behind a gap", () => {
    const window = windowWith(1, batch(1, 2), batch(3, 3), nothing(6, 2), batch(8, 1));
    expect(taken(window, 4)).toEqual([1, "m1", "m2", "m3", "m4", 36, 72, 108, 144]);
    expect(taken(window, 4)).toEqual([5, "m5", 36]);
    expect(taken(window, 4)).toEqual([8, "m8", 36]);
    expect([window.fresh, window.freshBytes]).toEqual([0, 0]);
  });

  it("[CHN18] ends with a batch when it is long, so that its consumer is looked at before it gets more", () => {
    const large = "x".repeat(2 ** 19);
    const window = windowWith(1, batchOf(1, [large]), batchOf(2, [large]), batch(3, 1));
    expect([1, 2, 3].map(() => window.takePlain(9)?.ends.length)).toEqual([1, 1, 1]);
  });
});
