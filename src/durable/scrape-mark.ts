// A topic's side of scrapes (docs/decisions/0018): tells Lookup, once for all that happens between two of them, that the figures it has
// are no longer right. Who is never scraped has nothing to tell.

export interface ScrapeMarkHost {
  /** Whether a scrape has ever asked: Lookup has figures then, which must not be left as they are. */
  isScraped(): boolean;
  tell(): Promise<void>;
  failed(error: unknown): void;
  /** Sees to it that `check` is called in so many ms, or before. */
  wakeWithin(ms: number): void;
}

/** How long a mark can stay lost that nobody noticed the loss of: a life that ended with it, ms. */
const GUARD_MS = 10 * 60_000;
/** After so long it is tried again, ms. */
const RETRY_MS = 60_000;

export class ScrapeMark {
  readonly #host: ScrapeMarkHost;
  /** Whether Lookup was told since it asked last; not known to be so at the beginning of a life. */
  #isTold = false;
  #hasChanged = false;
  #wasAsked = false;
  /** The call that tells Lookup, while it is under way. */
  #telling: Promise<void> | null = null;

  constructor(host: ScrapeMarkHost) {
    this.#host = host;
  }

  /** Something changed that a scrape would show. Nobody waits for Lookup. */
  changed(): void {
    this.#hasChanged = true;
    if (this.#isTold || !this.#host.isScraped()) return;
    this.#host.wakeWithin(GUARD_MS); // should this life end before Lookup knows
    void this.#tell();
  }

  /**
   * The alarm rang: an earlier life may have ended before Lookup knew. Resolves when Lookup knows, or another alarm is set: the one that
   * rang is used up, and guards a mark only while it is waited for.
   */
  async check(): Promise<void> {
    if (!this.#isTold && this.#host.isScraped()) await this.#tell();
    else await this.#telling;
  }

  /** A scrape asks. Returns whether there were changes since it asked before: then there will be more, and the mark stays. */
  asked(): boolean {
    const isBusy = this.#wasAsked && this.#hasChanged;
    this.#wasAsked = true;
    this.#hasChanged = false;
    this.#isTold = isBusy;
    return isBusy;
  }

  #tell(): Promise<void> {
    this.#isTold = true;
    const telling = this.#tellNow().finally(() => {
      if (this.#telling === telling) this.#telling = null;
    });
    this.#telling = telling;
    return telling;
  }

  async #tellNow(): Promise<void> {
    try {
      await this.#host.tell();
    } catch (error) {
      this.#isTold = false;
      this.#host.failed(error);
      if (this.#host.isScraped()) this.#host.wakeWithin(RETRY_MS); // unless the topic is gone
    }
  }
}
