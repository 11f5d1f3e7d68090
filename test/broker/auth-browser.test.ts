// Access control in a real browser: a tab that consumes with a token that was minted for it, and signing in to the pages.

import { createHash } from "node:crypto";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type PageServer, servePage } from "../../examples/browser/serve.ts";
import { type BrokerProcess, startBroker } from "../../scripts/broker.ts";
import { buildClient } from "../../scripts/build-client.ts";
import { buildUi } from "../../scripts/build-ui.ts";
import { hasBrowser, startBrowser } from "../../scripts/chromium.ts";
import { AdminBrowser } from "./admin-browser.ts";
import { violations } from "./axe.ts";
import { openClientPage } from "./client-page.ts";

const CLIENT_DIR = "dist/client-with-tokens";
const POLL = { timeout: 20_000, interval: 20 };
const ALL = [".*"];
const TOKENS = {
  service: { topic: "chat", channels: ALL, permissions: ["publish", "subscribe", "read"] },
  admin: { topic: ".*", channels: ALL, permissions: ["admin", "publish"] },
  reader: { topic: ".*", channels: ALL, permissions: ["read"] },
};
const REASONS = ["wrong", "expired", "forbidden", "wait", "unavailable", "disabled", "too-long", "signed-out"];

let broker: BrokerProcess;
let server: PageServer;
let browser: Browser;
let context: BrowserContext;

