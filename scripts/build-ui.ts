// The admin pages, as the Worker's static assets: node scripts/build-ui.ts

/** Where they lie, below `admin/`. */
export const UI_DIR = "dist/ui";

export async function buildUi(): Promise<void> {
  const { build } = await import("vite"); // only who builds them needs it
  await build({ configFile: "src/admin/ui/vite.config.ts", logLevel: "warn" });
}

if (import.meta.main) await buildUi();
