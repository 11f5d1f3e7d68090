// When a channel saves its state that need not be saved at once: some time after the first change since the last save.

export class SaveTimer {
  readonly #delayMs: number;
  readonly #due: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #dueAt: number | null = null;

  constructor(delayMs: number, due: () => void) {
    this.#delayMs = delayMs;
    this.#due = due;
  }

  /** When the state will be saved, ms: until then the object is awake. Null when there is nothing to save. */
  get dueAt(): number | null {
    return this.#dueAt;
  }

  /** It was saved. */
  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#dueAt = null;
  }

  /** There is something to save. */
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
