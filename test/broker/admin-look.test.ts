// Looking inside with the admin pages in Chromium, and dealing with single messages there.

import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { hasBrowser, startBrowser } from "../../scripts/chromium.ts";
import { AdminBrowser } from "./admin-browser.ts";
import { violations } from "./axe.ts";
import { Client } from "./client.ts";
import { mpub } from "./commands.ts";
import { channelStats } from "./stats.ts";
import { topicStats } from "./topic-stats.ts";

const POLL = { timeout: 20_000, interval: 20 };
const HOUR = 60 * 60_000;
const MIB = 2 ** 20;

let broker: BrokerProcess;
let browser: Browser;
let admin: AdminBrowser;

async function order(path: string, body: BodyInit = ""): Promise<void> {
  const response = await fetch(broker.http + path, { method: "POST", body });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
}

async function create(topic: string): Promise<void> {
  await order(`/topic/create?topic=${topic}`);
  await order(`/channel/create?topic=${topic}&channel=ch`);
}

function button(page: Page | Locator, name: string | RegExp): Locator {
  return page.getByRole("button", { name, exact: typeof name === "string" });
}

/** The rows of the list that is shown, by their previews. */
function previews(page: Page): Promise<string[]> {
  return page.locator('td[data-label="Preview"]').allInnerTexts();
}

async function shows(page: Page, ...expected: string[]): Promise<void> {
  await vi.waitFor(async () => expect(await previews(page)).toEqual(expected), POLL);
}

/** Opens the details of a message. */
async function openMessage(page: Page, preview: string | RegExp): Promise<Locator> {
  const row = page.getByRole("row").filter({ has: page.locator('td[data-label="Preview"]', { hasText: preview }) });
  await button(row.first(), /^Message /).click();
  const details = page.locator(".message-details");
  await details.waitFor();
  return details;
}

/** A consumer that answers nothing by itself. */
async function consume(topic: string, rdy: number): Promise<Client> {
  const client = await Client.open(broker.tcp);
  client.finishes = false;
  await client.subscribe(topic, "ch");
  client.ready(rdy);
  return client;
}

