// The admin pages, as the Worker's static assets: node scripts/build-ui.ts

import { join, resolve } from "node:path";
import { replaceFolder } from "./replace-folder.ts";

/** Where they lie, below `admin/`. */
export const UI_DIR = "dist/ui";

/** A broker that is running goes on showing them meanwhile. */
export async function buildUi(): Promise<void> {
  const { build } = await import("vite"); // only who builds them needs it
  const outDir = resolve(`dist/ui-${process.pid}`);
  await build({ configFile: "src/admin/ui/vite.config.ts", logLevel: "warn", build: { outDir } });
  replaceFolder(outDir, resolve(join(UI_DIR, "admin")));
}

if (import.meta.main) await buildUi();
