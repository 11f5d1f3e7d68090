// The client in a real browser, where each tab is a consumer; and the example page.

import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type PageServer, servePage } from "../../examples/browser/serve.ts";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { buildClient } from "../../scripts/build-client.ts";
import { hasBrowser, startBrowser } from "../../scripts/chromium.ts";
import { type ConsumerOptions, Producer } from "../../src/client/index.ts";
import { openClientPage } from "./client-page.ts";
import { channelStats } from "./stats.ts";

/** Not where the package is built: another test may be building it. */
const CLIENT_DIR = "dist/client-in-browser";
const CHANNEL = "ch";
const POLL = { timeout: 20_000, interval: 20 };

let broker: BrokerProcess;
let server: PageServer;
let browser: Browser;
let context: BrowserContext;

describe.skipIf(!hasBrowser)("the client in Chromium", () => {
  beforeAll(async () => {
    buildClient(CLIENT_DIR);
    [broker, server, browser] = await Promise.all([startBroker(), servePage(0, CLIENT_DIR), startBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    server?.stop();
    await broker?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  /** A tab that consumes; `handled` in its page are the bodies that its handler had. */
  async function openTab(topic: string, options: ConsumerOptions, takesForEver = false): Promise<Page> {
    const tab = await openClientPage(context, server.url);
    await tab.evaluate(
      async ([origin, topic, channel, options, takesForEver]) => {
        const { Consumer } = (globalThis as unknown as { client: typeof import("../../src/client/index.ts") }).client;
        const handled: string[] = [];
        Object.assign(globalThis, { handled });
        const consumer = new Consumer(topic, channel, options);
        consumer.handle(
          (message) => {
            handled.push(message.text());
            if (takesForEver) return new Promise(() => {});
          },
          { concurrency: 10 },
        );
        await new Promise((resolve) => {
          consumer.on("connection", resolve);
          consumer.connectToEdge(origin);
        });
      },
      [broker.http, topic, CHANNEL, options, takesForEver] as const,
    );
    return tab;
  }

  function handledBy(tab: Page): Promise<string[]> {
    return tab.evaluate(() => (globalThis as unknown as { handled: string[] }).handled);
  }

  it("[CLIENT13] two tabs share 1,000 messages of a channel, each exactly once", async () => {
    const tabs = await Promise.all([1, 2].map(() => openTab("shared", { maxInFlight: 10 })));
    const producer = new Producer(`${broker.ws}?topic=shared`);
    const bodies = Array.from({ length: 1_000 }, (_, i) => `message ${i}`);
    await Promise.all(bodies.map((body) => producer.publish("shared", body)));
    producer.stop();
    const finished = { depth: 0, in_flight_count: 0, message_count: 1_000, timeout_count: 0, requeue_count: 0 };
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "shared", CHANNEL)).toMatchObject(finished),
      POLL,
    );
    const handled = await Promise.all(tabs.map(handledBy));
    expect(handled.flat().sort()).toEqual(bodies.sort());
    for (const each of handled) expect(each.length).toBeGreaterThan(0);
  });

  it("[CLIENT13] a tab that is closed in the middle of a message gives it to the other after its timeout", async () => {
    const first = await openTab("closed", { msgTimeout: 1_000 }, true);
    const producer = new Producer(`${broker.ws}?topic=closed`);
    await producer.publish("closed", "x");
    producer.stop();
    await vi.waitFor(async () => expect(await handledBy(first)).toEqual(["x"]), POLL);
    const second = await openTab("closed", {});
    await first.close();
    await vi.waitFor(async () => expect(await handledBy(second)).toEqual(["x"]), POLL);
    const finished = { depth: 0, in_flight_count: 0, timeout_count: 1 };
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "closed", CHANNEL)).toMatchObject(finished),
      POLL,
    );
  });

  it("[CLIENT13] the example page publishes, shows messages, and answers them by a click", async () => {
    const page = await context.newPage();
    await page.goto(server.url);
    await page.getByLabel("Broker").fill(broker.http);
    await page.getByRole("button", { name: "Consume" }).click();
    await page.getByText("connected", { exact: true }).waitFor();
    await page.getByLabel("Message").fill("<b>hello</b>");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("button", { name: "Requeue" }).click();
    await page.getByText("attempt 2").waitFor();
    expect(await page.locator(".body").allTextContents()).toEqual(["<b>hello</b>", "<b>hello</b>"]);
    await page.getByRole("button", { name: "Finish" }).first().click();
    await page.getByText("finish: sent").waitFor();
    const finished = { depth: 0, in_flight_count: 0, requeue_count: 1 };
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "test", "browser")).toMatchObject(finished),
      POLL,
    );
  });
});
