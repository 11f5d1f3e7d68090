// npm run screenshots: what the admin pages look like, light and dark, for README. A broker with traffic and a browser of its own.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startBroker } from "./broker.ts";
import { build } from "./build.ts";
import { startBrowser } from "./chromium.ts";
import { playScene } from "./scene.ts";

/** Until the charts have something to show, ms. */
const TRAFFIC_MS = 40_000;
const THEMES = ["light", "dark"] as const;
const SIZE = { width: 1_400, height: 940 };

/** Files by name, and what is done on a page before it is taken. */
const SHOTS: readonly {
  readonly name: string;
  readonly path: string;
  readonly prepare?: (page: Page) => Promise<void>;
}[] = [
  { name: "topics", path: "/admin/" },
  { name: "channel", path: "/admin/topics/orders/shipping" },
  {
    name: "messages",
    path: "/admin/topics/invoices",
    prepare: async (page) => {
      const heading = page.getByRole("heading", { name: "Look inside" });
      await page
        .getByRole("button", { name: /^Message / })
        .first()
        .click();
      await heading.evaluate((element) => element.scrollIntoView());
    },
  },
];

const [dir = "docs/screenshots", wait = String(TRAFFIC_MS)] = process.argv.slice(2);
build();
mkdirSync(dir, { recursive: true });
const broker = await startBroker();
const scene = await playScene(broker);
const browser = await startBrowser();
try {
  const pages: { page: Page; theme: string; shot: (typeof SHOTS)[number] }[] = [];
  for (const theme of THEMES) {
    const context = await browser.newContext({ viewport: SIZE, colorScheme: theme, reducedMotion: "reduce" });
    for (const shot of SHOTS) {
      const page = await context.newPage();
      await page.goto(broker.http + shot.path);
      pages.push({ page, theme, shot });
    }
  }
  // The pages make their charts of what they see meanwhile.
  await new Promise((resolve) => setTimeout(resolve, Number(wait)));
  for (const { page, theme, shot } of pages) {
    await page.bringToFront();
    await shot.prepare?.(page);
    await page.screenshot({ path: join(dir, `${shot.name}-${theme}.png`) });
  }
} finally {
  await browser.close();
  await scene.stop();
  await broker.stop();
}
