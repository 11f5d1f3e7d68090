// How long a row waits for callers. Those who are answered together publish again together, if they do: a row that went without
// them would hold the first one or two, and cost as much as one for all.

/** How long callers have for their next publish, ms: what they would wait for a commit elsewhere. */
const MOMENT_MS = 2;

export class Gathering {
  /** How many callers shared the last row. */
  #last = 0;
  #expected = 0;
  #complete: (() => void) | null = null;

  /**
   * A row of so many callers was stored and they are answered now, while so many wait for the next one. Resolves when as many wait
   * as shared one of the last two rows, since two crowds may come by turns; or after a moment.
   */
  begin(answered: number, waiting: number): Promise<void> {
    this.#expected = Math.max(answered, this.#last);
    this.#last = answered;
    if (waiting >= this.#expected) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.#complete = null;
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(end, MOMENT_MS);
      this.#complete = end;
    });
  }

  /** Another caller came: so many wait now. */
  came(waiting: number): void {
    if (waiting >= this.#expected) this.#complete?.();
  }
}
