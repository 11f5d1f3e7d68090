// The browser that comes with the npm package @sparticuz/chromium (Linux, x64), unpacked once; elsewhere CHROMIUM_PATH names one.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

const CACHE = resolve("node_modules/.cache");
const PARTS = ["chromium.br", "al2023.tar.br", "swiftshader.tar.br"];

/** Whether there is a browser for this machine. */
export const hasBrowser =
  process.env.CHROMIUM_PATH !== undefined || (process.platform === "linux" && process.arch === "x64");

export async function startBrowser(): Promise<Browser> {
  const named = process.env.CHROMIUM_PATH;
  if (named !== undefined) return chromium.launch({ executablePath: named, chromiumSandbox: false });
  const dir = await unpacked();
  const libraries = [join(dir, "al2023/lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  return chromium.launch({
    executablePath: join(dir, "chromium"),
    chromiumSandbox: false,
    // With LANG=C the browser's language would be one that Intl refuses.
    env: { ...(process.env as Record<string, string>), LD_LIBRARY_PATH: libraries, LC_ALL: "en_US.UTF-8" },
  });
}

/** The package unpacks into TMPDIR under fixed names: a folder of its own and a rename keep runs apart that do so at once. */
async function unpacked(): Promise<string> {
  const packageDir = join(dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium"))), "..");
  const { version } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")) as { version: string };
  const dir = join(CACHE, `chromium-${version}`);
  if (existsSync(dir)) return dir;
  await mkdir(CACHE, { recursive: true });
  const staging = await mkdtemp(join(CACHE, "unpack-"));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = staging;
  try {
    const { inflate } = await import("@sparticuz/chromium");
    await Promise.all(PARTS.map((part) => inflate(join(packageDir, "bin", part))));
    await rename(staging, dir).catch(() => rm(staging, { recursive: true, force: true }));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  return dir;
}
