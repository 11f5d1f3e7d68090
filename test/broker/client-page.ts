// A page in a browser that has the client, as `client`.

import type { BrowserContext, Page } from "playwright-core";

/** @param url of a server of the example page */
export async function openClientPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.addScriptTag({ type: "module", content: 'globalThis.client = await import("/client/index.js")' });
  await page.waitForFunction(() => "client" in globalThis);
  return page;
}
