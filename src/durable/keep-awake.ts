// Keeps an object from sleeping while what it has in memory is nowhere else.

const LOOK_AGAIN_MS = 5_000;

export class KeepAwake {
  readonly #isNeeded: () => boolean;
  #isAwake = false;

  constructor(isNeeded: () => boolean) {
    this.#isNeeded = isNeeded;
  }

  /** To be called when it may have become needed. */
  check(): void {
    if (this.#isAwake || !this.#isNeeded()) return;
    this.#isAwake = true;
    setTimeout(() => {
      this.#isAwake = false;
      this.check();
    }, LOOK_AGAIN_MS);
  }
}
