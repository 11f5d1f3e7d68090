const SMALL_BYTES = 4_096;
/** Odd, so that large slices do not fall on round offsets either. */
const LARGE_FACTOR = 1_021;

/** Cuts a byte stream into slices of the given sizes, in turn. Late in a stream they grow, to keep large bodies quick. */
export class Slicer {
  readonly #sizes: readonly number[];
  #turn = 0;
  #total = 0;

  /** @throws what `checkSizes` does */
  constructor(sizes: readonly number[]) {
    checkSizes(sizes);
    this.#sizes = sizes;
  }

  /** All of the data at once: its last slice may be smaller than its turn, because nobody may wait for more. */
  cut(data: Buffer): Buffer[] {
    const slices: Buffer[] = [];
    for (let start = 0; start < data.length; ) {
      const slice = data.subarray(start, start + this.#nextSize());
      slices.push(slice);
      start += slice.length;
      this.#total += slice.length;
    }
    return slices;
  }

  #nextSize(): number {
    const size = this.#sizes[this.#turn++ % this.#sizes.length] as number;
    return this.#total < SMALL_BYTES ? size : size * LARGE_FACTOR;
  }
}

/** @throws when there are no sizes, or one is not a positive whole number */
export function checkSizes(sizes: readonly number[]): void {
  const isUsable = sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && size > 0);
  if (!isUsable) throw new Error(`not usable as slice sizes: ${sizes.join()}`);
}
