import { describe, expect, it } from "vitest";
import { PublishTimes, publishRuns } from "../../src/queue/publish-times.ts";
import { T0 } from "../helpers/records.ts";

const FRAME = 34;

/** Frames of messages without a body, published at these instants, in pieces of so many. */
function framesOf(instants: readonly number[], perPiece: number): { pieces: Uint8Array[]; ends: number[] } {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < instants.length; from += perPiece) {
    const part = instants.slice(from, from + perPiece);
    const view = new DataView(new ArrayBuffer(part.length * FRAME));
    for (const [index, at] of part.entries()) view.setBigInt64(index * FRAME + 8, BigInt(at) * 1_000_000n);
    pieces.push(new Uint8Array(view.buffer));
  }
  return { pieces, ends: instants.map((_, index) => (index + 1) * FRAME) };
}

describe("PublishTimes", () => {
  it.each([1, 2, 3, 7])("[LAT1] knows each message of a flight, in any order, in pieces of %i", (perPiece) => {
    const instants = [T0, T0, T0 + 1, T0 + 1, T0 + 1, T0, T0 + 500];
    const { pieces, ends } = framesOf(instants, perPiece);
    const times = PublishTimes.of(pieces, ends);
    for (const index of [0, 1, 6, 3, 2, 5, 4, 0]) expect(times.at(index)).toBe(instants[index]);
  });

  it("[LAT1] finds them as fast backwards as forwards, or in any other order", { timeout: 10_000 }, () => {
    const instants = Array.from({ length: 200_000 }, (_, index) => T0 + index);
    const { pieces, ends } = framesOf(instants, instants.length);
    const times = PublishTimes.of(pieces, ends);
    const backwards = instants.map((_, index) => times.at(instants.length - 1 - index));
    expect(backwards).toEqual(instants.toReversed());
    const mixed = instants.map((_, index) => times.at((index * 61_803) % instants.length));
    expect(mixed).toEqual(instants.map((_, index) => T0 + ((index * 61_803) % instants.length)));
  });

  it("[LAT1] neighbours of an instant are one run", () => {
    expect(publishRuns([T0, T0, 0, T0])).toEqual([
      { count: 2, at: T0 },
      { count: 1, at: 0 },
      { count: 1, at: T0 },
    ]);
  });
});
