// How long several answers are waited for, together.

export class Deadline {
  readonly #passed: Promise<never>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(ms: number) {
    this.#passed = new Promise<never>((_, reject) => {
      this.#timer = setTimeout(() => {
        this.#isOver = true;
        reject(new Error("no answer in time"));
      }, ms);
    });
    this.#passed.catch(() => {}); // nobody may be waiting
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Rejects when the answer does not come in time; once it is over, nothing is asked any more. */
  async wait<T>(ask: () => Promise<T>): Promise<T> {
    return this.#isOver ? this.#passed : Promise.race([ask(), this.#passed]);
  }

  /** All answers are there. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
