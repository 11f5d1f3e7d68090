// Where the reader is. Links are plain ones; a click on one of ours changes the page without loading it anew.

import { computed, signal } from "@preact/signals";
import { BASE, parsePath } from "./router.ts";

const place = signal({ pathname: location.pathname, search: location.search });
let isFirstPage = true;

export const pathname = computed(() => place.value.pathname);
export const query = computed(() => new URLSearchParams(place.value.search));
export const route = computed(() => parsePath(pathname.value));

/** Whether the reader came to this page from another one: then its heading takes the focus. */
export function hasNavigated(): boolean {
  return !isFirstPage;
}

export function navigate(href: string): void {
  history.pushState(null, "", href);
  arrive();
  scrollTo(0, 0);
}

/** Changes what follows the `?` of this page, without a step in the history. */
export function setQuery(values: Readonly<Record<string, string>>): void {
  const filled = Object.entries(values).filter(([, value]) => value !== "");
  const search = filled.length > 0 ? `?${new URLSearchParams(filled)}` : "";
  history.replaceState(null, "", location.pathname + search);
  place.value = { pathname: location.pathname, search };
}

export function followLinks(): void {
  addEventListener("popstate", arrive);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || !isOurs(event, link)) return;
    event.preventDefault();
    navigate(link.href);
  });
}

/** A new tab, a download and a jump within the page remain the browser's. */
function isOurs(event: MouseEvent, link: HTMLAnchorElement): boolean {
  if (event.defaultPrevented || event.button !== 0) return false;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false;
  if (link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return false;
  return link.pathname.startsWith(BASE) && !link.pathname.startsWith(`${BASE}api/`) && link.hash === "";
}

function arrive(): void {
  isFirstPage = false;
  place.value = { pathname: location.pathname, search: location.search };
}
