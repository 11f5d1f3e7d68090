// How long a row waits for callers. Those who are answered together publish again together, if they do: a row that went without
// them would hold the first one or two, and cost as much as one for all.

/** How long callers have for their next publish, ms: what they would wait for a commit elsewhere. */
const MOMENT_MS = 2;
/** A row waits no longer than so many moments, of which each must bring somebody. */
const MAX_MOMENTS = 2;

export class Gathering {
  #expected = 0;
  #waiting = 0;
  #complete: (() => void) | null = null;

  /**
   * A row of so many callers was stored and they are answered now, while so many wait for the next one. Resolves when all of them
   * wait, or when they do not come.
   */
  begin(answered: number, waiting: number): Promise<void> {
    this.#expected = answered + waiting;
    this.#waiting = waiting;
    return new Promise((resolve) => {
      let moments = 0;
      let before = waiting;
      const end = () => {
        this.#complete = null;
        clearTimeout(timer);
        resolve();
      };
      const next = () => {
        if (++moments === MAX_MOMENTS || this.#waiting === before) return end();
        before = this.#waiting;
        timer = setTimeout(next, MOMENT_MS);
      };
      let timer = setTimeout(next, MOMENT_MS);
      this.#complete = end;
    });
  }

  /** Another caller came: so many wait now. */
  came(waiting: number): void {
    this.#waiting = waiting;
    if (waiting >= this.#expected) this.#complete?.();
  }
}
