// What a page says when not all is well: the broker is away, it is open, it warned, it refused, or there is no such thing.

import type { ComponentChildren } from "preact";
import { errorText } from "./error-text.ts";
import { WarningIcon } from "./icons.tsx";
import { info } from "./info.ts";
import { PageHead } from "./page-head.tsx";
import { isUnreachable } from "./poll.ts";
import type { ApiError } from "./request.ts";
import { BASE } from "./router.ts";

export function UnreachableBanner() {
  return isUnreachable.value ? <Banner isBad>The broker cannot be reached; trying again</Banner> : null;
}

export function OpenBanner() {
  return info.value?.is_open_to_all ? (
    <Banner>
      This broker is open: whoever can reach it may publish, consume and delete. Say who may do what with the secret
      auth-tokens.
    </Banner>
  ) : null;
}

/** The warning of an answer, or the error that came instead of one. */
export function Warnings({ message = "", error }: { message?: string | undefined; error: ApiError | null }) {
  return (
    <>
      {message !== "" && <Banner>{message.replace(/^WARNING: /, "")}</Banner>}
      {error !== null && <Banner isBad>The broker refused: {errorText(error)}</Banner>}
    </>
  );
}

function Banner({ isBad = false, children }: { isBad?: boolean; children: ComponentChildren }) {
  return (
    <div class={`banner banner-${isBad ? "danger" : "warning"}`} role={isBad ? "alert" : "status"}>
      <WarningIcon />
      {children}
    </div>
  );
}

/** A state with nothing to show, and what to do about it. */
export function Nothing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="nothing">
      <p class="nothing-title">{title}</p>
      {children}
    </div>
  );
}

/** Instead of a page. */
export function Missing({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <>
      <PageHead title={title} />
      <div class="card">
        <div class="nothing">
          {children}
          <p>
            <a href={BASE}>All topics</a>
          </p>
        </div>
      </div>
    </>
  );
}

/** Where a table will be: as high as one, so that nothing jumps. */
export function TableSkeleton({ rows = 4 }: { rows?: number }) {
  return (
    <div class="card">
      <SkeletonRows rows={rows + 1} />
    </div>
  );
}

export function SkeletonRows({ rows }: { rows: number }) {
  return (
    <div class="skeleton" aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} class="skeleton-row">
          <span />
          <span />
          <span />
        </div>
      ))}
    </div>
  );
}
