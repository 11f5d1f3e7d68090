// What went wrong with a request, in its place.

import { WarningIcon } from "../icons.tsx";
import { ApiError, Unreachable } from "../request.ts";

const WORDS: Readonly<Record<string, string>> = {
  TOPIC_NOT_FOUND: "there is no such topic any more",
  CHANNEL_NOT_FOUND: "there is no such channel any more",
  INVALID_DEFER: "the delay is longer than the broker allows",
  MSG_TOO_BIG: "the message is bigger than the broker allows",
  FORBIDDEN: "you may not do that",
};

export function errorText(error: unknown): string {
  if (error instanceof DOMException) return "the broker did not answer in time";
  if (error instanceof ApiError) return WORDS[error.message] ?? error.message;
  return error instanceof Unreachable ? error.message : "something went wrong in this page";
}

export function Trouble({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => void }) {
  return (
    <div class="banner banner-danger" role="alert">
      <WarningIcon />
      <span class="grow">
        {what}: {errorText(error)}
      </span>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Retry
        </button>
      )}
    </div>
  );
}
