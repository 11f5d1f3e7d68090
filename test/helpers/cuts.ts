import { Random } from "./random.ts";

/** A stream as the pieces in which it arrives; `name` says how it was cut. */
export interface Cut {
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

const RANDOM_CUTS = 20;

/** A stream whole, byte by byte, in two pieces cut at every point, and in random pieces. */
export function* everyCut(stream: Uint8Array, seed = 1): Generator<Cut> {
  yield { name: "whole", pieces: [stream] };
  yield { name: "byte by byte", pieces: piecesOf(stream, () => 1) };
  for (let at = 1; at < stream.length; at++) {
    yield { name: `cut at ${at}`, pieces: [stream.subarray(0, at), stream.subarray(at)] };
  }
  yield* randomCuts(stream, seed);
}

/** A stream in random pieces, some of them empty. */
export function* randomCuts(stream: Uint8Array, seed = 1, count = RANDOM_CUTS): Generator<Cut> {
  for (let i = 0; i < count; i++) yield { name: `random, seed ${seed + i}`, pieces: randomPieces(stream, seed + i) };
}

/** One of the `randomCuts`. */
export function randomPieces(stream: Uint8Array, seed: number): Uint8Array[] {
  const random = new Random(seed);
  const longest = 2 + random.int(Math.max(1, stream.length));
  return piecesOf(stream, () => random.int(longest));
}

function piecesOf(stream: Uint8Array, nextLength: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + nextLength();
    pieces.push(stream.subarray(at, end));
    at = end;
  }
  return pieces;
}
