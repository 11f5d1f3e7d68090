// What went wrong with a request, in its place.

import { errorText } from "../error-text.ts";
import { WarningIcon } from "../icons.tsx";

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
