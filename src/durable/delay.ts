// What is done some time after there was first something to do, once for all that comes until then.

export class Delay {
  readonly #delayMs: number;
  readonly #due: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #dueAt: number | null = null;

  constructor(delayMs: number, due: () => void) {
    this.#delayMs = delayMs;
    this.#due = due;
  }

  /** When it will be done, ms: until then the object is awake. Null when there is nothing to do. */
  get dueAt(): number | null {
    return this.#dueAt;
  }

  /** It is done. */
  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#dueAt = null;
  }

  /** There is something to do. */
  start(now: number): void {
    if (this.#timer !== null) return;
    this.#dueAt = now + this.#delayMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#dueAt = null;
      this.#due();
    }, this.#delayMs);
  }
}
