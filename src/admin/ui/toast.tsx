// Short news of what was done, or why it was not.

import { signal } from "@preact/signals";
import { errorText } from "./error-text.ts";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
}

const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

export function toast(text: string, isError = false): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { id, text, isError }];
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Says what went wrong in words. */
export function toastError(what: string, error: unknown): void {
  toast(`${what}: ${errorText(error)}`, true);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, isError }) => (
        <div key={id} class={isError ? "toast toast-error" : "toast"}>
          <span>{text}</span>
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
