// Keeps an object from sleeping while what it has in memory is nowhere else.

const LOOK_AGAIN_MS = 5_000;

export class KeepAwake {
  readonly #isNeeded: () => boolean;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(isNeeded: () => boolean) {
    this.#isNeeded = isNeeded;
  }

  /** To be called when it may have become needed, or needed no longer. */
  check(): void {
    if (!this.#isNeeded()) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    } else if (this.#timer === null) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.check();
      }, LOOK_AGAIN_MS);
    }
  }
}