describe.skipIf(!hasBrowser)("looking inside in Chromium", () => {
  beforeAll(async () => {
    [broker, browser] = await Promise.all([startBroker(), startBrowser()]);
    admin = new AdminBrowser(browser, broker.http);
  });
  afterAll(async () => {
    await browser?.close();
    await broker?.stop();
  });
  afterEach(() => admin.close());

  it("[LOOK2] a channel's messages are in three lists, paged through, and nothing is changed by that", async () => {
    await create("lists");
    for (let i = 0; i < 30; i++) await order("/pub?topic=lists", `message ${i}`);
    await order(`/pub?topic=lists&defer=${HOUR}`, "later");
    const client = await consume("lists", 2);
    await client.received(2);
    const before = await channelStats(broker.http, "lists", "ch");
    const page = await admin.open("/topics/lists/ch");
    await page.getByRole("combobox", { name: "Per page" }).selectOption("25");
    await shows(page, ...Array.from({ length: 25 }, (_, i) => `message ${i + 2}`));
    await button(page, "Next page").click();
    await shows(page, "message 27", "message 28", "message 29");
    await page.getByRole("tab", { name: /In flight/ }).click();
    await shows(page, "message 0", "message 1");
    await page.getByRole("tab", { name: /Deferred/ }).click();
    await shows(page, "later");
    expect(await page.locator('td[data-label="Due"]').innerText()).toMatch(/^in (59 min|1 h)/);
    expect(await channelStats(broker.http, "lists", "ch")).toEqual(before);
    client.close();
  });

  it("[LOOK5] the bodies of a page are searched", async () => {
    await create("searched");
    for (const body of ["hay", `${"x".repeat(2_000)} needle`, "straw"]) await order("/pub?topic=searched", body);
    const page = await admin.open("/topics/searched/ch");
    await page.getByRole("searchbox", { name: "Search bodies on this page" }).fill("NEEDLE");
    await button(page, "Search").click();
    await page.getByText("1 of 3 messages on this page match").waitFor();
    expect(await previews(page)).toHaveLength(1);
    await button(page, "Show all").click();
    await vi.waitFor(async () => expect(await previews(page)).toHaveLength(3), POLL);
  });

  it("[PAGE2] finishes and requeues a message in flight", async () => {
    await create("flying");
    for (const body of ["m1", "m2"]) await order("/pub?topic=flying", body);
    const client = await consume("flying", 2);
    await client.received(2);
    const page = await admin.open("/topics/flying/ch");
    await page.getByRole("tab", { name: /In flight/ }).click();
    await button(await openMessage(page, "m1"), "Finish").click();
    await button(page.getByRole("dialog"), "Finish message").click();
    await page.getByText(/is finished/).waitFor();
    expect(await page.getByRole("tabpanel").evaluate((panel) => panel === document.activeElement)).toBe(true);
    expect(await channelStats(broker.http, "flying", "ch")).toMatchObject({ in_flight_count: 1, depth: 0 });
    client.ready(0);
    await shows(page, "m2");
    await button(await openMessage(page, "m2"), "Requeue now").click();
    await page.getByText(/requeued/).waitFor();
    await vi.waitFor(
      async () =>
        expect(await channelStats(broker.http, "flying", "ch")).toMatchObject({ in_flight_count: 0, depth: 1 }),
      POLL,
    );
    client.close();
  });

  it("[PAGE2] cancels and releases deferred messages", async () => {
    await create("deferred");
    for (const body of ["d1", "d2"]) await order(`/pub?topic=deferred&defer=${HOUR}`, body);
    const page = await admin.open("/topics/deferred/ch");
    await page.getByRole("tab", { name: /Deferred/ }).click();
    await button(await openMessage(page, "d1"), "Release").click();
    await page.getByText(/released/).waitFor();
    expect(await channelStats(broker.http, "deferred", "ch")).toMatchObject({ deferred_count: 1, depth: 1 });
    await shows(page, "d2");
    await button(await openMessage(page, "d2"), "Cancel").click();
    await button(page.getByRole("dialog"), "Cancel message").click();
    await page.getByText(/cancelled/).waitFor();
    expect(await channelStats(broker.http, "deferred", "ch")).toMatchObject({ deferred_count: 0, depth: 1 });
  });

  it("[PAGE2] publishes a test message, at once or later", async () => {
    await create("tried");
    const page = await admin.open("/topics/tried");
    await button(page, /^Publish/).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Body" }).fill("hello");
    await button(dialog, "Publish").click();
    await vi.waitFor(
      async () => expect(await topicStats(broker.http, "tried")).toMatchObject({ message_count: 1 }),
      POLL,
    );
    await dialog.waitFor({ state: "detached" });
    await button(page, /^Publish/).click();
    await dialog.getByRole("textbox", { name: "Body" }).fill("later");
    await dialog.getByRole("textbox", { name: "Delay" }).fill("10m");
    await button(dialog, "Publish").click();
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "tried", "ch")).toMatchObject({ depth: 1, deferred_count: 1 }),
      POLL,
    );
  });

  it("[PAGE3] new messages can be followed live", async () => {
    await create("followed");
    await order("/pub?topic=followed", "before");
    const page = await admin.open("/topics/followed/ch");
    await button(page, "Follow").click();
    await page.getByText("Waiting for the next message").waitFor();
    for (const body of ["first", "second"]) await order("/pub?topic=followed", body);
    await shows(page, "second", "first");
    await button(page, "Follow").click();
    await shows(page, "before", "first", "second");
  });

  it("[PAGE4] a hostile body is shown as text, whatever it holds, and in hex", async () => {
    await create("hostile");
    const bodies = [
      '<script>document.title = "run"</script><img src=x onerror="document.title=1"><style>*{display:none}</style>',
      new Uint8Array([0xff, 0xfe, 0x00, 0xc3, 0x28, 0xf0, 0x9f]),
      `{"html":"<b onclick=alert(1)>x</b>","big":12345678901234567890}`,
    ];
    for (const body of bodies) await order("/pub?topic=hostile", body);
    const page = await admin.open("/topics/hostile/ch");
    const title = await page.title();
    const script = await openMessage(page, /script/);
    expect(await script.locator("pre").innerText()).toBe(bodies[0]);
    await button(page, /^Message /)
      .first()
      .click();
    const binary = await openMessage(page, /^·+/);
    expect(await binary.locator("pre").innerText()).toContain("ff fe 00 c3 28 f0 9f");
    await button(page, /^Message /)
      .nth(1)
      .click();
    const json = await openMessage(page, /html/);
    expect(await json.locator("pre").innerText()).toContain("12345678901234567890");
    expect(await page.title()).toBe(title);
    expect(await page.locator("main script, main img, main style, pre b").count()).toBe(0);
  });

  it("[PAGE4] of a body of 1 MiB nothing but its beginning is loaded until it is asked for", async () => {
    await create("large");
    await order("/pub?topic=large", new Uint8Array(MIB).fill(65));
    const page = await admin.open("/topics/large/ch");
    const loaded: string[] = [];
    page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    const details = await openMessage(page, /^A+/);
    await details.getByText("First 512 B of 1 MB").waitFor();
    expect(loaded.filter((path) => path.includes("/message/"))).toEqual([]);
    await button(details, "Load all").click();
    await details.getByText(/Show more of 1 MB/).waitFor();
    expect(loaded.filter((path) => path.includes("/message/"))).toHaveLength(1);
    expect((await details.locator("pre").innerText()).length).toBe(64 * 1_024);
  });

  it("[PAGE1] a message can be copied as curl: what it publishes is the same", async () => {
    await create("copied");
    await order("/pub?topic=copied", `it's "$HOME" \`x\``);
    const page = await admin.open("/topics/copied/ch");
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await button(await openMessage(page, /it's/), "Copy as curl").click();
    await page.getByText("Command copied").waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toBe(`curl --data-raw 'it'\\''s "$HOME" \`x\`' '${broker.http}/pub?topic=copied'`);
  });

  it("[LOOK3] a million messages are paged through as any others", async () => {
    await create("million");
    const client = await Client.open(`${broker.ws}?topic=million`);
    for (let i = 0; i < 200; i++) client.write(mpub("million", 5_000, 20));
    await client.replied(200);
    client.close();
    const page = await admin.open("/topics/million/ch");
    await page.getByRole("tab", { name: "Waiting 1,000,000" }).waitFor();
    for (let turn = 2; turn <= 5; turn++) {
      await button(page, "Next page").click();
      await page.getByText(`Page ${turn}, 50 messages`).waitFor();
    }
  });

  it.each(["light", "dark"] as const)(
    "[PAGE5] axe-core finds no violation in an open message or a dialog: %s",
    async (theme) => {
      await create("axe");
      await order("/pub?topic=axe", '{"a":[1,null,"x"]}');
      for (const width of [1_440, 390]) {
        const page = await admin.open("/topics/axe/ch", { theme, width });
        const details = await openMessage(page, /a/);
        for (const form of ["JSON", "Text", "Hex"]) {
          await button(details, form).click();
          expect(await violations(page), `${form}, ${width}`).toEqual([]);
        }
        await button(details, "Finish").click();
        await page.getByRole("dialog").waitFor();
        expect(await violations(page), `the question, ${width}`).toEqual([]);
        await button(page, "Keep it").click();
        await page.goto(`${broker.http}/admin/topics/axe`);
        await button(page, /^Publish/).click();
        await page.getByRole("dialog").waitFor();
        expect(await violations(page), `publishing, ${width}`).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      }
    },
  );
});
