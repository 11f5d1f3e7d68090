// What the broker says of itself, for all pages.

import { signal } from "@preact/signals";
import type { InfoAnswer } from "../api.ts";

export const info = signal<InfoAnswer | null>(null);

/** Nobody is shown what they may not do. */
export function isAdmin(): boolean {
  return info.value?.is_admin === true;
}

/** Whether the broker asks who calls. */
export function needsToken(): boolean {
  return Boolean(info.value?.identity);
}
