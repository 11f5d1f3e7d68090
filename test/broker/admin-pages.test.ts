// The admin pages in Chromium, on a broker with traffic.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { UI_DIR } from "../../scripts/build-ui.ts";
import { hasBrowser, startBrowser } from "../../scripts/chromium.ts";
import { playScene, type Scene } from "../../scripts/scene.ts";
import { AdminBrowser, type Theme } from "./admin-browser.ts";
import { violations } from "./axe.ts";
import { channelStats } from "./stats.ts";
import { topicStats } from "./topic-stats.ts";

const POLL = { timeout: 20_000, interval: 20 };
const MAX_GZIPPED = 60_000;
const MAX_SIGN_IN_GZIPPED = 4_000;

let broker: BrokerProcess;
let scene: Scene;
let browser: Browser;
let admin: AdminBrowser;

async function order(path: string, body = ""): Promise<void> {
  const response = await fetch(broker.http + path, { method: "POST", body });
  if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
}

/** A topic of one's own with a channel, and messages waiting in it. */
async function prepare(topic: string, ...bodies: string[]): Promise<void> {
  await order(`/topic/create?topic=${topic}`);
  await order(`/channel/create?topic=${topic}&channel=ch`);
  for (const body of bodies) await order(`/pub?topic=${topic}`, body);
}

function table(page: Page, name: string): Locator {
  return page.getByRole("table", { name });
}

/** Once the table is there. */
async function headings(of: Locator): Promise<string[]> {
  await of.waitFor();
  return of.getByRole("columnheader").allInnerTexts();
}

/** But for the first one, which is the row's header. */
function cells(row: Locator): Promise<string[]> {
  return row.getByRole("cell").allInnerTexts();
}

function button(page: Page | Locator, name: string | RegExp): Locator {
  return page.getByRole("button", { name, exact: typeof name === "string" });
}