function authTokens(): string {
  return JSON.stringify(
    Object.entries(TOKENS).map(([identity, entry]) => ({
      identity,
      sha256: createHash("sha256").update(`token-of-${identity}`).digest("hex"),
      authorizations: [entry],
    })),
  );
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function publish(body: string): Promise<void> {
  const init = { method: "POST", body, headers: bearer("token-of-service") };
  const response = await fetch(`${broker.http}/pub?topic=chat`, init);
  if (!response.ok) throw new Error(`publish was answered ${response.status}`);
}

/** What a server of the page's own does for its user. */
async function mint(channel: string, ttl: number): Promise<string> {
  const authorizations = [{ topic: "chat", channels: [channel], permissions: ["subscribe"] }];
  const init = { method: "POST", body: JSON.stringify({ authorizations, ttl, identity: channel }) };
  const response = await fetch(`${broker.http}/auth/token`, { ...init, headers: bearer("token-of-service") });
  return ((await response.json()) as { token: string }).token;
}

describe.skipIf(!hasBrowser)("in Chromium", () => {
  beforeAll(async () => {
    buildClient(CLIENT_DIR);
    await buildUi();
    const options = {
      open: "false",
      "auth-tokens": authTokens(),
      "auth-secret": "a secret of forty letters, or some more",
    };
    [broker, server, browser] = await Promise.all([startBroker({ options }), servePage(0, CLIENT_DIR), startBrowser()]);
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

  /** A tab that consumes from a channel with tokens for another, or the same; `seen` in its page is what came of it. */
  async function openTab(channel: string, allowed: string, ttl: number): Promise<{ tab: Page; tokens: string[] }> {
    const tab = await openClientPage(context, server.url);
    const tokens: string[] = [];
    await tab.exposeFunction("mint", async () => {
      const token = await mint(allowed, ttl);
      tokens.push(token);
      return token;
    });
    await tab.evaluate(
      ([origin, name]) => {
        const page = globalThis as unknown as {
          client: typeof import("../../src/client/index.ts");
          mint: () => Promise<string>;
        };
        const seen = { bodies: [] as string[], errors: [] as string[] };
        Object.assign(globalThis, { seen });
        const consumer = new page.client.Consumer("chat", name, { authSecret: page.mint, lookupdPollInterval: 100 });
        consumer.handle((message) => seen.bodies.push(message.text()));
        consumer.on("error", ({ error }) => seen.errors.push(String(error)));
        consumer.connectToEdge(origin);
      },
      [broker.http, channel] as const,
    );
    return { tab, tokens };
  }

  const seenBy = (tab: Page) =>
    tab.evaluate(() => (globalThis as unknown as { seen: { bodies: string[]; errors: string[] } }).seen);

  it("[AUTH7] [AUTH13] a tab consumes from its channel with a token that was minted for it", async () => {
    const { tab, tokens } = await openTab("tab", "tab", 600);
    await vi.waitFor(() => expect(tokens).toHaveLength(1), POLL);
    await publish("made");
    await vi.waitFor(async () => {
      await publish("hello");
      expect((await seenBy(tab)).bodies).toContain("hello");
    }, POLL);
    expect(tokens).toHaveLength(1);
  });

  it("[AUTH14] it goes on with another token when one ends, and no message is lost", { timeout: 60_000 }, async () => {
    const { tab, tokens } = await openTab("short", "short", 1);
    const sent: string[] = [];
    await vi.waitFor(async () => {
      await publish("first");
      expect((await seenBy(tab)).bodies).toContain("first");
    }, POLL);
    await vi.waitFor(async () => {
      sent.push(`m${sent.length}`);
      await publish(sent.at(-1) as string);
      expect(tokens.length).toBeGreaterThanOrEqual(4);
    }, POLL);
    await vi.waitFor(async () => expect((await seenBy(tab)).bodies).toEqual(expect.arrayContaining(sent)), POLL);
  });

  it("[AUTH7] it gets nothing from another channel, and is told why", async () => {
    const { tab } = await openTab("mine", "other", 600);
    await publish("not for it");
    await vi.waitFor(async () => {
      const { errors } = await seenBy(tab);
      expect(errors.join()).toContain("may have refused the secret");
    }, POLL);
    expect((await seenBy(tab)).bodies).toEqual([]);
  });

  describe("the pages", () => {
    let pages: AdminBrowser;
    beforeEach(() => {
      pages = new AdminBrowser(browser, broker.http);
    });
    afterEach(() => pages.close());

    async function signIn(page: Page, token: string): Promise<void> {
      await page.getByLabel("Token").fill(token);
      await page.getByRole("button", { name: "Sign in" }).click();
    }

    it("[AUTH6] ask who it is, say when nobody has the token, and open for who is known", async () => {
      const page = await pages.open("/topics/chat");
      expect(new URL(page.url()).pathname).toBe("/admin/login");
      await signIn(page, "token-of-nobody");
      await page.getByText("Nobody has this token.").waitFor();
      await signIn(page, "token-of-admin");
      await page.waitForURL(`${broker.http}/admin/`);
      await page.locator("header").getByText("admin", { exact: true }).waitFor();
      await page.getByRole("button", { name: "New topic" }).waitFor();
      expect(await page.evaluate(() => document.cookie)).toBe("");
    });

    it("[AUTH6] can be left, and are not there for who goes back", async () => {
      const page = await pages.open("/");
      await signIn(page, "token-of-admin");
      await page.waitForURL(`${broker.http}/admin/`);
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByText("You are signed out.").waitFor();
      await page.goBack();
      await page.waitForURL(/\/admin\/login/);
    });

    it("[AUTH6] say so when the session is over, wherever one is", async () => {
      const page = await pages.open("/");
      await signIn(page, "token-of-reader");
      await page.waitForURL(`${broker.http}/admin/`);
      await page.locator("header").getByText("reader").waitFor();
      await page.context().clearCookies();
      await page.waitForURL(`${broker.http}/admin/login#expired`);
      await page.getByText("Your session is over. Sign in again.").waitFor();
    });

    it("[AUTH6] show nothing that may not be done", async () => {
      await publish("x");
      const page = await pages.open("/");
      await signIn(page, "token-of-reader");
      await page.waitForURL(`${broker.http}/admin/`);
      for (const path of ["/", "/topics/chat", "/lookup", "/nodes"]) {
        await page.goto(`${broker.http}/admin${path}`);
        await page.locator("main h1").first().waitFor();
        await page.locator("header").getByText("reader").waitFor(); // what he may do is known by then
        const buttons = await page.getByRole("button").allInnerTexts();
        expect(
          buttons.filter((text) =>
            /^(new|create|publish|pause|unpause|empty|delete|tombstone|finish|requeue)\b/i.test(text),
          ),
        ).toEqual([]);
      }
    });

    it.each([
      ["light", 1_440],
      ["light", 390],
      ["dark", 1_440],
      ["dark", 390],
    ] as const)("[AUTH6] [PAGE5] are asked for on a page that everybody can use: %s, %i px", async (theme, width) => {
      const page = await pages.open("/login", { theme, width });
      for (const reason of ["", ...REASONS]) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, reason);
        expect(await page.locator(".reason:visible").count()).toBe(reason === "" ? 0 : 1);
        expect(await violations(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      }
    });
  });
});

describe.skipIf(!hasBrowser)("an open broker", () => {
  it("[AUTH6] warns on its pages, unless it is on one's own machine", async () => {
    await buildUi();
    const [open, chromium] = await Promise.all([startBroker(), startBrowser()]);
    try {
      const page = await chromium.newPage();
      const warning = page.getByText("This broker is open");
      await page.goto(`${open.http.replace("127.0.0.1", "broker.localhost")}/admin/`);
      await warning.waitFor();
      await page.goto(`${open.http}/admin/`);
      await page.locator("main h1").first().waitFor();
      await page.getByText("v1.3.0").first().waitFor();
      expect(await warning.count()).toBe(0);
    } finally {
      await chromium.close();
      await open.stop();
    }
  });
});
