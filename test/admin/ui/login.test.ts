// The page to sign in with, as it is written: a form, and a text for each reason that the broker sends somebody there with.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const PAGE = readFileSync("src/admin/ui/login.html", "utf8");
const STYLES = readFileSync("src/admin/ui/styles/login.css", "utf8");
const REASONS = ["wrong", "expired", "forbidden", "wait", "unavailable", "disabled", "too-long", "signed-out"];

describe("the page to sign in with", () => {
  it("[AUTH6] has a form that a browser sends without a script, and fills in from its passwords", () => {
    expect(PAGE).toMatch(/<form method="post" action="\/admin\/login">/);
    const [input] = /<input[^>]*>/.exec(PAGE) ?? [];
    for (const attribute of ['type="password"', 'name="token"', 'autocomplete="current-password"', "required"])
      expect(input).toContain(attribute);
  });

  it("[AUTH6] has nothing that the Content-Security-Policy refuses", () => {
    expect(PAGE).not.toMatch(/<script|<style|\sstyle=|\son\w+=/);
    expect(PAGE.match(/(?:src|href)="[^"]*"/g)).toEqual([
      'href="/admin/icon.svg"',
      'href="./styles/login.css"',
      'src="/admin/icon.svg"',
    ]);
  });

  it("[AUTH6] has a text for each reason, which is seen only behind the # of the address", () => {
    const ids = [...PAGE.matchAll(/<p id="([^"]+)" class="reason" role="(?:alert|status)">\s*[A-Z]/g)];
    expect(ids.map(([, id]) => id)).toEqual(REASONS);
    expect(STYLES).toMatch(/\.reason:not\(:target\) \{\s*display: none;/);
  });
});
