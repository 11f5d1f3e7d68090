// The life of an object in memory. When it may no longer say what was saved, it ends, and the next one begins with what was: all
// connections to the object are lost, and every call that is under way fails.

export class Life {
  readonly #ctx: DurableObjectState;
  readonly #log: (what: string, error: unknown) => void;

  constructor(ctx: DurableObjectState, log: (what: string, error: unknown) => void) {
    this.#ctx = ctx;
    this.#log = log;
  }

  /** Carries out what nobody would be told the failure of: an event that was dropped half way would leave somebody waiting. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.end("an event failed", error);
    }
  }

  end(why: string, error: unknown): void {
    this.#log(why, error);
    this.#ctx.abort(why);
  }
}