async function confirmed(page: Page, action: string, name?: string): Promise<string> {
  const dialog = page.getByRole("dialog");
  const text = await dialog.innerText();
  if (name !== undefined) {
    expect(await button(dialog, action).isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill(name);
  }
  await button(dialog, action).click();
  return text;
}

describe("what is served", () => {
  it("[PAGE6] the pages are at most 60 KB, gzipped", () => {
    const dir = join(UI_DIR, "admin");
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const isForSignIn = ({ name }: { name: string }) => name.startsWith("login");
    const size = (some: typeof files) =>
      some.reduce((sum, { parentPath, name }) => sum + gzipSync(readFileSync(join(parentPath, name))).length, 0);
    expect(size(files.filter((file) => !isForSignIn(file)))).toBeLessThan(MAX_GZIPPED);
    expect(size(files.filter(isForSignIn))).toBeLessThan(MAX_SIGN_IN_GZIPPED);
  });

  it("[PAGE6] nothing but their own files may run in them", async () => {
    await withBroker(async ({ http }) => {
      const response = await fetch(`${http}/admin/topics/x`);
      expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
      const policy = response.headers.get("Content-Security-Policy") ?? "";
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
      expect(policy).not.toContain("unsafe");
      expect(await response.text()).not.toMatch(/<script(?![^>]*src=)|<style|style=|onload=/);
    });
  });

  it("[PAGE6] a browser at the root is sent to them; what is no page or file is 404, and what is no GET 405", async () => {
    await withBroker(async ({ http }) => {
      const answer = async (path: string, init?: RequestInit) => {
        const { status, headers } = await fetch(http + path, { redirect: "manual", ...init });
        return `${status} ${headers.get("Location") ?? headers.get("Content-Type")}`;
      };
      expect(await answer("/", { headers: { Accept: "text/html,*/*" } })).toBe("302 /admin/");
      expect(await answer("/")).toBe("404 application/json; charset=utf-8");
      expect(await answer("/admin")).toBe("302 /admin/");
      expect(await answer("/admin/")).toBe("200 text/html; charset=utf-8");
      expect(await answer("/admin/icon.svg")).toBe("200 image/svg+xml");
      expect(await answer("/admin/assets/none.js")).toBe("404 application/json; charset=utf-8");
      expect(await answer("/admin/assets/..%2f..%2findex.js")).toBe("404 application/json; charset=utf-8");
      expect(await answer("/admin/", { method: "POST" })).toBe("405 application/json; charset=utf-8");
    });
  });

  async function withBroker(use: (broker: BrokerProcess) => Promise<void>): Promise<void> {
    const own = await startBroker();
    await use(own).finally(() => own.stop());
  }
});

describe.skipIf(!hasBrowser)("the admin pages in Chromium", () => {
  beforeAll(async () => {
    [broker, browser] = await Promise.all([startBroker(), startBrowser()]);
    scene = await playScene(broker);
    admin = new AdminBrowser(browser, broker.http);
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.stop();
    await broker?.stop();
  });
  afterEach(() => admin.close());

  /** The broker's own node. */
  const node = () => broker.http.slice("http://".length);

  it("[PAGE1] topics: their figures, a search, an order, and the way to each", async () => {
    const page = await admin.open("/");
    const topics = table(page, "Topics");
    const row = topics.getByRole("row", { name: /^invoices/ });
    await row.waitFor();
    expect((await cells(row)).slice(0, 5)).toEqual(["40", "0", "0", "0", "40"]);
    expect(await headings(topics)).toEqual([
      ...[
        "Topic",
        "Depth",
        "Channel depth",
        "In-flight",
        "Deferred",
        "Messages",
        "Rate (msg/s)",
        "Channels",
        "Clients",
      ],
    ]);
    await button(topics, "Messages").click();
    await vi.waitFor(async () => {
      const counts = (await topics.getByRole("row").allInnerTexts()).slice(1).map((text) => text.split("\t")[5] ?? "");
      const numbers = counts.map((text) => Number(text.replaceAll(",", "")));
      expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
    }, POLL);
    await page.keyboard.press("/");
    await page.keyboard.type("voi");
    await vi.waitFor(async () => expect(await topics.getByRole("row").count()).toBe(2), POLL);
    await page.getByRole("link", { name: "invoices" }).click();
    await page.getByRole("heading", { name: "Topic invoices" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/admin/topics/invoices");
    await page.goBack();
    await topics.waitFor();
  });

  it("[PAGE1] topic: by node and by channel, with nsqadmin's columns", async () => {
    const page = await admin.open("/topics/orders");
    const nodes = table(page, "Topic Message Queue by node");
    expect(await headings(nodes)).toEqual([...["NSQd Host", "Depth", "Memory + Disk", "Messages", "Rate", "Channels"]]);
    await nodes.getByRole("link", { name: node() }).waitFor();
    const channels = table(page, "Channel Message Queues");
    expect(await headings(channels)).toEqual([
      ...["Channel", "Depth", "Memory + Disk", "In-Flight", "Deferred", "Requeued", "Timed Out", "Messages"],
      ...["Rate", "Connections"],
    ]);
    await channels.getByRole("row", { name: /^archive paused/ }).waitFor();
    expect(await page.locator("canvas").count()).toBe(2);
  });

  it("[PAGE1] a topic without a channel says where its messages are", async () => {
    const page = await admin.open("/topics/invoices");
    await page.getByText("Messages queue at the topic until a channel is created.").waitFor();
  });

  it("[PAGE1] channel: its figures and its consumers with what they negotiated", async () => {
    const page = await admin.open("/topics/clicks/analytics");
    const clients = table(page, "Client Connections");
    expect(await headings(clients)).toEqual([
      ...["Client Host", "User-Agent", "Attributes", "NSQd Host", "In-Flight", "Ready Count", "Finished", "Requeued"],
      ...["Messages", "Connected"],
    ]);
    const row = clients.getByRole("row", { name: /etl\.shop\.example/ });
    expect(await row.innerText()).toMatch(/shop\/2\.4/);
    expect(await row.innerText()).toMatch(/Sampled 50%/);
  });

  it("[PAGE1] nodes, node, lookup, counter and audit trail", async () => {
    await order("/lookupd/topic/create?topic=forgotten");
    const nodes = await admin.open("/nodes");
    await table(nodes, "NSQd Nodes").getByRole("link", { name: "orders" }).waitFor();
    const one = await admin.open(`/nodes/${encodeURIComponent(node())}`);
    await one.getByRole("link", { name: "billing" }).first().waitFor();
    const lookup = await admin.open("/lookup");
    await lookup.getByRole("link", { name: "forgotten" }).waitFor();
    const counter = await admin.open("/counter");
    await counter.getByText("Messages Processed").waitFor();
    const audit = await admin.open("/audit");
    await audit.getByRole("heading", { name: "Audit" }).waitFor();
  });

  it("[PAGE1] what does not exist, is gone or was never a page is said to be so", async () => {
    const page = await admin.open("/topics/nothing");
    await page.getByText(/There is no topic nothing/).waitFor();
    await page.goto(`${broker.http}/admin/topics/orders/nothing`);
    await page.getByText(/There is no channel nothing/).waitFor();
    await page.goto(`${broker.http}/admin/nodes/x`);
    await page.getByText(/There is no node/).waitFor();
    await page.goto(`${broker.http}/admin/whatever`);
    await page.getByText(/no such page/i).waitFor();
  });

  it("[PAGE2] creates a topic, and a channel of it", async () => {
    const page = await admin.open("/");
    await button(page, "New topic").click();
    await page.getByRole("textbox", { name: "Topic" }).fill("made");
    await button(page, "Create").click();
    await page.getByRole("heading", { name: "Topic made" }).waitFor();
    expect(await topicStats(broker.http, "made")).toMatchObject({ channels: [] });
    await button(page, "New channel").click();
    await page.getByRole("textbox", { name: "Channel" }).fill("ch");
    await button(page, "Create").click();
    await table(page, "Channel Message Queues").getByRole("link", { name: "ch" }).waitFor();
    expect(await channelStats(broker.http, "made", "ch")).toMatchObject({ depth: 0 });
  });

  it("[PAGE2] pauses, empties and deletes a topic, and says before what will be lost", async () => {
    await prepare("doomed", "m1", "m2");
    const page = await admin.open("/topics/doomed");
    await button(page, "Pause").click();
    await vi.waitFor(async () => expect(await topicStats(broker.http, "doomed")).toMatchObject({ paused: true }), POLL);
    await order("/pub?topic=doomed", "m3");
    const depth = table(page, "Topic Message Queue by node").getByRole("row").nth(1).getByRole("cell").first();
    await vi.waitFor(async () => expect(await depth.innerText()).toBe("1"), POLL);
    await button(page, "Empty queue").click();
    expect(await confirmed(page, "Empty queue")).toContain("1 message waiting will be lost");
    await vi.waitFor(async () => expect(await topicStats(broker.http, "doomed")).toMatchObject({ depth: 0 }), POLL);
    await button(page, "Unpause").click();
    await vi.waitFor(
      async () => expect(await topicStats(broker.http, "doomed")).toMatchObject({ paused: false }),
      POLL,
    );
    await button(page, "Delete topic").click();
    expect(await confirmed(page, "Delete topic", "doomed")).toContain("2 messages waiting will be lost");
    await page.getByRole("heading", { name: "Topics" }).waitFor();
    expect(await topicStats(broker.http, "doomed")).toBe(null);
  });

  it("[PAGE2] pauses, empties and deletes a channel; what is not confirmed does not happen", async () => {
    await prepare("kept", "m1", "m2", "m3");
    const page = await admin.open("/topics/kept/ch");
    await button(page, "Pause").click();
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "kept", "ch")).toMatchObject({ paused: true }),
      POLL,
    );
    await button(page, "Unpause").click();
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "kept", "ch")).toMatchObject({ paused: false }),
      POLL,
    );
    await button(page, "Empty queue").click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await channelStats(broker.http, "kept", "ch")).toMatchObject({ depth: 3 });
    await button(page, "Empty queue").click();
    expect(await confirmed(page, "Empty queue")).toContain("3 messages waiting will be lost");
    await vi.waitFor(
      async () => expect(await channelStats(broker.http, "kept", "ch")).toMatchObject({ depth: 0 }),
      POLL,
    );
    await page.getByText(/0 \+ 0/).waitFor();
    await button(page, "Delete channel").click();
    await confirmed(page, "Delete channel");
    await page.getByRole("heading", { name: "Topic kept" }).waitFor();
    expect(await channelStats(broker.http, "kept", "ch")).toBe(null);
  });

  it("[PAGE2] tombstones a topic at a node, and deletes what nobody produces", async () => {
    await prepare("buried", "m1");
    const page = await admin.open("/topics/buried");
    await button(page, `Tombstone at ${node()}`).click();
    await confirmed(page, "Tombstone", "buried");
    await vi.waitFor(async () => expect(await topicStats(broker.http, "buried")).toBe(null), POLL);
    await order("/lookupd/topic/create?topic=unwanted");
    const lookup = await admin.open("/lookup");
    await button(lookup, "Delete unwanted").click();
    await confirmed(lookup, "Delete topic");
    await lookup.getByRole("link", { name: "unwanted" }).waitFor({ state: "detached" });
    const { topics } = (await (await fetch(`${broker.http}/topics`)).json()) as { topics: string[] };
    expect(topics).not.toContain("unwanted");
  });

  it("[PAGE2] the audit trail says who did what, and what became of it", async () => {
    await prepare("watched");
    const page = await admin.open("/topics/watched");
    await button(page, "Pause").click();
    await button(page, "Unpause").waitFor();
    await page.getByRole("link", { name: "Audit" }).click();
    const first = table(page, "Audit trail").getByRole("row").nth(1);
    await vi.waitFor(async () => expect(await first.innerText()).toMatch(/pause.*watched.*done/is), POLL);
  });

  it("[PAGE3] numbers move without reloading", async () => {
    await prepare("moving");
    const page = await admin.open("/topics/moving/ch");
    const depth = table(page, "Channel Message Queue by node").getByRole("row").nth(1).getByRole("cell").first();
    await vi.waitFor(async () => expect(await depth.innerText()).toBe("0"), POLL);
    for (let i = 0; i < 7; i++) await order("/pub?topic=moving", "x");
    await vi.waitFor(async () => expect(await depth.innerText()).toBe("7"), POLL);
  });

  it("[PAGE3] says when the broker cannot be reached, keeps what it knew, and goes on when it is back", async () => {
    const page = await admin.open("/topics/invoices");
    await table(page, "Topic Message Queue by node").waitFor();
    await page.context().setOffline(true);
    const banner = page.getByRole("alert").getByText("The broker cannot be reached; trying again");
    await banner.waitFor();
    expect(await table(page, "Topic Message Queue by node").isVisible()).toBe(true);
    await page.context().setOffline(false);
    await banner.waitFor({ state: "detached" });
  });

  const PATHS = [
    "/",
    "/topics/orders",
    "/topics/clicks/analytics",
    "/topics/emails/smtp",
    "/nodes",
    "/lookup",
    "/counter",
    "/audit",
  ];

  it.each(["light", "dark"] as const)("[PAGE5] axe-core finds no violation on any page: %s", async (theme) => {
    for (const path of [...PATHS, `/nodes/${encodeURIComponent(node())}`]) {
      const page = await admin.open(path, { theme });
      await settled(page);
      expect(await violations(page), `${path} in ${theme}`).toEqual([]);
      await page.context().close();
    }
  });

  it.each(["light", "dark"] as Theme[])("[PAGE5] no page scrolls sideways on a phone: %s", async (theme) => {
    for (const path of [...PATHS, `/nodes/${encodeURIComponent(node())}`]) {
      const page = await admin.open(path, { theme, width: 390 });
      await settled(page);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(beyond, path).toBeLessThanOrEqual(0);
      expect(await violations(page), path).toEqual([]);
      await page.context().close();
    }
  });

  it("[PAGE5] a theme that was chosen is kept", async () => {
    const page = await admin.open("/");
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    expect(await theme()).toBe("light");
    await vi.waitFor(async () => {
      if ((await theme()) !== "dark") await button(page, /theme/i).click();
      expect(await theme()).toBe("dark");
    }, POLL);
    await page.reload();
    expect(await theme()).toBe("dark");
  });

  /** Waits until the page has its data. */
  async function settled(page: Page): Promise<void> {
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.locator(".skeleton").waitFor({ state: "detached" });
    await page.waitForLoadState("networkidle").catch(() => {});
  }
});
