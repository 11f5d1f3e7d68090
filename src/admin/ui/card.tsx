// A part of a page with a heading.

import type { ComponentChildren } from "preact";

interface CardProps {
  readonly title: string;
  /** Beside the heading. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Card({ title, aside, children }: CardProps) {
  return (
    <div class="card">
      <div class="card-head">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </div>
  );
}
