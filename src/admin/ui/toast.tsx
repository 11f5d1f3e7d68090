// Short news of what was done, or why it was not.

import { signal } from "@preact/signals";
import { ApiError, Unreachable } from "./request.ts";

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
  toast(`${what}: ${inWords(error)}`, true);
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

const WORDS: Readonly<Record<string, string>> = {
  TOPIC_NOT_FOUND: "there is no such topic any more",
  CHANNEL_NOT_FOUND: "there is no such channel any more",
  MESSAGE_NOT_FOUND: "the message is not there any more",
  TOO_MANY_MESSAGES: "too many messages are out of turn; consumers must catch up first",
  NODE_NOT_FOUND: "there is no such node",
  FORBIDDEN: "you may not do that",
  INVALID_TOPIC: "this is no valid topic name",
  INVALID_CHANNEL: "this is no valid channel name",
  INVALID_DEFER: "this is no valid delay",
  MSG_EMPTY: "a message must not be empty",
  MSG_TOO_BIG: "the message is too big",
  TOPIC_FULL: "the topic is full",
  STORAGE_FULL: "the storage is full",
};

function inWords(error: unknown): string {
  if (error instanceof ApiError) return WORDS[error.message] ?? error.message;
  return error instanceof Unreachable ? error.message : "something went wrong in this page";
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
