// The admin pages in a real browser: what goes wrong in a page fails the test.

import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

export type Theme = "light" | "dark";

export interface OpenOptions {
  readonly theme?: Theme;
  readonly width?: number;
}

const HEIGHT = 900;
const WIDE = 1_440;
/** What a page that cannot reach the broker writes is expected. */
const NETWORK = /Failed to load resource/;

export class AdminBrowser {
  readonly #browser: Browser;
  readonly #origin: string;
  readonly #contexts: BrowserContext[] = [];
  /** What pages complained about: exceptions, and violations of the Content-Security-Policy. */
  readonly problems: string[] = [];

  constructor(browser: Browser, origin: string) {
    this.#browser = browser;
    this.#origin = origin;
  }

  /** A page of a context of its own, at a path below /admin. */
  async open(path: string, { theme = "light", width = WIDE }: OpenOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width, height: HEIGHT },
      colorScheme: theme,
      reducedMotion: "reduce",
    });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !NETWORK.test(message.text())) this.problems.push(message.text());
    });
    await page.goto(`${this.#origin}/admin${path}`);
    return page;
  }

  /** Closes all pages; none of them may have had a problem. */
  async close(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    expect(this.problems.splice(0)).toEqual([]);
  }
}
