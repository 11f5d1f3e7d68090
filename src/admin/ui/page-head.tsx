// The top of a page: where it is, its heading, and what can be done. The heading takes the focus when one comes here by a link.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { hasNavigated } from "./navigation.ts";

interface PageHeadProps {
  readonly title: string;
  /** Before the title of a thing: what it is. */
  readonly kind?: string;
  readonly isPaused?: boolean;
  readonly trail?: readonly { readonly label: string; readonly href: string }[];
  /** Buttons; null keeps their room until it is known which. */
  readonly children?: ComponentChildren;
}

export function PageHead({ title, kind, isPaused = false, trail = [], children }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const place = [...trail.slice(1).map(({ label }) => label), title].join("/");
    document.title = `${place} · nsq-edge`;
    if (hasNavigated()) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <div class="page-head">
      <div class="page-title">
        {trail.length > 0 && (
          <nav class="trail" aria-label="Breadcrumb">
            <ol>
              {trail.map(({ label, href }) => (
                <li key={href}>
                  <a href={href}>{label}</a>
                </li>
              ))}
              <li aria-current="page">{title}</li>
            </ol>
          </nav>
        )}
        <div class="title-line">
          <h1 ref={heading} tabIndex={-1}>
            {kind && <span class="kind">{kind} </span>}
            {title}
          </h1>
          {isPaused && <PausedLabel />}
        </div>
      </div>
      {children !== undefined && children !== false && <div class="page-actions">{children}</div>}
    </div>
  );
}

export function PausedLabel() {
  return <span class="label label-warning">paused</span>;
}
