// A topic's side of scrapes (docs/decisions/0018): tells Lookup, once for all that happens between two of them, that the figures it has
// are no longer right. Who is never scraped has nothing to tell.

export interface ScrapeMarkHost {
  /** Whether a scrape has ever asked: Lookup has figures then, which must not be left as they are. */
  isScraped(): boolean;
  tell(): Promise<void>;
  failed(error: unknown): void;
  /** Sees to it that `check` is called some time. */
  wakeSoon(): void;
}

export class ScrapeMark {
  readonly #host: ScrapeMarkHost;
  /** Whether Lookup was told since it asked last; not known to be so at the beginning of a life. */
  #isTold = false;
  #hasChanged = false;
  #wasAsked = false;

  constructor(host: ScrapeMarkHost) {
    this.#host = host;
  }

  /** Something changed that a scrape would show. Nobody waits for Lookup, and what cannot be told is told with the next change. */
  changed(): void {
    this.#hasChanged = true;
    if (this.#isTold || !this.#host.isScraped()) return;
    this.#host.wakeSoon(); // should this life end before Lookup knows
    this.#tell();
  }

  /** An earlier life may have ended before Lookup knew. */
  check(): void {
    if (!this.#isTold && this.#host.isScraped()) this.#tell();
  }

  /** A scrape asks. Returns whether there were changes since it asked before: then there will be more, and the mark stays. */
  asked(): boolean {
    const isBusy = this.#wasAsked && this.#hasChanged;
    this.#wasAsked = true;
    this.#hasChanged = false;
    this.#isTold = isBusy;
    return isBusy;
  }

  #tell(): void {
    this.#isTold = true;
    this.#host.tell().catch((error: unknown) => {
      this.#isTold = false;
      this.#host.failed(error);
    });
  }
}
