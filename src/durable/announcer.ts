// Tells Lookup what is so of a topic, one call at a time. A topic works though Lookup cannot be reached: what it could not be told
// is told later.

/** How long others wait until Lookup knows, ms. */
const PATIENCE_MS = 2_000;

export class Announcer {
  /** Tells Lookup how things are at the moment of the call. */
  readonly #tellNow: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #isTold = false;
  /** Counts what there was to tell: a call that was under way then does not tell it. */
  #news = 0;
  #telling: Promise<void> | null = null;

  constructor(tellNow: () => Promise<void>, failed: (error: unknown) => void) {
    this.#tellNow = tellNow;
    this.#failed = failed;
  }

  /** Whether Lookup knows how things are; not known to be so at the beginning of a life. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** There is something new to tell. Resolves when it is told, when that failed, or when it takes long. */
  async tell(): Promise<void> {
    this.#isTold = false;
    this.#news++;
    this.#telling ??= this.#run();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([this.#telling, patience]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    try {
      for (let news = -1; news !== this.#news; ) {
        news = this.#news;
        await this.#tellNow();
      }
      this.#isTold = true;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#telling = null;
    }
  }
}
