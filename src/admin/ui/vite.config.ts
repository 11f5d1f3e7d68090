import { resolve } from "node:path";
import { defineConfig } from "vite";

/** What whoever has signed in sees, and what everybody else does. */
const PAGES = ["index.html", "login.html"];

// Vite compiles JSX itself: Preact needs no plugin but for hot reloading.
export default defineConfig({
  root: import.meta.dirname,
  base: "/admin/",
  // Whatever NODE_ENV says, what is built is for production: the other JSX names the source line of every element.
  oxc: { jsx: { runtime: "automatic", importSource: "preact", development: false } },
  build: {
    // Where to: scripts/build-ui.ts says it.
    emptyOutDir: true,
    rolldownOptions: { input: PAGES.map((page) => resolve(import.meta.dirname, page)) },
    // The Content-Security-Policy allows neither inline scripts nor data URLs of code.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
